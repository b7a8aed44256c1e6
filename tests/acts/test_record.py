"""What is recorded by phone, on paper or by an API: its grade, what it comes to, and whom it reaches."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.acts.record import KEEP_LIMIT, Act, File, Recorded, kept_file, record
from connector.acts.when import Moment
from connector.consent.events import EventType, Grade, Source, State
from connector.errors import ConfigurationError, Refused
from tests.world import ANNA, BO, DAY, HOUR, NEWSLETTER, SUBSCRIBED, UNSUBSCRIBED, World, world

TEXT = File("text.txt", "Ja, Exempel AB får skicka nyhetsbrevet. Jag kan återkalla.\r\n".encode())
NOTE = File("samtal.txt", b"Ringde 10.02, laste upp texten.")
SCAN = File("scan.pdf", b"%PDF-1.7 signed")


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        made.begin()
        yield made


def act(w: World, kind: EventType = EventType.GRANT, **more: Any) -> Act:
    said: dict[str, Any] = {
        "type": kind,
        "source": Source.PAPER,
        "at": Moment(w.now, w.now),
        "purpose": w.desk.purposes["newsletter"],
        "wording": TEXT,
    }
    return Act(**said | more)


def say(w: World, address: str = ANNA, kind: EventType = EventType.GRANT, **more: Any) -> Recorded:
    return record(w.desk, address, act(w, kind, **more))


@pytest.mark.parametrize(
    ("more", "grade", "state"),
    [
        pytest.param({}, Grade.E2, State.GRANTED, id="paper with wording"),
        pytest.param({"signed": True}, Grade.E3, State.GRANTED, id="signed paper"),
        pytest.param({"wording": None}, Grade.E1, State.CLAIMED, id="paper without wording"),
        pytest.param({"source": Source.PHONE}, Grade.E1, State.CLAIMED, id="a call without a note"),
        pytest.param(
            {"source": Source.PHONE, "evidence": [NOTE]}, Grade.E2, State.GRANTED, id="a call with a note"
        ),
        pytest.param(
            {"source": Source.PHONE, "evidence": [NOTE], "signed": True},
            Grade.E2,
            State.GRANTED,
            id="no one signs a call",
        ),
        pytest.param(
            {"source": Source.PHONE, "evidence": [NOTE], "wording": None},
            Grade.E1,
            State.CLAIMED,
            id="a note alone",
        ),
        pytest.param({"source": Source.API}, Grade.E2, State.GRANTED, id="an API with wording"),
        pytest.param(
            {"source": Source.API, "address_control": True}, Grade.E3, State.GRANTED, id="verified mailbox"
        ),
        pytest.param({"source": Source.CLI}, Grade.E1, State.CLAIMED, id="typed in, nobody knows how"),
        pytest.param(
            {"kind": EventType.CLAIM, "signed": True}, Grade.E1, State.CLAIMED, id="a claim stays one"
        ),
    ],
)
def test_the_grade_follows_the_door_and_the_evidence(
    w: World, more: dict[str, Any], grade: Grade, state: State
) -> None:
    done = say(w, **more)
    assert (done.grade, done.state) == (grade, state)
    assert w.state(ANNA) == state


def test_the_same_act_recorded_twice_is_one_entry(w: World) -> None:
    first, again = say(w, evidence=[SCAN], keep=True), say(w, evidence=[SCAN], keep=True)
    assert first.event == again.event
    assert w.types(ANNA).count("grant") == 1
    assert say(w, at=Moment(w.now - HOUR, w.now - HOUR)).event != first.event


def test_a_recorded_yes_reaches_hubspot_through_the_gate(w: World) -> None:
    say(w, signed=True)
    assert w.held(ANNA, NEWSLETTER) != SUBSCRIBED
    w.sync()
    assert w.held(ANNA, NEWSLETTER) == SUBSCRIBED


@pytest.mark.parametrize(
    ("at", "actor", "state"),
    [
        pytest.param(DAY, "subject", "GRANTED", id="the person, clearly later"),
        pytest.param(-DAY, "subject", "WITHDRAWN", id="an older paper"),
        pytest.param(60_000, "subject", "WITHDRAWN", id="too close to call"),
        pytest.param(DAY, "staff:eva", "WITHDRAWN", id="staff never lift a no"),
    ],
)
def test_a_yes_over_a_no_obeys_the_formula(w: World, at: int, actor: str, state: str) -> None:
    w.withdraw(ANNA, "newsletter")
    when = w.now + at
    w.wait(2 * DAY)
    assert say(w, signed=True, at=Moment(when, when), actor=actor).state == state


@pytest.mark.parametrize("kind", [EventType.WITHDRAW, EventType.OBJECT, EventType.REFUSE])
def test_a_recorded_no_is_pushed_at_once(w: World, kind: EventType) -> None:
    done = say(w, kind=kind, source=Source.PHONE, evidence=[NOTE])
    assert (done.pending, w.held(ANNA, NEWSLETTER)) == (0, UNSUBSCRIBED)
    event = next(each for each in w.log(ANNA) if each.id == done.event)
    assert (event.type, event.evidence[0]["sha256"]) == (kind, NOTE.hash)


def test_an_objection_to_everything_opts_out_of_all(w: World) -> None:
    say(w, kind=EventType.OBJECT, purpose=None)
    assert w.opted_out_of_all(ANNA)


def test_somebody_unknown_is_known_by_what_was_recorded(w: World) -> None:
    assert say(w, BO).state == "GRANTED"
    assert w.types(BO)[:2] == ["identifier_added", "grant"]


def test_a_suppressed_address_says_no_without_leaving_a_trace(w: World) -> None:
    w.suppress(BO)
    done = say(w, BO, kind=EventType.WITHDRAW)
    assert (done.event, w.person(BO), w.held(BO, NEWSLETTER)) == (None, None, UNSUBSCRIBED)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="not proved enough"),
        pytest.param({"signed": True, "actor": "staff:eva"}, id="staff"),
        pytest.param({"signed": True, "kind": EventType.CLAIM}, id="a claim"),
        pytest.param({"signed": True, "at": Moment(0, 0)}, id="perhaps older than the erasure"),
    ],
)
def test_a_suppressed_address_says_no_yes(w: World, more: dict[str, Any]) -> None:
    w.suppress(BO)
    with pytest.raises(Refused):
        say(w, BO, **more)
    assert w.person(BO) is None
    assert w.nobodys() == ["first_push.confirmed"]


def test_a_new_signed_yes_of_today_begins_anew(w: World) -> None:
    w.suppress(BO)
    assert say(w, BO, signed=True).state == "GRANTED"
    assert w.may_send(BO)
    assert not w.may_send(BO, "offers")
    assert "suppression.lifted" in w.types(BO)


def test_a_yes_is_one_persons(w: World) -> None:
    w.sandbox.register.put_properties(w.create("other@example.org"), {"email": ANNA})
    w.sync(full=True)
    people = []
    with w.mirror.read(w.desk.portal) as work:
        people = work.people.by_address(ANNA)
    if len(people) < 2:
        pytest.skip("the sandbox keeps addresses apart")
    with pytest.raises(Refused):
        say(w)
    assert say(w, subject=people[0].ref).grade is Grade.E2


@pytest.mark.sqlite
def test_a_kept_file_comes_back_byte_for_byte_and_is_nowhere_readable(w: World) -> None:
    secret = File("scan.pdf", b"Anna Andersson, 19800101-1234" * 50)
    say(w, evidence=[secret], keep=True)
    kept = kept_file(w.desk, ANNA, secret.hash[:12])
    assert (kept.name, kept.data) == (secret.name, secret.data)
    assert kept.subject == w.person(ANNA).ref  # type: ignore[union-attr] # he is there
    w.mirror.truncate_wal()
    assert b"19800101" not in (w.folder / "mirror.db").read_bytes()
    with pytest.raises(Refused):
        kept_file(w.desk, ANNA, "0" * 12)


def test_a_consent_that_ends_is_expired_in_the_turn_after(w: World) -> None:
    say(w, signed=True, valid_until=w.now + DAY)
    w.sync()
    w.wait(2 * DAY)
    w.sync()
    row = w.row(ANNA)
    assert row is not None
    assert (w.state(ANNA), row.sendable, w.held(ANNA, NEWSLETTER)) == ("EXPIRED", False, UNSUBSCRIBED)


def test_a_soft_optin_needs_its_sale(w: World) -> None:
    offers = w.desk.purposes["offers"]
    done = say(w, kind=EventType.SOFT_OPTIN, purpose=offers, sale="order 17")
    assert done.state == "SOFT_OPTIN"
    assert w.may_send(ANNA, "offers")


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"purpose": None}, id="a yes to everything"),
        pytest.param({"valid_until": 1}, id="ended before it began"),
        pytest.param({"actor": "somebody"}, id="an actor that nobody knows"),
        pytest.param({"kind": EventType.SOFT_OPTIN}, id="a soft opt-in without a sale"),
        pytest.param({"wording": File("w", b"\xff\xfe\x00")}, id="a wording that is no text"),
        pytest.param({"wording": File("w", b" \n")}, id="an empty wording"),
        pytest.param(
            {"evidence": [File("f", b"x" * (KEEP_LIMIT + 1))], "keep": True}, id="too large to keep"
        ),
    ],
)
def test_contradictions_are_refused_before_anything_is_written(w: World, more: dict[str, Any]) -> None:
    before = w.types(ANNA)
    with pytest.raises(ConfigurationError):
        say(w, **more)
    assert w.types(ANNA) == before


def test_the_same_text_in_another_spelling_is_the_same_wording(w: World) -> None:
    say(w)
    say(
        w,
        wording=replace(TEXT, data=b"\xef\xbb\xbf" + TEXT.data.replace(b"\r\n", b"\n\n")),
        source=Source.API,
    )
    hashes = {event.wording for event in w.log(ANNA) if event.wording}
    canonical = "Ja, Exempel AB får skicka nyhetsbrevet. Jag kan återkalla.\n"
    assert hashes == {hashlib.sha256(canonical.encode()).hexdigest()}


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-06-14", 0),
        ("2026-06-14T10:00", 0),
        ("2026-06-14T10:00:00+02:00", 0),
        ("2027-06-14", 2),
        ("yesterday", 2),
        ("2026-13-40", 2),
    ],
)
def test_the_command_takes_times_as_people_write_them(w: World, at: str, code: int) -> None:
    (w.folder / "w.txt").write_bytes(TEXT.data)
    ran = w.cli(
        "record", ANNA, "--purpose", "newsletter", "--type", "grant", "--source", "paper", "--at", at,
        "--wording", str(w.folder / "w.txt"), "--json",
    )  # fmt: skip
    assert ran.code == code, ran.err
    if code == 0:
        assert {"event", "grade", "state"} <= ran.json.keys()
        assert (ran.json["grade"], ran.json["state"]) == ("E2", "GRANTED")


def test_better_evidence_raises_the_same_consent_and_never_a_no(w: World) -> None:
    """First a call without its words, then the signed card; then a no, and the card once more."""
    (w.folder / "card.txt").write_text("Yes, Exempel AB may send me the newsletter.\n", "utf-8")
    said = ("--purpose", "newsletter", "--type", "grant", "--at", "2026-06-14T09:00:00Z", "--json")
    proof = (*said, "--source", "paper", "--signed", "--wording", str(w.folder / "card.txt"))
    first = w.cli("record", ANNA, *said, "--source", "phone").json
    assert (first["grade"], first["state"]) == ("E1", "CLAIMED")
    better = w.cli("record", ANNA, *proof).json
    assert (better["grade"], better["state"]) == ("E3", "GRANTED")
    assert w.cli("record", ANNA, *proof).json["event"] == better["event"], "the same proof is one entry"
    w.withdraw(ANNA, "newsletter")
    (w.folder / "scan.txt").write_text("a scan that was found later", "utf-8")
    late = w.cli("record", ANNA, *proof, "--evidence", str(w.folder / "scan.txt"))
    assert late.json["state"] == "WITHDRAWN"
    assert not w.may_send(ANNA)
