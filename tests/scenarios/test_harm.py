"""What must never happen, whatever HubSpot turns out to do (reliability 3, I1 to I20).

A no that is overruled or lost, somebody erased who comes back, a claim that becomes a consent, a machine that
runs away.

The main scenarios run with every open point of HubSpot's documentation at each of its values.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.acts.breakers import close_breaker
from connector.acts.desk import Desk
from connector.consent.events import SUBJECT, EventType, Overlay, Source
from connector.errors import ConnectorError
from connector.sandbox.options import Options, Tier
from connector.sandbox.server import Running
from connector.store.users import Role
from mappings.words import Status
from tests.scenarios.conftest import Make
from tests.scenarios.ports import Between, Deaf, Death, Killed, MortalHubSpot, MortalMirror
from tests.scenarios.switches import BOTH, OTHERS, RECORDS, STATUSES
from tests.world import (
    ANNA,
    BO,
    CARIN,
    DAVID,
    DAY,
    EVA,
    EVENTS,
    MINUTE,
    NEWSLETTER,
    OFFERS,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Ran,
    World,
    world,
)

Switches = Mapping[str, Any]
PURPOSES = ("newsletter", "offers", "events")


class Witness:
    """Notes every SUBSCRIBED that leaves."""

    def __init__(self) -> None:
        self.yeses: list[tuple[str, int]] = []

    def around(self, w: World) -> Desk:
        def note(name: str, args: tuple[Any, ...]) -> None:
            if name == "set_status" and args[2] is Status.SUBSCRIBED:
                self.yeses.append((args[0], args[1]))

        return w.wrapped(lambda hubspot: Between(hubspot, note))


def settle(w: World, desk: Desk | None = None, *, full: bool = False) -> None:
    """Turns with time between them, as a daemon makes them."""
    for last in (False, True):
        w.sync(full=full and last, desk=desk)
        w.wait()


def is_off(w: World, address: str, purpose: str = "newsletter", subscription: int = NEWSLETTER) -> None:
    """The no holds here and there."""
    assert w.state(address, purpose) == "WITHDRAWN"
    assert not w.may_send(address, purpose)
    assert w.opted_out_of_all(address) or w.hubspot(address, subscription) == UNSUBSCRIBED


# --- never resubscribe someone who said no ---------------------------------------------------------------


@STATUSES
def test_nobody_else_resubscribes_a_no(make: Make, switches: Switches) -> None:
    w, witness = make(options=switches), Witness()
    w.begin()
    desk = witness.around(w)
    w.withdraw(ANNA, "newsletter")
    attempts: tuple[Callable[[], None], ...] = (
        lambda: w.sandbox.colleague.resubscribe(ANNA, NEWSLETTER),
        lambda: w.sandbox.importer.statuses(
            [ANNA], NEWSLETTER, basis="CONSENT_WITH_NOTICE", explanation="Fair"
        ),
        lambda: w.sandbox.app.set_status(ANNA, NEWSLETTER, SUBSCRIBED, source="Zorp"),
        lambda: w.sandbox.register.clear_status(ANNA),
        lambda: w.sandbox.register.put_status(ANNA, NEWSLETTER, SUBSCRIBED, at=w.now + DAY),
    )
    for attempt in attempts:
        w.wait(DAY)
        attempt()
        w.wait(MINUTE)
        w.sync(desk=desk)
        is_off(w, ANNA)
    settle(w, desk, full=True)
    is_off(w, ANNA)
    assert not witness.yeses


@pytest.mark.parametrize("purpose", PURPOSES)
def test_nobody_may_be_mailed_of_whom_nothing_is_known(make: Make, purpose: str) -> None:
    """I14: a stranger, somebody who was not read yet, somebody who never said anything, somebody erased."""
    w = make(contacts=(ANNA,))
    assert not w.may_send(ANNA, purpose), "not read yet"
    w.begin()
    assert not w.may_send(ANNA, purpose), "never said anything"
    assert not w.may_send(BO, purpose), "a stranger"
    asked = w.cli("check", BO, "--purpose", purpose)
    assert (asked.code, "yes" in asked.out.lower()) == (3, False)
    assert w.cli("check", ANNA, "--purpose", purpose).code == 3
    w.suppress(CARIN)
    assert not w.may_send(CARIN, purpose), "erased"


@pytest.mark.parametrize("purpose", ["newsletter", None], ids=["one purpose", "everything"])
def test_a_no_that_hubspot_took_but_does_not_show_stays_pending(make: Make, purpose: str | None) -> None:
    """I7: only what was read back is confirmed."""
    w = make(contacts=(ANNA,))
    w.sandbox.register.put_status(ANNA, NEWSLETTER, SUBSCRIBED, at=w.now - DAY)
    w.begin()
    for _ in range(2):
        w.withdraw(ANNA, purpose, w.wrapped(Deaf))
        w.wait(DAY)
        w.sync(desk=w.wrapped(Deaf))
        assert w.hubspot(ANNA, NEWSLETTER) == SUBSCRIBED
        with w.mirror.read(w.desk.portal) as work:
            assert work.outbox.pending()
        assert str(EventType.PUSH_CONFIRMED) not in w.types(ANNA)
        assert not w.may_send(ANNA)
    w.wait(DAY)
    w.sync()
    is_off(w, ANNA)
    with w.mirror.read(w.desk.portal) as work:
        assert not work.outbox.pending()
    assert str(EventType.PUSH_CONFIRMED) in w.types(ANNA)


@STATUSES
def test_an_opt_out_that_comes_while_we_subscribe_wins(make: Make, switches: Switches) -> None:
    """Anna opts out of one type between our read and our write, Bo of everything."""
    w = make(options=switches, contacts=(ANNA, BO))
    w.begin()
    for address in (ANNA, BO):
        w.grant(address)
        w.sandbox.app.set_status(address, EVENTS, SUBSCRIBED)

    def meanwhile(name: str, args: tuple[Any, ...]) -> None:
        if name == "set_status" and args[2] is Status.SUBSCRIBED:
            w.sandbox.person.unsubscribe(args[0], NEWSLETTER if args[0] == ANNA else None)

    turned = w.sync(desk=w.wrapped(lambda hubspot: Between(hubspot, meanwhile)))
    settle(w, full=True)
    is_off(w, ANNA)
    is_off(w, BO)
    lifts = switches.get("subscribe_lifts_wide", True)
    assert turned.tally.incidents == (2 if lifts else 1)


@STATUSES
def test_a_yes_to_one_purpose_after_a_no_to_all_brings_back_nothing_else(
    make: Make, switches: Switches
) -> None:
    w, witness = make(options=switches), Witness()
    w.begin()
    for subscription in (NEWSLETTER, OFFERS, EVENTS):
        w.sandbox.app.set_status(ANNA, subscription, SUBSCRIBED)
    w.sync()
    w.wait()
    w.sandbox.person.unsubscribe(ANNA)
    w.sync()
    w.wait()
    w.grant(ANNA, at=w.now - MINUTE)
    w.sandbox.register.put_properties(ANNA, {"firstname": "Anna"})
    settle(w, witness.around(w), full=True)
    assert {subscription for _, subscription in witness.yeses} <= {NEWSLETTER}
    assert w.state(ANNA) == "GRANTED"
    for purpose, subscription in (("offers", OFFERS), ("events", EVENTS)):
        assert w.state(ANNA, purpose) == "WITHDRAWN"
        assert w.hubspot(ANNA, subscription) != SUBSCRIBED or w.opted_out_of_all(ANNA)
        assert not w.may_send(ANNA, purpose)


@STATUSES
def test_a_no_to_all_after_a_yes_to_one_ends_that_too(make: Make, switches: Switches) -> None:
    w, witness = make(options=switches), Witness()
    w.begin()
    w.grant(ANNA)
    w.sandbox.app.set_status(ANNA, EVENTS, SUBSCRIBED)
    w.sync()
    w.wait(DAY)
    w.withdraw(ANNA)
    desk = witness.around(w)
    settle(w, desk)
    w.sandbox.register.lift_all(ANNA)
    settle(w, desk, full=True)
    for purpose, subscription in zip(PURPOSES, (NEWSLETTER, OFFERS, EVENTS), strict=True):
        is_off(w, ANNA, purpose, subscription)
    assert not witness.yeses


# --- never lose an opt-out -------------------------------------------------------------------------------


@STATUSES
@pytest.mark.parametrize("tier", [Tier.STARTER, Tier.ENTERPRISE])
def test_an_opt_out_in_hubspot_is_found_by_the_next_turn(make: Make, switches: Switches, tier: Tier) -> None:
    """Anna opts out of one type, Bo of everything."""
    w = make(options=switches, tier=tier, contacts=(ANNA, BO, DAVID))
    w.begin()
    for address in (ANNA, BO, DAVID):
        w.grant(address)
    w.wait()
    w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    w.sandbox.person.unsubscribe(BO)
    w.wait(MINUTE)
    w.sync()
    is_off(w, ANNA)
    is_off(w, BO)
    assert w.state(DAVID) == "GRANTED"


@BOTH
@pytest.mark.parametrize("tier", [Tier.STARTER, Tier.ENTERPRISE])
def test_an_opt_out_of_a_further_address_counts_for_the_person(
    make: Make, switches: Switches, tier: Tier
) -> None:
    """No property shows it and no search finds it: the status itself has to be read."""
    w = make(options=switches, tier=tier, contacts=(ANNA, BO))
    w.sandbox.colleague.merge(ANNA, BO)
    w.begin()
    w.grant(ANNA)
    w.wait()
    w.sandbox.person.unsubscribe(BO, NEWSLETTER)
    w.wait(DAY)
    settle(w, full=True)
    is_off(w, ANNA)
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def moves(w: World) -> dict[str, str]:
    """Everything that can happen to a record; whose no it was, and who has it now."""
    told = w.sandbox.colleague
    told.merge("winner@example.org", "a@example.org")
    told.merge("b@example.org", "loser@example.org")
    told.edit_email("c@example.org", "new@example.org")
    for address in ("d@example.org", "e@example.org"):
        told.archive(address)
    settle(w, full=True)
    for address in ("d@example.org", "e@example.org"):
        w.sandbox.register.clear_status(address)
    told.restore("d@example.org")
    w.create("e@example.org")
    told.archive("f@example.org")
    w.sandbox.register.clear_status("f@example.org")
    w.create("f@example.org")
    moved = {"a@example.org": "winner@example.org", "c@example.org": "new@example.org"}
    return {
        f"{name}@example.org": moved.get(f"{name}@example.org", f"{name}@example.org") for name in "abcdef"
    }


@RECORDS
def test_a_no_goes_with_the_person_and_a_yes_does_not(make: Make, switches: Switches) -> None:
    """Merged, re-addressed, archived and restored, archived and made anew: after a sweep or between two."""
    named = tuple(f"{name}@example.org" for name in "abcdef")
    others = ("winner@example.org", "loser@example.org")
    w = make(options=switches, contacts=(*named, *others), extra="[breaker]\nerasures = 12\n")
    w.begin()
    for address in named:
        w.grant(address, "events")
        w.withdraw(address, "newsletter")
    w.wait(DAY)
    w.sync()
    w.wait()
    now = moves(w)
    w.wait(MINUTE)
    settle(w, full=True)
    w.sync()
    for before, address in now.items():
        is_off(w, address)
        if address != before:
            assert w.state(address, "events") == "UNKNOWN"
            assert not w.may_send(address, "events")


def test_a_restriction_survives_a_merge(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.begin()
    with w.mirror.write(w.desk.portal) as work:
        work.people.set_overlay(w.person(BO).id, Overlay.RESTRICTED)  # type: ignore[union-attr] # known
    w.grant(ANNA)
    w.sandbox.colleague.merge(ANNA, BO)
    settle(w, full=True)
    assert not w.may_send(ANNA)
    assert w.person(ANNA).overlay is Overlay.RESTRICTED  # type: ignore[union-attr] # known


# --- never bring back someone erased ---------------------------------------------------------------------


TABLES = (
    "person", "address", "contact", "observed", "state", "payload WHERE person_id <> 0", "review",
    "moment", "leaving", "link", "signup",
)  # fmt: skip


def rows(w: World) -> dict[str, int]:
    """How many rows the mirror has of everything that may hold a person."""
    with w.mirror.engine.connect() as connection:
        run = connection.exec_driver_sql
        return {t: run(f"SELECT count(*) FROM {t}").scalar_one() for t in TABLES}


SPELLINGS = {
    "same": "carin.holm@straße.example",
    "upper": "CARIN.Holm@STRASSE.EXAMPLE".replace("STRASSE", "xn--strae-oqa"),
    "punycode": "carin.holm@xn--strae-oqa.example",
    "wide letters": "carin.holm@ｓtraße.example",
}


@RECORDS
def test_somebody_erased_gets_no_row_by_any_door(make: Make, switches: Switches) -> None:
    w, witness = make(options=switches, contacts=(ANNA,)), Witness()
    w.begin()
    w.suppress(CARIN)
    before, desk = rows(w), witness.around(w)
    w.sandbox.app.set_status(CARIN, NEWSLETTER, SUBSCRIBED)
    spelled = CARIN.upper()
    w.create(spelled)
    w.wait(MINUTE)
    settle(w, desk, full=True)
    assert w.opted_out_of_all(spelled)
    w.sandbox.person.resubscribe(spelled, NEWSLETTER)
    w.sandbox.importer.contacts([{"email": CARIN, "firstname": "Carin"}])
    w.wait(DAY)
    settle(w, desk, full=True)
    assert rows(w) == before
    assert w.opted_out_of_all(spelled), "somebody lifted it, and a day later it is off again"
    assert not witness.yeses
    done = w.withdraw(CARIN)
    assert (done.pending, done.events) == (0, 1)
    assert rows(w) == before, "a no of theirs is told to HubSpot and leaves nothing here"


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_somebody_erased_is_known_by_any_spelling(make: Make, spelled: str) -> None:
    w = make()
    w.begin()
    w.suppress(SPELLINGS["same"])
    before = rows(w)
    w.create(spelled)
    settle(w, full=True)
    assert rows(w) == before


def imported(w: World, spelled: str) -> Ran:
    sheet = w.folder / "old.csv"
    sheet.write_text(f"email;newsletter;date\n{spelled};yes;2026-01-02\n", "utf-8")
    return w.cli("import", str(sheet), "--confirm")


def recorded(w: World, spelled: str) -> Ran:
    words = ("record", spelled, "--purpose", "newsletter", "--type", "claim", "--source", "phone")
    return w.cli(*words, "--at", "2026-06-01")


def said_no_again(w: World, spelled: str) -> Ran:
    return w.cli("withdraw", spelled)


def restricted(w: World, spelled: str) -> Ran:
    return w.cli("restrict", spelled)


def held(w: World, spelled: str) -> Ran:
    return w.cli("hold", "add", spelled, "--reason", "claim 7")


@pytest.mark.parametrize(
    "door", [imported, recorded, said_no_again, restricted, held], ids=lambda d: d.__name__
)
@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_no_command_stores_somebody_erased_in_any_spelling(
    make: Make, door: Callable[[World, str], Ran], spelled: str
) -> None:
    w = make()
    w.begin()
    w.suppress(SPELLINGS["same"])
    before = rows(w)
    ran = door(w, spelled)
    assert ran.code in {0, 3, 4}, ran.err
    w.wait()
    w.sync(full=True)
    assert rows(w) == before


@BOTH
def test_somebody_erased_does_not_return_inside_another_record(make: Make, switches: Switches) -> None:
    w = make(options=switches, contacts=(ANNA, BO))
    w.begin()
    w.suppress(CARIN)
    w.sandbox.colleague.edit_email(BO, CARIN)
    w.create(DAVID)
    w.wait(MINUTE)
    settle(w)
    w.suppress(DAVID)
    w.sandbox.colleague.merge(ANNA, DAVID)
    settle(w, full=True)
    assert w.person(CARIN) is None
    with w.mirror.read(w.desk.portal) as work:
        refs = {work.people.address_ref(CARIN)}
        assert not work.observed.of_refs(refs)
    assert not w.may_send(ANNA)


def test_a_first_reading_leaves_out_who_is_suppressed(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.suppress(BO)
    w.sync()
    assert w.person(BO) is None
    assert w.person(ANNA) is not None


# --- never call a claim a consent ------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("tier", [Tier.STARTER, Tier.ENTERPRISE])
def test_no_status_of_hubspot_alone_is_a_consent(make: Make, switches: Switches, tier: Tier) -> None:
    w, witness = make(options={**switches, "status_batch_max": 100}, tier=tier, people=150), Witness()
    desk = witness.around(w)
    w.sync(desk=desk)
    w.confirm()
    w.sandbox.register.mass(0.3, "subscribed", OFFERS)
    for _ in range(2):
        w.wait(DAY)
        w.sync(full=True, desk=desk)
    with w.mirror.read(w.desk.portal) as work:
        ids = [person.id for person in work.people.page(0, 1_000)]
        states, events = work.states.of(ids), work.log.events_of(ids)
    granted = {key for key, row in states.items() if row.state == "GRANTED"}
    assert {str(row.state) for row in states.values()} <= {"CLAIMED", "WITHDRAWN", "UNKNOWN", "GRANTED"}
    assert {key for key, row in states.items() if row.sendable} <= granted
    for person, purpose in granted:
        acts = [e for e in events[person] if e.type is EventType.GRANT and e.purpose == purpose]
        assert acts, "nothing but a form that the person sent makes a consent of a status"
        assert all((e.source, e.actor) == (Source.FORM, SUBJECT) and e.wording for e in acts)
    assert any(row.state == "CLAIMED" for row in states.values())
    assert not witness.yeses


# --- a machine stops, a no does not ----------------------------------------------------------------------


def people(count: int) -> tuple[str, ...]:
    return tuple(f"person{number}@example.org" for number in range(count))


def test_a_mass_change_stops_yeses_and_never_a_no(make: Make) -> None:
    everybody = people(12)
    w, witness = make(contacts=(ANNA, BO, *everybody)), Witness()
    for address in everybody:
        w.sandbox.app.set_status(address, NEWSLETTER, SUBSCRIBED)
    w.begin()
    w.grant(ANNA)
    w.withdraw(BO, "newsletter")
    w.wait()
    for address in everybody:
        w.sandbox.register.clear_status(address, NEWSLETTER)
    w.sandbox.colleague.resubscribe(BO, NEWSLETTER)
    w.sandbox.app.set_status(ANNA, EVENTS, SUBSCRIBED)
    desk = witness.around(w)
    turned = w.sync(desk=desk)
    assert turned.breaker is not None
    is_off(w, BO)
    assert w.withdraw(everybody[0]).confirmed == 1
    settle(w, desk)
    assert not witness.yeses
    assert [review.kind for review in w.reviews()] == ["breaker"]


def test_more_yeses_than_a_day_should_have_wait_for_a_person(make: Make) -> None:
    everybody = people(6)
    w, witness = make(contacts=everybody, extra="[breaker]\nsubscribes = 2\n"), Witness()
    w.begin()
    for address in everybody:
        w.grant(address)
        w.sandbox.app.set_status(address, EVENTS, SUBSCRIBED)
    desk = witness.around(w)
    settle(w, desk)
    assert len(witness.yeses) == 2
    assert w.sync(desk=desk).breaker is not None
    assert w.withdraw(everybody[5]).pending == 0
    assert w.hubspot(everybody[5], NEWSLETTER) == UNSUBSCRIBED


def test_a_register_that_seems_to_vanish_erases_nobody(make: Make) -> None:
    everybody = people(12)
    w = make(contacts=(ANNA, *everybody))
    w.begin()
    for address in everybody:
        w.sandbox.colleague.privacy_delete(address)
    turned = w.sync(full=True)
    assert turned.breaker is not None
    assert 36 not in turned.tally.rows
    assert all(w.person(address).overlay is None for address in everybody)  # type: ignore[union-attr] # all known


def test_what_two_people_found_right_is_not_asked_again(make: Make) -> None:
    """Contacts that were deleted on purpose: the breaker is closed once, and the next sweep takes it in."""
    everybody = people(12)
    w = make(contacts=(ANNA, *everybody))
    w.begin()
    for address in everybody:
        w.sandbox.colleague.archive(address)
    assert w.sync(full=True).breaker is not None
    with w.mirror.write(w.desk.portal) as work:
        for name in ("dora", "dan"):
            work.users.add(name, Role.DPO, "a long enough password", w.now)
    w.decide("approve", "dora")
    assert w.sync(full=True).breaker is not None, "one person is not enough"
    w.decide("approve", "dan")
    w.wait(DAY)
    turned = w.sync(full=True)
    assert (turned.breaker, turned.tally.rows[31]) == (None, 36)
    assert w.sync(full=True).breaker is None


@BOTH
def test_somebody_archived_first_and_erased_later_is_restricted_once(make: Make, switches: Switches) -> None:
    w = make(options=switches)
    w.begin()
    w.grant(ANNA)
    w.sandbox.colleague.archive(ANNA)
    assert 36 not in w.sync(full=True).tally.rows
    w.wait(DAY)
    body = json.dumps({"objectId": str(w.contact_ids[ANNA])}).encode()
    assert w.sandbox.call("POST", "/crm/objects/2026-03/contacts/gdpr-delete", body=body).status == 204
    w.wait()
    assert w.sync(full=True).tally.rows[36] == 3
    assert w.person(ANNA).overlay is Overlay.RESTRICTED  # type: ignore[union-attr] # the person is known
    w.wait()
    assert 36 not in w.sync(full=True).tally.rows


@BOTH
def test_a_deletion_without_proof_is_no_erasure(make: Make, switches: Switches) -> None:
    """An archived contact leaves the recycle bin after 90 days and looks the same from outside."""
    w = make(options=switches)
    w.begin()
    w.withdraw(ANNA, "newsletter")
    w.sandbox.colleague.archive(ANNA)
    w.sandbox.colleague.purge(w.contact_ids[ANNA])
    turned = w.sync(full=True)
    assert turned.tally.rows[31] == 3
    assert w.person(ANNA).overlay is None  # type: ignore[union-attr] # the person is known
    assert w.state(ANNA) == "WITHDRAWN"


# --- HubSpot is away, the first push waits ---------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_no_is_taken_while_hubspot_fails_and_delivered_later(make: Make, status: int) -> None:
    w = make()
    w.begin()
    w.sandbox.machine.fault(effect="status", status=status, path="*", name="down")
    done = w.withdraw(ANNA)
    assert (done.confirmed, done.pending) == (0, 1)
    assert w.state(ANNA) == "WITHDRAWN"
    assert not w.may_send(ANNA)
    w.sandbox.machine.clear_faults("down")
    w.wait(DAY)
    assert w.sync().pending == 0
    assert w.opted_out_of_all(ANNA)


def test_a_no_is_taken_while_nobody_listens_and_delivered_later(make: Make) -> None:
    w = make()
    w.begin()
    w.server.stop()
    done = w.withdraw(ANNA)
    assert (done.confirmed, done.pending) == (0, 1)
    w.server = Running(w.sandbox, w.server.port)
    w.wait(DAY)
    assert w.sync().pending == 0
    assert w.opted_out_of_all(ANNA)


def test_the_first_push_holds_what_was_derived_and_nothing_that_a_person_asked_for(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.sync()
    w.withdraw(BO, "newsletter")
    assert w.hubspot(BO, NEWSLETTER) == UNSUBSCRIBED
    w.add(ANNA, EventType.WITHDRAW, t_lo=w.now, t_hi=w.now)
    w.wait()
    w.sandbox.colleague.resubscribe(ANNA, NEWSLETTER)
    w.sandbox.colleague.resubscribe(BO, NEWSLETTER)
    turned = w.sync()
    assert (turned.gated, turned.tally.pushed) == (2, 0)
    assert w.hubspot(ANNA, NEWSLETTER) == SUBSCRIBED
    w.withdraw(BO, "newsletter")
    assert w.hubspot(BO, NEWSLETTER) == UNSUBSCRIBED
    w.confirm()
    w.sync()
    is_off(w, ANNA)
    is_off(w, BO)


# --- the process may die at any moment -------------------------------------------------------------------


def a_day(w: World, desk: Desk) -> None:
    """Two noes of two kinds, a forbidden yes, an allowed one, and somebody erased who is back."""
    if not any(event.is_no for event in w.log(ANNA)):
        w.withdraw(ANNA, "newsletter", desk=desk)
    w.sync(desk=desk)


def told(w: World) -> None:
    """What happens in HubSpot before that day."""
    w.grant(DAVID)
    w.sandbox.app.set_status(DAVID, EVENTS, SUBSCRIBED)
    w.sandbox.person.unsubscribe(BO)
    w.sandbox.colleague.resubscribe(EVA, NEWSLETTER)
    w.create(CARIN)


def noes_hold(w: World) -> None:
    for address in (ANNA, EVA):
        is_off(w, address)
    is_off(w, BO)
    assert w.opted_out_of_all(BO)
    assert w.person(CARIN) is None
    assert w.opted_out_of_all(CARIN)


def ends_well(w: World) -> None:
    noes_hold(w)
    assert w.state(DAVID) == "GRANTED"
    assert w.hubspot(DAVID, NEWSLETTER) == SUBSCRIBED
    with w.mirror.read(w.desk.portal) as work:
        assert work.outbox.waiting().count == 0
        assert [e.type for e in work.log.events_of([w.person(ANNA).id])[w.person(ANNA).id]].count(  # type: ignore[union-attr] # known
            EventType.WITHDRAW
        ) == 1


def mortal(w: World, death: Death) -> Desk:
    desk = w.wrapped(lambda hubspot: MortalHubSpot(hubspot, death))
    return replace(desk, mirror=MortalMirror(w.mirror, death))  # type: ignore[arg-type] # stands for one


def lived(folder: Path, at: int) -> int:
    """The day with a death at the `at`-th moment, and the days after it; how many moments the day had."""
    folder.mkdir()
    death = Death(at)
    with world(folder, contacts=(ANNA, BO, DAVID, EVA)) as w:
        w.begin()
        w.withdraw(EVA, "newsletter")
        w.suppress(CARIN)
        w.wait()
        told(w)
        try:
            a_day(w, mortal(w, death))
        except Killed:
            assert at
        for _ in range(2):
            w.wait()
            a_day(w, w.desk)
        ends_well(w)
    return death.seen


@pytest.mark.parametrize("part", range(4))
def test_dying_at_any_moment_loses_nothing_and_doubles_nothing(tmp_path: Path, part: int) -> None:
    """After each call to HubSpot and after each commit of a turn, every fourth moment of them."""
    moments = lived(tmp_path / "whole", 0)
    assert moments > 40
    for at in range(part + 1, moments + 1, 4):
        assert lived(tmp_path / f"died{at}", at) >= at


# --- and HubSpot may answer anything ---------------------------------------------------------------------

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "429": {"effect": "status", "status": 429, "retry_after": 1},
    "500, carried out": {"effect": "status", "status": 500, "applied": True},
    "502": {"effect": "status", "status": 502},
    "400": {"effect": "status", "status": 400},
    "404": {"effect": "status", "status": 404},
    "423": {"effect": "status", "status": 423},
    "drop": {"effect": "drop"},
    "drop, carried out": {"effect": "drop", "applied": True},
    "late": {"effect": "late", "seconds": 400.0},
    "cut": {"effect": "cut"},
    "truncated": {"effect": "truncated"},
    "html": {"effect": "html"},
    "partial": {"effect": "partial", "share": 0.5},
    "stale search": {"effect": "stale_search", "seconds": 120.0},
    "stuck cursor": {"effect": "stuck_cursor"},
    "out of order": {"effect": "out_of_order"},
    "repeated row": {"effect": "repeated_row"},
    "results of a wrong type": {"effect": "wrong_type", "field": "results", "value": 7},
    "ids of a wrong type": {"effect": "wrong_type", "field": "results.*.id", "value": [1]},
    "no results": {"effect": "missing_field", "field": "results"},
    "no times": {"effect": "missing_field", "field": "results.*.statuses.*.timestamp"},
    "no status": {"effect": "missing_field", "field": "results.*.status"},
    "no address": {"effect": "missing_field", "field": "results.*.properties.email"},
}


OF_BATCHES = frozenset({"partial", "no times", "results of a wrong type", "no status", "400"})


@pytest.mark.parametrize("name", FAULTS)
def test_a_day_of_faults_loses_no_no(make: Make, name: str) -> None:
    """A third of all answers are wrong for a day. Only errors of the product's own kind come out of it."""
    fault, tier = FAULTS[name], Tier.ENTERPRISE if name in OF_BATCHES else Tier.STARTER
    w, witness = make(contacts=(ANNA, BO, DAVID, EVA), tier=tier), Witness()
    w.begin()
    w.withdraw(EVA, "newsletter")
    w.suppress(CARIN)
    w.wait()
    told(w)
    w.sandbox.machine.fault(**fault, path="*", probability=0.34)
    desk = witness.around(w)
    for _ in range(4):
        with suppress(ConnectorError):
            a_day(w, desk)
        w.wait()
    w.sandbox.machine.clear_faults()
    with w.mirror.write(w.desk.portal) as work:
        if work.meta.get("breaker"):
            close_breaker(work, "staff:dora")
    for _ in range(3):
        w.wait(DAY)
        a_day(w, w.desk)
    noes_hold(w)
    assert {address for address, _ in witness.yeses} <= {DAVID}


@pytest.mark.parametrize(
    "words",
    [("init",), ("doctor",), ("inventory",), ("backfill",), ("sync",), ("sync", "--full")],
    ids=" ".join,
)
def test_the_token_of_another_portal_is_refused_before_anything_is_read(
    make: Make, words: tuple[str, ...]
) -> None:
    """Threat 9: two portals' people would end in one register."""
    w = make(contacts=(ANNA,))
    other = w.server.portal_id + 1
    text = w.config.read_text("utf-8").replace(f"portal_id = {w.server.portal_id}", f"portal_id = {other}")
    w.config.write_text(text, "utf-8")
    done = w.cli(*words)
    assert done.code == (3 if words == ("doctor",) else 2), done.err
    said = done.out if words == ("doctor",) else done.err
    assert "belongs to portal" in " ".join(said.split()), said
    assert str(other) in said
    assert w.writes() == []
    asked = {each["route"] for each in w.sandbox.machine.requests(0)}
    assert not [route for route in asked if "contacts" in route or "communication" in route], asked


def test_each_open_point_is_turned_to_a_value_that_it_does_not_have() -> None:
    assert all(getattr(Options(), name) not in values for name, values in OTHERS.items())
