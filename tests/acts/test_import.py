"""Import: a sheet brings noes in, and never becomes more than a claim without proof."""

import csv
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector import wiring
from connector.acts import exports
from connector.acts.bring_in import Imported, Room, Wanted, bring_in, finish, is_unfinished
from connector.acts.decide import decide
from connector.acts.desk import Desk
from connector.acts.facts import facts_of
from connector.acts.sheets import quarantine
from connector.acts.staged import CHUNK
from connector.acts.staging import NO_ARTEFACT, RESTRICTED, SAID_NO
from connector.acts.tally import Tally
from connector.acts.who import people_at
from connector.acts.withdraw import No, Said, record_no
from connector.clock import SeededChance
from connector.consent.events import Event, EventType, Grade, Overlay, Source
from connector.errors import ConfigurationError, Temporary
from connector.settings import load
from connector.store.locks import job_lock
from connector.store.outbox import Origin
from connector.store.people import NewAddress
from connector.store.reviews import Review
from connector.store.spool import OVERRULED, SHARED_PROOF
from connector.store.suppression import SuppressionKind
from jobs import cli_import, options
from jobs.cli_import import room_of
from mappings.addresses import normalise
from mappings.words import Status
from tests.acts.ugly_sheets import ANNA, BO, CARIN, SHEETS, Ugly
from tests.world import DAY, WorldClock

ROOT = Path(__file__).parent.parent.parent
TEXT = "Ja, skicka mig nyhetsbrevet från Exempel AB. Jag kan avsluta när jag vill."
NOES = {"WITHDRAWN", "DENIED"}
CONFIG = """
[mirror]
database = "sqlite:///{folder}/mirror.db"
keys = "{folder}/mirror.keys"
[controller]
name = "Exempel AB"
contact = "dataskydd@exempel.example"
[[portals]]
name = "main"
portal_id = 1
token_env = "CONSENT_MIRROR_TEST_NO_TOKEN"
api = "http://127.0.0.1:9"
[[purposes]]
key = "newsletter"
subscription_id = 101
title = {{ sv = "Nyhetsbrev", en = "Newsletter" }}
[[purposes]]
key = "offers"
subscription_id = 102
[[purposes]]
key = "doi"
subscription_id = 103
double_opt_in = true
"""


@dataclass
class Place:
    """One mirror without a HubSpot: an import never asks it anything."""

    folder: Path
    desk: Desk
    room: Room
    clock: WorldClock
    made: list[Path] = field(default_factory=list)

    def sheet(self, text: str, name: str = "sheet.csv") -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8", newline="")
        return path

    def bring(
        self, path: Path, *, confirm: bool = True, desk: Desk | None = None, **more: Any
    ) -> dict[str, Any]:
        wanted = Wanted(path=path, confirm=confirm, **{"purpose": "newsletter", **more})
        with bring_in(desk or self.desk, self.room, wanted) as done:
            return {
                "events": done.events,
                "suppressed": done.counts.suppressed,
                "quarantined": list(done.spool.rejected()),
                "rows": done.counts.rows,
                "already": done.counts.already,
                "duplicates": done.counts.duplicates,
                "queued": done.done.queued if done.done else 0,
            }

    def state(self, address: str, purpose: str = "newsletter") -> str:
        """The formula's answer; the stored projection must say the same."""
        with self.desk.mirror.read(1) as work:
            people = people_at(work, normalise(address))
            if not people:
                return "none"
            facts = facts_of(self.desk, work, people[0])
        answer = str(facts.standing(self.desk.purposes[purpose]).state)
        stored = facts.states.get(purpose)
        assert answer == ("UNKNOWN" if stored is None else str(stored.state))
        return answer

    def events(self, address: str) -> list[Event]:
        with self.desk.mirror.read(1) as work:
            people = people_at(work, normalise(address))
            return list(work.log.events_of([people[0].id]).get(people[0].id, [])) if people else []

    def no(self, address: str, purpose: str | None = "newsletter") -> None:
        said = No(purpose=self.desk.purposes[purpose] if purpose else None)
        with self.desk.mirror.write(1) as work:
            record_no(self.desk, work, Said(normalise(address), address, said), Tally())

    def suppress(self, address: str) -> None:
        self.desk.mirror.suppress(1, normalise(address), SuppressionKind.ERASED)

    def size(self) -> int:
        with self.desk.mirror.read(1) as work:
            return work.log.size()

    def people(self) -> int:
        with self.desk.mirror.read(1) as work:
            return work.people.count()

    def letters(self, address: str) -> set[tuple[int, str, str]]:
        with self.desk.mirror.read(1) as work:
            ref = work.people.address_ref(normalise(address))
            found = work.outbox.of_refs([ref]).get(ref, [])
        return {(each.subscription, str(each.status), str(each.origin)) for each in found}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder), "utf-8")
    wiring.prepare(load(config), wiring.Tools(clock=WorldClock(), chance=SeededChance("import")))
    return folder


@contextmanager
def placed(template: Path, folder: Path) -> Iterator[Place]:
    for name in ("mirror.db", "mirror.keys"):
        shutil.copy(template / name, folder / name)
    (folder / "config.toml").write_text(CONFIG.format(folder=folder), "utf-8")
    found = load(folder / "config.toml")
    tools = wiring.Tools(clock=WorldClock(), chance=SeededChance("import"))
    with wiring.mirror_of(found, tools) as mirror:
        desk = wiring.desk_of(found, mirror, None, tools)
        yield Place(folder, desk, room_of(found, 1), tools.clock)  # type: ignore[arg-type]


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Iterator[Place]:
    with placed(template, tmp_path) as made:
        yield made


# --- the corpus ---


@pytest.mark.parametrize("ugly", SHEETS, ids=lambda each: each.name)
def test_a_sheet_as_people_have_it_is_read_for_what_it_says(place: Place, ugly: Ugly) -> None:
    path = place.folder / f"sheet.{ugly.ending}"
    ugly.make(path)
    more = dict(ugly.options)
    if ugly.mapping is not None:
        more["mapping"] = str(place.sheet(ugly.mapping, "mapping.toml"))
    shown = place.bring(path, confirm=False, **more)
    assert place.size() == 0, "a dry run stores nothing"
    done = place.bring(path, **more)
    assert {each: place.state(each) for each in ugly.states} == dict(ugly.states)
    assert {row for row, _ in done["quarantined"]} == ugly.bad
    assert {**shown, "queued": 0} == {**done, "queued": 0}, "the dry run said what would happen"
    again = place.bring(path, **more)
    assert (again["events"], {row for row, _ in again["quarantined"]}) == (0, ugly.bad)


def test_the_corpus_is_large_and_names_each_sheet_once() -> None:
    assert len({each.name for each in SHEETS}) == len(SHEETS) >= 30


# --- noes and yeses ---


def test_a_no_is_recorded_with_its_origin_and_queued_as_asked(place: Place) -> None:
    place.bring(place.sheet(f"email;unsubscribed;källa\n{BO};ja;mässa\n"), purpose=None)
    withdrawn = place.events(BO)[1]
    assert (withdrawn.type, withdrawn.purpose, withdrawn.source) == (EventType.OBJECT, "*", Source.IMPORT)
    assert withdrawn.detail["said_source"] == "mässa"
    assert withdrawn.evidence[0]["kind"] == "import_row"
    assert place.letters(BO) == {(0, str(Status.UNSUBSCRIBED), str(Origin.ASKED))}


def test_a_yes_never_stands_over_a_no(place: Place) -> None:
    place.no(ANNA)
    place.no(CARIN, purpose=None)
    before = place.size()
    done = place.bring(place.sheet(f"email;consent;date\n{ANNA};yes;2026-06-14\n{CARIN};yes;2026-06-14\n"))
    assert done["quarantined"] == [(2, SAID_NO), (3, SAID_NO)]
    assert (place.size(), place.state(ANNA), place.state(CARIN)) == (before, "WITHDRAWN", "WITHDRAWN")


def test_a_yes_for_somebody_restricted_waits(place: Place) -> None:
    place.bring(place.sheet(f"email;consent\n{ANNA};yes\n"))
    with place.desk.mirror.write(1) as work:
        work.people.set_overlay(people_at(work, ANNA)[0].id, Overlay.RESTRICTED)
    assert place.bring(place.sheet(f"email;consent;date\n{ANNA};yes;2026-01-01\n"))["quarantined"] == [
        (2, RESTRICTED)
    ]


def test_a_yes_on_a_shared_address_is_nobodys_and_a_no_is_everybodys(place: Place) -> None:
    with place.desk.mirror.write(1) as work:
        people = work.people.create([[NewAddress("info@example.org", "info@example.org")]] * 2)
    place.bring(place.sheet("email;consent\ninfo@example.org;yes\n"))
    assert place.size() == 0
    place.bring(place.sheet("email;consent\ninfo@example.org;no\n"))
    with place.desk.mirror.read(1) as work:
        found = work.log.events_of([each.id for each in people])
    assert all(EventType.REFUSE in {e.type for e in found[each.id]} for each in people)


def test_one_no_among_the_rows_of_an_address_wins(place: Place) -> None:
    done = place.bring(place.sheet(f"email;consent;purpose\n{ANNA};yes;offers\n{ANNA};no;alla\n"))
    assert done["quarantined"] == [(2, OVERRULED)]
    assert place.state(ANNA, "offers") == "WITHDRAWN"


PROVED = "email;consent;date;text;evidence\n"


@pytest.mark.parametrize(
    ("row", "purpose", "state"),
    [
        pytest.param(
            f"{ANNA};yes;2026-06-01;{TEXT};a.pdf", "newsletter", "GRANTED", id="artefact and wording"
        ),
        pytest.param(f"{ANNA};yes;;{TEXT};a.pdf", "newsletter", "CLAIMED", id="undated"),
        pytest.param(f"{ANNA};yes;2026-06-01;;a.pdf", "newsletter", "CLAIMED", id="no wording"),
        pytest.param(f"{ANNA};yes;2026-06-01;{TEXT};", "newsletter", "CLAIMED", id="no artefact"),
        pytest.param(
            f"{ANNA};yes;2026-06-01;{TEXT} {ANNA};a.pdf", "newsletter", "CLAIMED", id="a note about her"
        ),
        pytest.param(f"{ANNA};yes;2026-06-01;{TEXT};a.pdf", "doi", "CLAIMED", id="double opt-in"),
        pytest.param(
            f"{ANNA},{CARIN};yes;2026-06-01;{TEXT};a.pdf", "newsletter", "CLAIMED", id="two addresses"
        ),
        pytest.param(f"{ANNA};yes;2026-06-01;{TEXT};b.pdf", "newsletter", "none", id="artefact missing"),
        pytest.param(
            f"{ANNA};yes;2026-06-01;{TEXT};../x/a.pdf", "newsletter", "none", id="artefact elsewhere"
        ),
    ],
)
def test_only_a_row_with_its_own_proof_becomes_a_grant(
    place: Place, row: str, purpose: str, state: str
) -> None:
    folder = place.folder / "x"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"scan")
    done = place.bring(place.sheet(PROVED + row + "\n"), purpose=purpose, evidence=folder)
    assert place.state(ANNA, purpose) == state
    assert (state == "none") == (done["quarantined"] == [(2, NO_ARTEFACT)])
    if state == "GRANTED":
        grant = place.events(ANNA)[1]
        assert (grant.grade, grant.actor, len(grant.evidence)) == (Grade.E2, "unknown", 2)
        place.no(ANNA)
        place.clock.advance(DAY)
        again = place.sheet(PROVED + row.replace("2026-06-01", "2026-06-16") + "\n")
        assert place.bring(again, evidence=folder)["quarantined"] == [(2, SAID_NO)]


def test_one_scan_does_not_prove_two_people(place: Place) -> None:
    (place.folder / "a.pdf").write_bytes(b"scan")
    rows = "".join(f"{each};yes;2026-06-01;{TEXT};a.pdf\n" for each in (ANNA, BO))
    done = place.bring(place.sheet(PROVED + rows), evidence=place.folder)
    assert done["quarantined"] == [(2, SHARED_PROOF), (3, SHARED_PROOF)]


def test_a_no_that_comes_between_screening_and_recording_makes_a_grant_a_claim(place: Place) -> None:
    (place.folder / "a.pdf").write_bytes(b"scan")
    place.bring(place.sheet(f"email;consent\n{ANNA};yes\n"))
    rows = "".join(f"p{n}@example.org;yes;;;\n" for n in range(CHUNK))
    path = place.sheet(PROVED + rows + f"{ANNA};yes;2026-06-01;{TEXT};a.pdf\n")
    clock = Interrupted(place.clock, lambda: place.no(ANNA))
    place.bring(path, evidence=place.folder, desk=replace(place.desk, clock=clock))
    assert place.state(ANNA) == "WITHDRAWN"
    assert EventType.GRANT not in {each.type for each in place.events(ANNA)}


# --- suppression ---


def rejected_to(place: Place, path: Path, done: Imported) -> int:
    wanted = exports.Wanted(path=path, kind=exports.FileKind.QUARANTINE, by="staff:test", fresh=True)
    with exports.written(place.desk, wanted) as sink, sink.text() as file:
        sink.count = quarantine.write(file, done.opened, done.spool.rejected())
    return sink.count


def test_somebody_suppressed_leaves_a_number_and_nothing_else(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.suppress(ANNA)
    path = place.sheet(f"email;consent\n{ANNA.upper()};yes\nAnna <{ANNA}>;no\n{ANNA};maybe\n")
    out = place.folder / "rejected.csv"
    with bring_in(place.desk, place.room, Wanted(path=path, purpose="newsletter", confirm=True)) as done:
        assert rejected_to(place, out, done) == 1
        assert done.counts.suppressed == 2
    assert (place.size(), place.people(), place.letters(ANNA)) == (1, 0, set()), "the file's entry alone"
    assert ANNA.encode() not in (place.folder / "mirror.db").read_bytes()


def test_a_no_beside_a_suppressed_address_is_still_taken(place: Place) -> None:
    place.suppress(ANNA)
    assert place.bring(place.sheet(f'email;consent\n"{ANNA},{BO}";no\n'))["suppressed"] == 1
    assert (place.state(ANNA), place.state(BO)) == ("none", "DENIED")


def test_somebody_erased_between_screening_and_recording_stays_out(place: Place) -> None:
    rows = "".join(f"p{n}@example.org;yes\n" for n in range(CHUNK))
    path = place.sheet("email;consent\n" + rows + f"{ANNA};no\n")
    clock = Interrupted(place.clock, lambda: place.suppress(ANNA))
    place.bring(path, desk=replace(place.desk, clock=clock))
    assert (place.people(), place.state(ANNA)) == (CHUNK, "none")


# --- all or nothing ---


@dataclass
class Interrupted:
    """A clock at whose first pause something happens."""

    inner: WorldClock
    happens: Any
    done: bool = False

    def now(self) -> int:
        return self.inner.now()

    def monotonic(self) -> float:
        return self.inner.monotonic()

    def sleep(self, seconds: float, wake: Any = None) -> bool:
        if not self.done:
            self.done = True
            self.happens()
        return False


class Crash(BaseException):
    """Power is gone."""


def _crash() -> None:
    raise Crash


def _big(place: Place) -> Path:
    rows = "".join(f"p{n}@example.org;{'no' if n % 3 else 'yes'}\n" for n in range(3 * CHUNK))
    return place.sheet("email;consent\n" + rows)


def test_a_crash_midway_is_rolled_forward_by_the_next_run(place: Place) -> None:
    path = _big(place)
    broken = replace(place.desk, clock=Interrupted(place.clock, _crash))
    with pytest.raises(Crash):
        place.bring(path, desk=broken)
    assert place.people() == CHUNK
    path.unlink()  # the spool is enough
    assert finish(place.desk, place.room) == 1
    assert place.people() == 3 * CHUNK
    assert {place.state(f"p{n}@example.org") for n in (1, 3 * CHUNK - 1)} == {"DENIED"}
    assert finish(place.desk, place.room) == 0
    assert list(place.room.folder.iterdir()) == []


def test_a_crash_before_the_decision_leaves_nothing(place: Place) -> None:
    rows = "\n".join(f"p{n}@example.org;yes" for n in range(1_500))
    path = place.sheet(f'email;consent\n{rows}\nx;"never ends\n')
    with pytest.raises(ConfigurationError, match="never ends") as told:
        place.bring(path)
    assert told.value.where == "sheet.csv, row 1502"
    assert (place.size(), list(place.room.folder.iterdir())) == (0, [])


def test_a_killed_process_leaves_everything_after_the_next_run(place: Place) -> None:
    path = _big(place)
    code = (
        "import os, sys; from connector import clock; from jobs import cli_import; "
        "clock.SystemClock.sleep = lambda *a: os.kill(os.getpid(), 9); "
        "from pathlib import Path; from connector import wiring; from connector.settings import load; "
        "from connector.acts.bring_in import Wanted, bring_in; s = load(Path(sys.argv[1])); "
        "context = wiring.opened(s, None); desk = context.__enter__(); "
        "bring_in(desk, cli_import.room_of(s, 1), Wanted(path=Path(sys.argv[2]), purpose='newsletter', "
        "confirm=True)).__enter__()"
    )
    words = [sys.executable, "-c", code, str(place.folder / "config.toml"), str(path)]
    assert subprocess.run(words, cwd=ROOT, check=False, timeout=60).returncode == -9
    assert 0 < place.people() < 3 * CHUNK
    kept = next(iter(place.room.folder.iterdir()))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert b"example.org" not in kept.read_bytes(), "what waits is sealed"
    assert place.bring(path)["events"] == 0
    assert place.people() == 3 * CHUNK


@pytest.fixture
def bereft(place: Place) -> Path:
    """A file whose import was cut off, and whose rows are gone."""
    path = _big(place)
    with pytest.raises(Crash):
        place.bring(path, desk=replace(place.desk, clock=Interrupted(place.clock, _crash)))
    next(iter(place.room.folder.iterdir())).unlink()
    return path


def asked(place: Place) -> list[Review]:
    with place.desk.mirror.read(1) as work:
        return list(work.reviews.pending())


def test_rows_that_are_gone_are_told_once_and_the_same_file_brings_the_rest(
    place: Place, bereft: Path
) -> None:
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="gone"):
            finish(place.desk, place.room)
    (question,) = asked(place)
    assert question.kind == "import_rows_gone"
    assert "after 100 of 300" in question.question
    assert place.bring(bereft)["events"] == 2 * CHUNK
    assert place.people() == 3 * CHUNK
    assert (asked(place), finish(place.desk, place.room)) == ([], 0)


def test_another_file_waits_while_rows_with_noes_are_gone(place: Place, bereft: Path) -> None:
    other = place.sheet(f"email;consent\n{ANNA};yes\n", name="other.csv")
    with pytest.raises(ConfigurationError, match="gone"):
        place.bring(other)
    assert place.state(ANNA) == "none"
    decide(place.desk, asked(place)[0].id, "approve", "dora")
    assert place.bring(other)["events"] == 1


def test_an_import_that_a_person_keeps_waiting_for_still_waits(place: Place, bereft: Path) -> None:
    with pytest.raises(ConfigurationError):
        finish(place.desk, place.room)
    decide(place.desk, asked(place)[0].id, "reject", "dora")
    with pytest.raises(ConfigurationError, match="gone"):
        finish(place.desk, place.room)


def test_rows_that_come_back_are_recorded_and_end_the_question(place: Place) -> None:
    path = _big(place)
    with pytest.raises(Crash):
        place.bring(path, desk=replace(place.desk, clock=Interrupted(place.clock, _crash)))
    spool = next(iter(place.room.folder.iterdir()))
    spool.rename(place.folder / "elsewhere")
    with pytest.raises(ConfigurationError, match="gone"):
        finish(place.desk, place.room)
    (place.folder / "elsewhere").rename(spool)
    assert finish(place.desk, place.room) == 1
    assert (asked(place), place.people()) == ([], 3 * CHUNK)


def test_who_imports_at_this_moment_is_not_taken_for_a_finished_import(place: Place) -> None:
    settings = load(place.folder / "config.toml")
    with job_lock(settings.mirror.database, 1, "import"):
        cli_import.roll_forward(settings, place.desk)  # nothing is decided: nothing to wait for
    with pytest.raises(Crash):
        place.bring(_big(place), desk=replace(place.desk, clock=Interrupted(place.clock, _crash)))
    with job_lock(settings.mirror.database, 1, "import"), pytest.raises(Temporary):
        cli_import.roll_forward(settings, place.desk)
    assert is_unfinished(place.desk)


def test_a_database_that_is_away_is_no_finished_import(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(place.folder / "config.toml")

    def away(*_: object) -> None:
        raise Temporary("The database is away.", next_step="Wait.")

    monkeypatch.setattr(cli_import, "finish", away)
    with pytest.raises(Temporary, match="away"):
        cli_import.roll_forward(settings, place.desk)


# --- properties ---

HEADINGS = ["E-post", "Samtycke", "Datum", "Ändamål", "Avregistrerad"]
POOL = [f"{name}@example.org" for name in "abcdef"]
CELLS = st.tuples(
    st.sampled_from([*POOL, "x <A@example.org>", "a@example.org,b@example.org", "nobody", "=1", ""]),
    st.sampled_from(["ja", "nej", "", "kanske", "=A1", "1", "0"]),
    st.sampled_from(["", "2026-01-02", "03/04/2026", "2031-01-01", "x", "45999"]),
    st.sampled_from(["", "newsletter", "offers", "spam", "alla"]),
    st.sampled_from(["", "ja", "nej", "2026-01-02", "?!"]),
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(CELLS, max_size=12),
    suppressed=st.sets(st.sampled_from(POOL), max_size=2),
    refused=st.sets(st.sampled_from(POOL), max_size=2),
)
def test_no_sheet_brings_back_grants_or_loses_a_no(
    template: Path, rows: Any, suppressed: Any, refused: Any
) -> None:
    with TemporaryDirectory() as folder, placed(template, Path(folder)) as place:
        for each in suppressed:
            place.suppress(each)
        for each in refused - suppressed:
            place.no(each)
        path = place.folder / "sheet.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([HEADINGS, *rows])
        done = place.bring(path)
        said_no = {
            address
            for cell, consent, _, _, left in rows
            for address in POOL
            if address in cell.lower() and (consent in {"nej", "0"} or left in {"ja", "2026-01-02"})
        }
        for address in POOL:
            states = {place.state(address, purpose) for purpose in ("newsletter", "offers")}
            assert "GRANTED" not in states
            assert (address not in suppressed) or states == {"none"}
            if address in (said_no | refused) - suppressed:
                assert states & NOES, address
            if address in refused - suppressed:
                assert place.state(address) in NOES
        size = place.size()
        assert place.bring(path)["events"] == 0
        assert place.size() == size
        assert done["rows"] <= len(rows)


# --- the command ---


def _run(place: Place, *words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    app = typer.Typer()
    app.callback()(lambda: None)
    cli_import.register(app)
    monkeypatch.setattr(wiring, "tools", lambda: wiring.Tools(clock=place.clock, chance=SeededChance("cli")))
    options.remember(options.Globals(config=place.folder / "config.toml"))
    return typer.main.get_command(app).main(["import", *words], standalone_mode=False) or 0


def test_the_command_shows_first_names_nobody_and_records_on_confirm(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.sheet(f"email;consent\n{ANNA};yes\n{BO};no\n{CARIN};maybe\n")
    assert _run(place, str(path), "--purpose", "newsletter", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr()
    assert "Nothing was recorded" in shown.out
    assert "@" not in shown.out + shown.err
    rejected = place.folder / "rejected.csv"
    words = (str(path), "--purpose", "newsletter", "--confirm", "--json", "--quarantine", str(rejected))
    assert _run(place, *words, monkeypatch=monkeypatch) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["events"], document["suppressed"]) == (3, 2, 0)
    assert [each["row"] for each in document["quarantined"]] == [4]
    assert (place.state(ANNA), place.state(BO), place.state(CARIN)) == ("CLAIMED", "DENIED", "none")


def test_a_quarantine_file_that_cannot_be_made_stops_before_anything_is_recorded(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.sheet(f"email;consent\n{BO};no\n")
    words = (str(path), "--purpose", "newsletter", "--confirm", "--quarantine", str(path))
    with pytest.raises(ConfigurationError, match="cannot be written"):
        _run(place, *words, monkeypatch=monkeypatch)
    assert place.size() == 0


def test_the_quarantine_file_is_private_harmless_and_never_overwritten(place: Place) -> None:
    path = place.sheet('email;consent;källa\n=cmd|x;ja;\n+1;ja;@SUM(1)\n"\t-2+3";ja;"-1\n=2"\n')
    out = place.folder / "rejected.csv"
    with bring_in(place.desk, place.room, Wanted(path=path, purpose="newsletter")) as done:
        assert rejected_to(place, out, done) == 3
        with pytest.raises(ConfigurationError, match="cannot be written"):
            rejected_to(place, out, done)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert [row[0] for row in rows] == ["row", "2", "3", "4"]
    assert not [
        cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    ]


def _write(content: str | bytes, name: str = "bad.csv") -> tuple[str, bytes]:
    return name, content.encode() if isinstance(content, str) else content


@pytest.mark.parametrize(
    ("file", "more", "problem"),
    [
        pytest.param(_write(""), {}, "empty", id="empty"),
        pytest.param(_write("a;b\n1;2\n"), {}, "heading for e-mail", id="no headings"),
        pytest.param(_write("email;name\na@b.se;x\n"), {}, "says yes or no", id="a list says nothing"),
        pytest.param(
            _write("email;consent;datum;date\n"), {}, "columns C and D both say date", id="two dates"
        ),
        pytest.param(_write("email;samtycke;consent\n"), {}, "both say consent", id="two consents"),
        pytest.param(_write(b"\xd0\xcf\x11\xe0\xa1\xb1", "old.xls"), {}, "old or encrypted", id="xls"),
        pytest.param(_write(b"PK\x03\x04junk", "bad.xlsx"), {}, "no XLSX", id="broken archive"),
        pytest.param(_write("email;consent\n"), {"sheet": "A"}, "no sheets", id="sheet of a csv"),
        pytest.param(_write("email;consent\n"), {"purpose": "spam"}, "No purpose", id="unknown purpose"),
        pytest.param(_write("email;consent\n"), {"mapping": "nowhere"}, "cannot be read", id="no mapping"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_where_and_what_next(
    place: Place, file: tuple[str, bytes], more: Mapping[str, Any], problem: str
) -> None:
    path = place.folder / file[0]
    path.write_bytes(file[1])
    with pytest.raises(ConfigurationError, match=problem) as told:
        place.bring(path, **more)
    assert told.value.next_step
    assert told.value.where.startswith((file[0], "--"))
    assert place.size() == 0


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("colour = 1", "unknown key 'colour'"),
        ('every_row = "yes"', "only 'no'"),
        ("header_row = 0\ndate_order = 'ymd'", "date_order.*header_row|header_row"),
        ("[columns]\nemail = 1", "columns.email"),
        ("[consent]\nspam = 'x'", "not configured: spam"),
        ("[columns]\nsource = 'Nowhere'", "not there: nowhere"),
        ("= 1", "no TOML"),
    ],
)
def test_a_wrong_mapping_is_told_whole(place: Place, toml: str, problem: str) -> None:
    mapping = place.sheet(toml, "mapping.toml")
    with pytest.raises(ConfigurationError, match=problem):
        place.bring(place.sheet("email;consent\n"), mapping=str(mapping))


def test_a_mapping_that_was_saved_on_windows_is_read(place: Place) -> None:
    mapping = place.sheet("\ufeff[columns]\nsource = 'Nowhere'", "mapping.toml")
    with pytest.raises(ConfigurationError, match="not there: nowhere"):
        place.bring(place.sheet("email;consent\n"), mapping=str(mapping))


# --- size ---


def test_two_hundred_thousand_rows_fit_in_flat_memory(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "bench.import_sheet",
        "--rows",
        "200000",
        "--dry",
        "--inside",
        "--folder",
        str(tmp_path),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, env=dict(os.environ))
    figures = json.loads(done.stdout)
    assert (figures["rows"], figures["events"], figures["quarantined"]) == (200_000, 180_000, 20_000)
    assert figures["dry run: peak RSS MiB"] < 150
