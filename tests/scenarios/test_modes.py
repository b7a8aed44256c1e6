"""Every file that a command writes is its owner's alone, whatever the umask (consent-domain 9).

All writing commands run in a world with umask 000, and with 022; then everything that lies in the folder is
looked at. What the test itself put there is known by name.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.conftest import Make
from tests.world import ANNA, BO, CARIN, NEWSLETTER, SUBSCRIBED, TOKEN, World

pytestmark = pytest.mark.sqlite

#: What we wrote ourselves, not the product.
MINE = {"config.toml", "wording.txt", "scan.bin", "people.csv", "token"}
#: For others to read (docs/operations.md): no person, signed.
PUBLIC = {"checkpoints"}


@pytest.fixture(params=[0o000, 0o022], ids=["umask 000", "umask 022"])
def mask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def w(make: Make) -> World:
    made = make(
        contacts=(ANNA, BO, CARIN),
        retain={"newsletter": "1 day after last_activity"},
    )
    made.sandbox.app.set_status(CARIN, NEWSLETTER, SUBSCRIBED)
    made.begin()
    # the copied template is the test's; what SQLite and we add to it is the product's
    for name in ("mirror.db", "mirror.keys"):
        (made.folder / name).chmod(0o600)
    return made


def wrong(folder: Path) -> dict[str, str]:
    """Files and folders that somebody else could read or change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.name in MINE or parts[0] in PUBLIC:
            continue
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode != (0o700 if path.is_dir() else 0o600):
            found["/".join(parts)] = oct(mode)
    return found


def commands(f: Path) -> list[tuple[str, ...]]:
    """Everything that writes."""
    act = ("--purpose", "newsletter", "--type", "grant", "--source", "paper", "--at", "2026-06-15T08:00:00Z")
    proof = ("--wording", str(f / "wording.txt"), "--evidence", str(f / "scan.bin"))
    return [
        ("record", ANNA, *act, *proof),
        ("withdraw", BO),
        ("sync", "--full"),
        ("inventory", "--html", str(f / "inventory.html")),
        ("report", "--html", str(f / "report.html")),
        ("person", "receipt", ANNA, "--html", str(f / "receipt.html"), "--pdf", str(f / "receipt.pdf")),
        ("person", "bundle", ANNA, str(f / "bundle.json")),
        ("person", "access", ANNA, "--out", str(f / "access.json"), "--html", str(f / "access.html")),
        ("audience", "newsletter", "--csv", str(f / "audience.csv")),
        ("gaps", "--csv", str(f / "gaps.csv")),
        ("access", "--html", str(f / "who.html")),
        ("processing", "--html", str(f / "art30.html"), "--csv", str(f / "art30.csv")),
        ("retention", "plan", "--csv", str(f / "retention.csv")),
        ("import", str(f / "people.csv"), "--purpose", "newsletter", "--quarantine", str(f / "rejects.csv")),
        ("import", str(f / "people.csv"), "--purpose", "newsletter", "--confirm"),
        ("log", "checkpoint", "--to", str(f / "checkpoints")),
        ("backup", str(f / "copy.db")),
        ("log", "rotate-key"),
        ("erase", CARIN, "--confirm"),
        ("restore", str(f / "copy.db")),
        ("status",),
    ]  # fmt: skip


def test_every_file_that_a_command_writes_is_its_owners_alone(w: World, mask: int) -> None:
    (w.folder / "wording.txt").write_text(
        "Yes, Exempel AB may mail me this. I can withdraw at any time.", "utf-8"
    )
    (w.folder / "scan.bin").write_bytes(b"a scan" * 100)
    (w.folder / "people.csv").write_text("E-post;Avregistrerad\nnew@example.org;ja\nnobody;ja\n", "utf-8")
    assert w.mirror, "open meanwhile, so that SQLite's companions stay"
    written: set[str] = set()
    for words in commands(w.folder):
        ran = w.cli(*words)
        assert ran.code in {0, 3, 4}, (words, ran.out, ran.err)
        assert not wrong(w.folder), words
        written |= {path.name for path in w.folder.iterdir()}
    assert {
        "inventory.html",
        "report.html",
        "receipt.pdf",
        "bundle.json",
        "access.json",
        "audience.csv",
    } <= written
    assert {"gaps.csv", "art30.csv", "copy.db", "mirror.db-wal", "mirror.db.pace"} <= written, written
    for path in (w.folder / "checkpoints").rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o022, "others may read it and not change it"


def test_what_init_makes_is_its_owners_alone(w: World, tmp_path: Path, mask: int) -> None:
    home = tmp_path / "home"
    home.mkdir(0o700)
    here = Path.cwd()
    os.chdir(home)
    try:
        words = ("--portal-id", str(w.server.portal_id), "--token-env", TOKEN, "--api", w.server.base_url)
        assert w.cli("init", "--config", str(home / "config.toml"), *words, config=False).code == 0
    finally:
        os.chdir(here)
    found = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in home.rglob("*") if path.is_file()}
    assert {"config.toml", "mirror.db", "mirror.keys"} <= set(found)
    assert set(found.values()) == {"0o600"}, found


def test_a_file_left_open_is_seen(tmp_path: Path) -> None:
    """The look itself finds what it is for."""
    (tmp_path / "mirror.db-wal").write_bytes(b"")
    (tmp_path / "mirror.db-wal").chmod(0o644)
    (tmp_path / "imports-1").mkdir(mode=0o755)
    assert set(wrong(tmp_path)) == {"mirror.db-wal", "imports-1"}
