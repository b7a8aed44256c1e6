"""Every command that docs/accountability.md names, run on the sandbox: the page promises what is there."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.consent import wordings
from connector.store.users import Role
from tests.world import ANNA, BO, World, world

PAGE = Path(__file__).parents[2] / "docs" / "accountability.md"
BULLETS = [f"K{n}" for n in range(1, 9)] + [f"N{n}" for n in range(1, 5)] + [f"T{n}" for n in range(1, 8)]
#: Ends that are an answer and not a failure: no (3), and waiting for a person (4).
ANSWERS = {0, 3, 4}
#: What has to go well, whatever it finds.
MUST_BE_0 = {"person", "log", "inventory", "processing", "access", "exports", "wording", "audience", "gaps"}
WORDS = (
    "Yes, Exempel AB may send me the newsletter. I can withdraw at any time. https://exempel.example/privacy"
)


def commands() -> list[tuple[str, str]]:
    """(bullet, command) in the page's order."""
    found, bullet, inside = [], "", False
    for line in PAGE.read_text("utf-8").splitlines():
        head = re.match(r"\*\*([KNT]\d)\.", line)
        bullet = head[1] if head else bullet
        inside = line == "```sh" or (inside and line != "```")
        if inside and line.startswith("consent-mirror "):
            found.append((bullet, line.removeprefix("consent-mirror ")))
    return found


@pytest.fixture
def w(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    notice = tmp_path / "notice.en.txt"
    notice.write_text(f"# Privacy\n\n{WORDS}\n", "utf-8")
    with world(tmp_path, people=200, contacts=(ANNA, BO), extra=f'[notices]\nen = "{notice}"\n') as made:
        made.begin()
        with made.mirror.write(made.desk.portal) as work:
            work.users.add("dora", Role.DPO, "correct horse battery", made.now)
        monkeypatch.setitem(os.environ, "CONSENT_MIRROR_PASSWORD", "correct horse battery")
        monkeypatch.chdir(tmp_path)
        (tmp_path / "words.txt").write_text(WORDS, "utf-8")
        told = "record anna@example.org --purpose newsletter --type grant --source paper --signed"
        assert made.cli(*shlex.split(f"{told} --at 2026-06-01 --wording words.txt")).code == 0
        yield made


def test_every_bullet_of_the_article_is_walked_through_with_a_command() -> None:
    assert list(dict.fromkeys(bullet for bullet, _ in commands())) == BULLETS


def test_every_command_on_the_page_runs(w: World) -> None:
    with w.mirror.read(w.desk.portal) as work:
        uses = work.blobs.uses(wordings.WORDING)
    assert uses, "a wording to show"
    w.cli("access")
    broken = []
    for bullet, line in commands():
        words = shlex.split(line.replace("HASH", uses[0].hash))
        done = w.cli(*words)
        allowed = {0} if words[0] in MUST_BE_0 else ANSWERS
        if done.code not in allowed:
            broken.append((bullet, line, done.code, done.err[-400:]))
    assert broken == []
    for name in ("access.html", "anna.html", "anna.json", "dpia.pdf", "threats.csv", "inventory.html"):
        assert (w.folder / name).stat().st_size > 500


def test_the_page_names_no_command_that_would_not_be_noticed_missing(w: World) -> None:
    assert w.cli("access", "no-such-command").code == 2
