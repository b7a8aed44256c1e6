"""No output, log, traceback or file of ours names a person or a secret, in any spelling; and the search finds
what is planted (I18).

The canaries are addresses and tokens that occur nowhere else. They are looked for as they are, in upper case,
percent-encoded, in base64 at each offset, in hexadecimal, in punycode and backwards through HubSpot's own
error texts, which quote what they were sent.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from connector.acts.inventory import Inventory
from connector.acts.mail_out import Letter, Queued, queue
from connector.consent.letters import LetterKind
from tests.scenarios.conftest import Make
from tests.world import DAY, EVENTS, NEWSLETTER, SUBSCRIBED, TOKEN, Ran, World

CANARY = "kanarie.fagel+burfri@pippi.example"
IDN = "kanarie@fågelsången.example"
PUNYCODE = "kanarie@xn--fgelsngen-52ag.example"
ERASED = "kanarie.raderad@pippi.example"
STRANGER = "kanarie.okand@pippi.example"
PEOPLE = (CANARY, IDN, PUNYCODE, ERASED, STRANGER)
PARTS = ("burfri@pippi", "fågelsången", "fgelsngen-52ag", "raderad@pippi", "okand@pippi")


def spellings(secret: str) -> Iterator[bytes]:
    """Every form in which a secret could get out unnoticed."""
    for text in {secret, secret.upper(), secret.lower(), secret.title(), quote(secret), quote_plus(secret)}:
        raw = text.encode()
        yield raw
        yield raw.hex().encode()
        yield json.dumps(text)[1:-1].encode()
        for offset in range(3):
            whole = base64.b64encode(b"\0" * offset + raw)
            inner = whole[-(-offset * 4 // 3) + (1 if offset else 0) : len(whole) // 4 * 4 - 4]
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")
        yield text.encode("utf-16-le")


def leaks(data: bytes, secrets: Mapping[str, str]) -> set[str]:
    """Which secrets are in there, whatever their spelling."""
    return {
        name
        for name, secret in secrets.items()
        if any(each in data for each in spellings(secret) if len(each) > 7)
    }


def secrets_of(w: World) -> dict[str, str]:
    found = {f"address {number}": address for number, address in enumerate(PEOPLE)}
    found |= {f"part {number}": part for number, part in enumerate(PARTS)}
    keys = (w.folder / "mirror.keys").read_text("ascii")
    found |= {
        f"key {n}": line.split()[-1] for n, line in enumerate(keys.splitlines()) if len(line.split()[-1]) > 40
    }
    return found | {"token": w.server.token}


def files(folder: Path) -> dict[str, bytes]:
    """The database and what lies beside it: write-ahead log, pace, locks; not keys and configuration."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("mirror.db")}


@pytest.fixture
def w(make: Make) -> World:
    """The canaries are in the portal, in the mirror, among the erased and among the strangers who said no."""
    made = make(contacts=(CANARY, IDN))
    made.sandbox.app.set_status(
        CANARY, NEWSLETTER, SUBSCRIBED, basis="CONSENT_WITH_NOTICE", explanation=CANARY
    )
    made.begin()
    made.suppress(ERASED)
    made.create(ERASED, firstname=ERASED)
    made.sandbox.person.unsubscribe(IDN)
    made.grant(CANARY, "events")
    for address in (CANARY, IDN, STRANGER):
        person = made.person(address)
        facts = {
            "purpose": "Events",
            "at": made.now,
            "link": f"https://x.example/?{address}",
            "until": made.now,
        }
        letter = Letter(
            kind=LetterKind.DOI,
            key=address,
            address=address,
            facts=facts,
            person_id=person.id if person else None,
        )
        with made.mirror.write(made.desk.portal) as work:
            assert queue(made.desk, work, letter) is Queued.WAITING
    return made


def quoting(w: World, status: int) -> None:
    """HubSpot refuses everything below a path and quotes who it was about, and the token."""
    text = f"no: {CANARY} {quote(CANARY)} {IDN} {PUNYCODE} Bearer {w.server.token}"
    rule = {"effect": "status", "status": status, "category": text, "policy": text, "method": "POST"}
    w.sandbox.machine.fault(**rule, path="*/statuses/*", name="quoting")


QUIET = (  # commands that name nobody: not one canary may be in what they say
    ("sync", "--json"),
    ("sync", "--full"),
    ("sync", "--dry-run"),
    ("sync", "--dry-run", "--json"),
    ("backfill", "--fresh", "--json"),
    ("retention", "plan", "--json"),
    ("retention", "run", "--json"),
    ("exports", "--json"),
    ("audience", "events", "--json"),
    ("audience", "events"),
    ("inventory", "--json"),
    ("inventory",),
    ("status",),
    ("status", "--json"),
    ("report",),
    ("log", "show", "--json"),
    ("log", "verify", "--payloads", "--json"),
    ("review", "list", "--json"),
    ("doctor", "--json"),
    ("notices",),
    ("notices", "list", "--json"),
    ("notices", "send", "--json"),
    ("wording", "reask", "--json"),
    ("notices", "send", "--receipt", STRANGER, "--json"),
    ("withdraw", CANARY),
    ("withdraw", PUNYCODE, "--json"),
    ("withdraw", STRANGER, "--json"),
    ("withdraw", ERASED, "--json"),
    ("check", CANARY, "--purpose", "events", "--json"),
    ("check", IDN, "--purpose", "nothing", "--json"),
    ("person", "show", STRANGER[3:], "--json"),
    ("withdraw", f"<{CANARY}>, {IDN}", "--json"),
    ("withdraw", CANARY, "--at", CANARY),
    ("withdraw", CANARY, "--actor", "staff:x", "--purpose", "newsletter"),
    ("check", CANARY),
    ("requests", "add", CANARY, "--kind", "access", "--note", CANARY, "--json"),
    ("requests", "add", ERASED, "--kind", "erasure"),
    ("requests", "--json"),
    ("rectify", CANARY, "--property", "city", "--value", "Umeå", "--json"),
    ("rectify", CANARY, "--email", ERASED, "--json"),
)


def said(ran: Ran) -> bytes:
    return f"{ran.out}\n{ran.err}".encode()


@pytest.mark.parametrize("words", QUIET, ids=" ".join)
@pytest.mark.parametrize("status", [0, 403, 500], ids=["fine", "refused", "broken"])
def test_what_a_command_says_names_nobody(words: tuple[str, ...], status: int, w: World) -> None:
    secrets = secrets_of(w)
    if status:
        quoting(w, status)
    ran = w.cli(*words)
    assert leaks(said(ran), secrets) == set()
    assert "Traceback" not in ran.out + ran.err


@pytest.mark.sqlite
def test_the_files_of_the_mirror_name_nobody(w: World) -> None:
    secrets = secrets_of(w)
    quoting(w, 400)
    w.sandbox.app.set_status(CANARY, EVENTS, SUBSCRIBED)
    for words in (("sync",), ("withdraw", STRANGER), ("withdraw", CANARY), ("sync", "--full"), ("report",)):
        w.cli(*words)
        found = files(w.folder)
        assert {"mirror.db", "mirror.db-wal", "mirror.db.pace"} <= set(found)
        assert any(name.endswith(".lock") for name in found)
        assert [name for name, data in found.items() if leaks(data, secrets)] == []
    w.sandbox.machine.clear_faults()
    w.wait(DAY)
    w.cli("sync", "--full")
    assert all(not leaks(data, secrets) for data in files(w.folder).values())


def test_a_process_that_breaks_names_nobody(w: World) -> None:
    """`--debug` shows our traceback and not what was in our hands."""
    secrets = secrets_of(w)
    quoting(w, 400)
    w.sandbox.machine.fault(
        effect="wrong_type", path="*/statuses/*", field="results", value=CANARY, name="torn"
    )
    for words in (
        ("withdraw", CANARY, "--debug"),
        ("sync", "--debug", "--json"),
        ("withdraw", IDN, "--json"),
    ):
        assert leaks(said(w.cli(*words)), secrets) == set()
    w.sandbox.machine.clear_faults("torn")
    assert leaks(said(w.process("withdraw", CANARY, "--debug")), secrets) == set()


def test_a_defect_names_nobody_in_log_and_output(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"while sending to {CANARY} ({quote(IDN)}) with {w.server.token}")

    monkeypatch.setattr("jobs.cli_people.check_act", broken)
    ran = w.cli("check", CANARY, "--purpose", "events", "--json")
    assert ran.code == 1
    assert leaks(said(ran), secrets_of(w)) == set()


def test_a_wrong_token_is_not_shown(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "pat-eu1-kanarie-falsk-0000-4711")
    secrets = {"token": "kanarie-falsk-0000-4711"}
    for words in (("sync", "--json"), ("doctor", "--json"), ("withdraw", CANARY, "--json"), ("inventory",)):
        assert leaks(said(w.cli(*words)), secrets) == set()


# --- the search itself -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(CANARY, id="as it is"),
        pytest.param(CANARY.upper(), id="upper case"),
        pytest.param(f"GET /statuses/{quote(CANARY, safe='')}", id="in a URL"),
        pytest.param(base64.b64encode(f"to:{CANARY};".encode()).decode(), id="base64"),
        pytest.param(base64.b64encode(f"x to {CANARY}.".encode()).decode(), id="base64 elsewhere"),
        pytest.param(CANARY.encode().hex(), id="hexadecimal"),
        pytest.param(IDN, id="with letters beyond ASCII"),
        pytest.param(quote(IDN), id="those percent-encoded"),
        pytest.param(PUNYCODE, id="punycode"),
        pytest.param(json.dumps({"who": IDN}), id="escaped JSON"),
    ],
)
def test_a_planted_address_is_found(w: World, planted: str) -> None:
    assert leaks(f"some log line before {planted} and after".encode(), secrets_of(w))


def test_a_leak_in_the_product_would_be_found(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One address in the inventory's document, one in a file beside the database: both are seen."""
    honest = Inventory.document

    def leaking(self: Inventory) -> dict[str, Any]:
        return honest(self) | {"example": PUNYCODE}

    monkeypatch.setattr(Inventory, "document", leaking)
    assert leaks(said(w.cli("inventory", "--json")), secrets_of(w))
    (w.folder / "mirror.db.note").write_bytes(b"last: " + w.server.token.encode())
    assert "token" in leaks(files(w.folder)["mirror.db.note"], secrets_of(w))
