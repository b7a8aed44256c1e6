"""Ways in which a no could have been lost or a yes could have left, each found by trying.

Somebody acts in the portal, the product takes its turn, and the test looks at what HubSpot and the mirror
hold. What is still open is marked, with the place where it has to be closed.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.acts.placing import place
from connector.acts.push import push
from connector.acts.reconcile import reconcile
from connector.acts.take_in import Group, take_in
from connector.acts.tally import Tally
from connector.acts.who import users_of
from connector.errors import ConnectorError, HubSpotBusy, HubSpotRefused, HubSpotUnreachable
from connector.store.outbox import Letter
from jobs import statuses
from mappings.words import Status
from tests.world import (
    ANNA,
    BO,
    CARIN,
    DAVID,
    DAY,
    EVA,
    EVENTS,
    HOUR,
    MINUTE,
    NEWSLETTER,
    OFFERS,
    SUBSCRIBED,
    UNSUBSCRIBED,
    World,
    world,
)

Make = Callable[..., World]
Hook = Callable[[str, tuple[Any, ...]], None]
OTHER_TYPE = 104  # in the portal, but no purpose of ours


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A world as a test wants it; it is closed afterwards."""
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(world(tmp_path, **more))


@pytest.fixture
def w(make: Make) -> World:
    """Anna is in the portal without any status, the first reading is done, writing is allowed."""
    made = make()
    made.begin()
    return made


class Hooked:
    """A HubSpot port that lets something happen, or go wrong, right before or after one of its calls."""

    def __init__(self, hubspot: Any, before: Hook | None = None, after: Hook | None = None) -> None:
        self._hubspot, self._before, self._after = hubspot, before, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._hubspot, name)
        if not callable(found):
            return found

        def called(*args: Any, **named: Any) -> Any:
            if self._before is not None:
                self._before(name, args)
            answer = found(*args, **named)
            if self._after is not None:
                self._after(name, args)
            return answer

        return called


def unreachable() -> HubSpotUnreachable:
    return HubSpotUnreachable("No answer.", next_step="Later.")


def letters(w: World, address: str) -> list[Letter]:
    with w.mirror.read(w.desk.portal) as work:
        return work.outbox.of_refs([w.ref(address)]).get(w.ref(address), [])


def rejected_yes(w: World, *addresses: str) -> None:
    """Their no is in the mirror, and somebody subscribed them again in HubSpot: a no waits for each."""
    for address in addresses:
        w.withdraw(address, "newsletter")
    w.wait()
    w.sync()
    w.wait()
    for address in addresses:
        w.sandbox.colleague.resubscribe(address, NEWSLETTER)
    w.sync(push=False)
    w.wait(MINUTE)


# --- a no behind another --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [unreachable, lambda: HubSpotRefused("No.", next_step="Look.")])
def test_one_address_that_cannot_be_read_holds_no_other_no(
    make: Make, wrong: Callable[[], Exception]
) -> None:
    w = make(contacts=(ANNA, BO, CARIN))
    w.begin()
    rejected_yes(w, ANNA, BO, CARIN)
    with w.mirror.read(w.desk.portal) as work:
        first = work.outbox.pending()[0].ref
    poisoned = next(each for each in (ANNA, BO, CARIN) if w.ref(each) == first)

    def poison(name: str, args: tuple[Any, ...]) -> None:
        if name == "preferences" and args[0] == poisoned:
            raise wrong()

    desk = w.wrapped(lambda hubspot: Hooked(hubspot, before=poison))
    for _ in range(3):
        with suppress(ConnectorError):
            push(desk, Tally())
        w.wait(30_000)
    held = {each: w.hubspot(each, NEWSLETTER) for each in (ANNA, BO, CARIN)}
    assert held.pop(poisoned) == SUBSCRIBED
    assert set(held.values()) == {UNSUBSCRIBED}


@pytest.mark.sqlite
def test_a_damaged_row_holds_no_other_no(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.begin()
    rejected_yes(w, ANNA, BO)
    with sqlite3.connect(w.folder / "mirror.db") as raw:
        changed = raw.execute(
            "UPDATE address SET sealed = zeroblob(60) WHERE ref = ?", (bytes.fromhex(w.ref(ANNA)),)
        ).rowcount
    raw.close()
    assert changed == 1
    push(w.desk, Tally())
    assert w.hubspot(BO, NEWSLETTER) == UNSUBSCRIBED
    assert [each.parked for each in letters(w, ANNA)] == ["address_gone"]


def test_an_outage_is_noticed_and_ends_the_round(make: Make) -> None:
    everybody = (ANNA, BO, CARIN, DAVID, EVA)
    w = make(contacts=everybody)
    w.begin()
    rejected_yes(w, *everybody)
    asked: list[str] = []

    def down(name: str, args: tuple[Any, ...]) -> None:
        if name == "preferences":
            asked.append(args[0])
            raise unreachable()

    with pytest.raises(HubSpotUnreachable):
        push(w.wrapped(lambda hubspot: Hooked(hubspot, before=down)), Tally())
    assert len(asked) == 3
    w.wait(3 * MINUTE)
    push(w.desk, Tally())
    assert {w.hubspot(each, NEWSLETTER) for each in everybody} == {UNSUBSCRIBED}


def test_noes_leave_although_reading_failed(make: Make) -> None:
    w = make()
    w.begin()
    rejected_yes(w, ANNA)

    def broken(name: str, args: tuple[Any, ...]) -> None:
        if name == "search_changed":
            raise unreachable()

    with pytest.raises(HubSpotUnreachable):
        w.sync(desk=w.wrapped(lambda hubspot: Hooked(hubspot, before=broken)))
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def test_a_no_that_was_accepted_while_a_long_read_runs_does_not_wait_for_its_end(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.begin()
    down, seen = [True], []

    def before(name: str, args: tuple[Any, ...]) -> None:
        if name == "preferences" and down[0]:
            raise unreachable()
        if name == "search_changed":
            down[0] = False
            w.wait(MINUTE)
        if name == "contacts_page":
            seen.append(w.held(BO, NEWSLETTER))

    desk = w.wrapped(lambda hubspot: Hooked(hubspot, before=before))
    assert w.withdraw(BO, "newsletter", desk=desk).pending == 1
    w.create(CARIN)
    w.sync(full=True, desk=desk)
    assert seen[0] == UNSUBSCRIBED


def test_a_no_that_replaced_a_refused_yes_is_free_at_once(w: World) -> None:
    w.grant(ANNA)
    w.sandbox.app.set_status(ANNA, EVENTS, SUBSCRIBED)
    w.sync(push=False)

    def meanwhile(name: str, args: tuple[Any, ...]) -> None:
        if name == "preferences":
            w.withdraw(ANNA, "newsletter")

    push(w.wrapped(lambda hubspot: Hooked(hubspot, after=once(meanwhile))), Tally())
    assert [(each.status, each.confirmed_at) for each in letters(w, ANNA)] == [(Status.UNSUBSCRIBED, None)]
    push(w.desk, Tally())
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def once(hook: Hook, name: str = "preferences") -> Hook:
    done: list[bool] = []

    def first(called: str, args: tuple[Any, ...]) -> None:
        if called == name and not done:
            done.append(True)
            hook(called, args)

    return first


# --- a yes after a no -----------------------------------------------------------------------------------


def test_a_yes_that_waited_is_not_confirmed_by_what_a_colleague_wrote_over_a_no(make: Make) -> None:
    w = make()
    w.sync()
    w.grant(ANNA)
    w.sandbox.app.set_status(ANNA, EVENTS, SUBSCRIBED)
    w.wait(MINUTE)
    w.sync()
    assert [each.status for each in letters(w, ANNA)] == [Status.SUBSCRIBED]
    w.wait()
    w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    w.sync()
    assert w.state(ANNA) == "WITHDRAWN"
    w.confirm()
    w.wait()
    w.sandbox.colleague.resubscribe(ANNA, NEWSLETTER)
    push(w.desk, Tally())
    w.wait()
    w.sync()
    assert w.state(ANNA) == "WITHDRAWN"
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def test_an_approved_yes_trips_over_a_no_that_came_between_read_and_write(w: World) -> None:
    """Row 23 approved carries an intent; nothing stood in HubSpot that it could be meant for."""
    w.grant(ANNA)
    w.sandbox.app.set_status(ANNA, NEWSLETTER, SUBSCRIBED)
    w.sync()
    w.wait()
    w.sandbox.register.clear_status(ANNA, NEWSLETTER)
    w.sync()
    w.wait()
    w.decide("approve")

    def meanwhile(name: str, args: tuple[Any, ...]) -> None:
        w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)

    tally = Tally()
    push(w.wrapped(lambda hubspot: Hooked(hubspot, before=once(meanwhile, "set_status"))), tally)
    assert tally.incidents == 1
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    assert w.state(ANNA) == "WITHDRAWN"


@pytest.mark.parametrize("revives", [False, True], ids=["others stay out", "others revive"])
def test_an_opt_out_of_all_that_our_yes_lifted_comes_back_whole(make: Make, revives: bool) -> None:
    w = make(options={"lifting_revives_others": revives})
    w.begin()
    w.sandbox.app.set_status(ANNA, EVENTS, SUBSCRIBED)
    w.grant(ANNA)

    def meanwhile(name: str, args: tuple[Any, ...]) -> None:
        w.sandbox.person.unsubscribe(ANNA)

    turned = w.sync(desk=w.wrapped(lambda hubspot: Hooked(hubspot, before=once(meanwhile, "set_status"))))
    assert turned.tally.incidents == 1
    w.wait()
    w.sync(full=True)
    assert {w.hubspot(ANNA, each) for each in (NEWSLETTER, OFFERS, EVENTS)} == {UNSUBSCRIBED}
    assert w.opted_out_of_all(ANNA)
    assert {w.state(ANNA, each) for each in ("newsletter", "offers", "events")} == {"WITHDRAWN"}


def test_a_no_that_came_while_a_yes_was_under_way_is_written_after_it(w: World) -> None:
    """The no left and was confirmed while the yes hung on its way beyond its lease; the yes came last."""
    w.sandbox.person.unsubscribe(ANNA, NEWSLETTER, at=w.now - DAY)
    w.grant(ANNA, at=w.now - HOUR)
    w.sync(push=False)
    assert [each.resubscribe for each in letters(w, ANNA)] == [True]

    def meanwhile(name: str, args: tuple[Any, ...]) -> None:
        w.wait(3 * MINUTE)
        assert w.withdraw(ANNA, "newsletter").confirmed == 1

    push(w.wrapped(lambda hubspot: Hooked(hubspot, before=once(meanwhile, "set_status"))), Tally())
    push(w.desk, Tally())
    assert w.state(ANNA) == "WITHDRAWN"
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


@pytest.mark.parametrize("revives", [False, True], ids=["others stay out", "others revive"])
def test_a_lifted_opt_out_of_all_revives_nothing_even_if_we_die_after_the_write(
    make: Make, revives: bool
) -> None:
    w = make(options={"lifting_revives_others": revives})
    w.sandbox.register.add_type(OTHER_TYPE, "Not ours")
    w.begin()
    w.sandbox.app.set_status(ANNA, OTHER_TYPE, SUBSCRIBED, at=w.now - 2 * DAY)
    w.sandbox.person.unsubscribe(ANNA, at=w.now - DAY)
    w.grant(ANNA, at=w.now - HOUR)
    w.sync(push=False)

    class Killed(BaseException):
        pass

    def kill(name: str, args: tuple[Any, ...]) -> None:
        if name == "set_status" and args[2] is Status.SUBSCRIBED:
            raise Killed

    with pytest.raises(Killed):
        push(w.wrapped(lambda hubspot: Hooked(hubspot, after=kill)), Tally())
    assert w.held(ANNA, NEWSLETTER) == SUBSCRIBED
    assert w.hubspot(ANNA, OTHER_TYPE) == UNSUBSCRIBED


def test_a_yes_is_not_written_on_a_reading_that_grew_old_meanwhile(w: World) -> None:
    """Switching the other types off takes time; what the person did meanwhile is seen before the yes."""
    w.sandbox.person.unsubscribe(ANNA, at=w.now - DAY)
    w.grant(ANNA, at=w.now - HOUR)
    w.sync(push=False)

    def meanwhile(name: str, args: tuple[Any, ...]) -> None:
        w.wait(2 * MINUTE)
        w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
        w.sandbox.register.lift_all(ANNA)

    push(w.wrapped(lambda hubspot: Hooked(hubspot, before=once(meanwhile, "set_status"))), Tally())
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def test_a_yes_that_has_to_queue_is_asked_anew(w: World) -> None:
    w.grant(ANNA)
    w.sandbox.app.set_status(ANNA, EVENTS, SUBSCRIBED)
    w.sync(push=False)
    w.sandbox.machine.fault(
        effect="status", status=429, retry_after=30, policy="TEN_SECONDLY_ROLLING", method="POST",
        path="*/statuses/*@*", count=1,
    )  # fmt: skip
    began = len(w.sandbox.machine.requests())
    with pytest.raises(HubSpotBusy):
        push(w.desk, Tally())
    assert len(w.writes(began)) == 1
    w.wait(HOUR)
    push(w.desk, Tally())
    assert w.hubspot(ANNA, NEWSLETTER) == SUBSCRIBED


# --- what counts as done --------------------------------------------------------------------------------


def test_an_opt_out_of_one_brand_does_not_confirm_an_opt_out_of_all(w: World) -> None:
    path = f"/communication-preferences/2026-03/statuses/{ANNA}/unsubscribe-all"
    assert w.sandbox.call("POST", path, "channel=EMAIL&businessUnitId=7").status == 200
    done = w.withdraw(ANNA)
    assert done.confirmed == 1
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    assert {str(each.kind) for each in w.desk.hubspot.preferences(ANNA).wide} >= {"PORTAL_WIDE"}


def test_a_time_in_seconds_is_no_time(w: World) -> None:
    """Read as milliseconds it would be 1970: a fresh no would look older than every consent (row 5)."""
    w.grant(ANNA, at=w.now - HOUR)
    w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    for path, field in (
        ("*/statuses/batch/read", "results.*.statuses.*.timestamp"),
        ("*/statuses/*", "results.*.timestamp"),
    ):
        w.sandbox.machine.fault(effect="wrong_type", path=path, field=field, value=w.now // 1000)
    w.sync()
    assert w.state(ANNA) == "WITHDRAWN"
    w.sandbox.machine.clear_faults()
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


# --- erased people --------------------------------------------------------------------------------------


def test_somebody_erased_is_opted_out_again_when_somebody_lifts_it(w: World) -> None:
    w.suppress(BO)
    w.create(BO)
    w.wait(MINUTE)
    w.sync()
    assert w.opted_out_of_all(BO)
    w.wait(DAY)
    w.sandbox.register.lift_all(BO)
    w.sync(full=True)
    assert w.opted_out_of_all(BO)
    assert w.nobodys().count("erasure.reappeared") == 1
    assert w.person(BO) is None


def test_every_address_of_a_record_of_somebody_erased_is_opted_out(w: World) -> None:
    w.sandbox.colleague.merge(w.create(BO), w.create(CARIN))
    w.suppress(CARIN)
    w.wait(MINUTE)
    w.sync(full=True)
    assert w.person(BO) is None
    assert w.opted_out_of_all(BO)
    assert w.opted_out_of_all(CARIN)


# --- reading --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [{"status": 400}, {"status": 500}], ids=["rejected", "broken"])
def test_one_address_that_cannot_be_read_keeps_no_other_from_being_read(
    make: Make, effect: dict[str, int]
) -> None:
    w = make(contacts=(ANNA, BO, CARIN), tier="starter")
    for path in (f"*/statuses/{ANNA}*", f"*/statuses/{ANNA.replace('@', '%40')}*"):
        w.sandbox.machine.fault(effect="status", path=path, **effect)
    for address in (ANNA, BO, CARIN):
        w.sandbox.app.set_status(address, EVENTS, SUBSCRIBED)
    with suppress(ConnectorError):
        w.sync()
    w.wait()
    assert {w.state(each, "events") for each in (BO, CARIN)} == {"CLAIMED"}


def test_those_who_cannot_be_read_leave_room_for_the_others(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = make(contacts=(ANNA, BO, CARIN), tier="starter")
    w.begin()
    with w.mirror.write(w.desk.portal) as work:
        rows = work.contacts.by_ids(w.contact_ids.values())
        work.contacts.put([row._replace(statuses_read_at=None) for row in rows.values()])
    for address in (ANNA, BO):
        w.sandbox.colleague.archive(w.contact_ids[address])
    monkeypatch.setattr(statuses, "BATCH", 2)
    statuses.read_statuses(w.desk, Tally())
    with w.mirror.read(w.desk.portal) as work:
        row = work.contacts.by_ids([w.contact_ids[CARIN]])[w.contact_ids[CARIN]]
    assert row.statuses_read_at is not None


def test_a_batch_that_leaves_out_those_who_are_not_opted_out_is_understood(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.sandbox.app.set_status(ANNA, EVENTS, SUBSCRIBED)
    w.sandbox.machine.fault(
        effect="wrong_type", path="*/statuses/batch/unsubscribe-all/read", field="results", value=[]
    )
    w.sync()
    assert w.state(ANNA, "events") == "CLAIMED"
    with w.mirror.read(w.desk.portal) as work:
        assert work.contacts.counts().read == 2


def test_what_a_batch_leaves_out_is_read_alone_where_the_property_says_otherwise(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    at = w.now - DAY
    w.sandbox.person.unsubscribe(ANNA, at=at)
    w.sandbox.machine.fault(
        effect="wrong_type", path="*/statuses/batch/unsubscribe-all/read", field="results", value=[]
    )
    w.sync()
    assert w.state(ANNA) == "WITHDRAWN"
    row = w.row(ANNA)
    assert row is not None
    assert row.last_no == at


def test_a_sweep_that_a_breaker_stopped_is_no_complete_one(make: Make) -> None:
    w = make(contacts=tuple(f"p{number}@example.org" for number in range(10)))
    w.begin()
    with w.mirror.read(w.desk.portal) as work:
        before = work.meta.get("last_sweep")
    for number in list(w.contact_ids.values())[:6]:
        w.sandbox.colleague.privacy_delete(number)
    w.wait(DAY)
    w.sync(full=True)
    with w.mirror.read(w.desk.portal) as work:
        assert work.meta.get("last_sweep") == before


# --- still open -----------------------------------------------------------------------------------------


def test_a_no_seen_as_a_property_is_not_lost_when_a_colleague_lifts_it_before_it_was_dated(
    make: Make,
) -> None:
    w = make(tier="starter")
    w.begin()
    w.grant(ANNA)
    w.sandbox.app.set_status(ANNA, NEWSLETTER, SUBSCRIBED, basis="CONSENT_WITH_NOTICE", explanation="x")
    w.sync()
    assert w.may_send(ANNA)
    w.wait()
    w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    w.sync(desk=replace(w.desk, statuses_per_day=0))
    assert not w.may_send(ANNA)
    w.wait()
    w.sandbox.colleague.resubscribe(ANNA, NEWSLETTER)
    w.sync()
    assert w.state(ANNA) == "WITHDRAWN"
    assert not w.may_send(ANNA)


def test_a_no_reaches_the_spelling_that_hubspot_uses(make: Make) -> None:
    w = make(options={"case_sensitive_addresses": True})
    w.begin()
    w.withdraw("Bo@Example.org")
    w.wait()
    w.create("bO@example.org")
    w.wait(MINUTE)
    w.sync()
    w.wait()
    w.sync(full=True)
    assert w.opted_out_of_all("bO@example.org")


def test_somebody_whose_record_gets_an_erased_address_is_still_heard(w: World) -> None:
    w.grant(ANNA)
    w.sync()
    number = w.create(BO)
    w.suppress(BO)
    w.sandbox.colleague.merge(w.contact_ids[ANNA], number)
    w.wait()
    w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    w.sync(full=True)
    assert not w.may_send(ANNA)
    row = w.row(ANNA)
    assert row is not None
    assert not row.sendable


@pytest.mark.parametrize("lives", [True, False], ids=["the winner lives", "the winner is gone too"])
def test_a_page_that_is_older_than_a_merge_takes_no_address_away(make: Make, lives: bool) -> None:
    """Anna's own address counted as a past one: her next no was written for Carin's alone."""
    w = make(contacts=(ANNA, BO))
    w.begin()
    winner, loser = w.contact_ids[ANNA], w.contact_ids[BO]
    w.sandbox.colleague.edit_email(loser, CARIN)
    page = w.desk.hubspot.contact(loser)
    assert page is not None
    w.wait(MINUTE)
    w.sandbox.colleague.merge(winner, loser)
    w.wait(MINUTE)
    w.sync()
    with w.mirror.write(w.desk.portal) as work:
        if not lives:
            work.contacts.mark_gone([winner], w.now)
        take_in(w.desk, work, Group([page]), Tally())
    w.withdraw(ANNA)
    assert w.opted_out_of_all(CARIN)
    assert w.opted_out_of_all(ANNA) is lives, (
        "a record that shows up by itself says which addresses are its own"
    )


def test_the_stored_answer_changes_with_a_no_of_somebody_who_shares_the_address(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.begin()
    w.sandbox.colleague.edit_email(w.contact_ids[BO], CARIN)
    w.wait(MINUTE)
    w.sync(full=True)
    w.sandbox.colleague.edit_email(w.contact_ids[ANNA], BO)
    w.wait(MINUTE)
    w.sync(full=True)
    w.grant(BO)
    w.sync()
    w.withdraw(CARIN, "newsletter")
    assert not w.may_send(BO)
    row = w.row(BO)
    assert row is not None
    assert not row.sendable


@pytest.mark.parametrize("stale_first", [True, False])
def test_a_no_of_somebody_merged_twice_in_a_row_reaches_the_last_winner(
    make: Make, stale_first: bool
) -> None:
    """Bo won Anna and was merged into Carin; one group holds Carin's record, and Bo's of before that."""
    w = make(contacts=(ANNA, BO, CARIN))
    w.begin()
    w.grant(CARIN)
    w.withdraw(ANNA, "newsletter")
    w.sync()
    w.wait(DAY)
    anna, bo, carin = (w.contact_ids[each] for each in (ANNA, BO, CARIN))
    w.sandbox.colleague.merge(bo, anna)
    stale = w.desk.hubspot.contact(bo)
    w.sandbox.colleague.merge(carin, bo)
    winner = w.desk.hubspot.contact(carin)
    assert stale is not None
    assert winner is not None
    group = [stale, winner] if stale_first else [winner, stale]
    with w.mirror.write(w.desk.portal) as work:
        take_in(w.desk, work, Group(group), Tally())
    assert w.state(CARIN) == "WITHDRAWN"
    assert not w.may_send(CARIN)
    with w.mirror.read(w.desk.portal) as work:
        users = [users_of(work, each) for each in (ANNA, BO, CARIN)]
    assert [[each.merged_into for each in found] for found in users] == [[None]] * 3
    w.sync(full=True)
    assert w.state(CARIN) == "WITHDRAWN"


def test_two_records_that_name_each_other_as_merged_are_both_still_heard(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.begin()
    found = [w.desk.hubspot.contact(w.contact_ids[each]) for each in (ANNA, BO)]
    anna, bo = (each for each in found if each is not None)
    named = [anna._replace(merged_ids=(bo.id,)), bo._replace(merged_ids=(anna.id,))]
    with w.mirror.write(w.desk.portal) as work:
        placing = place(work, named, {}, w.now)
    heard = [each.contact.id for each in (*placing.placed, *placing.quiet)]
    assert sorted(heard) == [anna.id, bo.id]


def test_nobody_is_mailed_whose_statuses_were_never_read(w: World) -> None:
    w.sandbox.person.unsubscribe(BO, NEWSLETTER)
    w.withdraw(BO, "events")
    w.grant(BO)
    assert not w.may_send(BO)


def test_the_persons_own_no_within_a_long_try_of_ours_is_not_taken_for_our_write(make: Make) -> None:
    w = make(options={"wide_shows_in_types": False})
    w.begin()
    began = w.now
    path = "*/statuses/*/unsubscribe-all"
    w.sandbox.machine.fault(effect="status", status=503, method="POST", path=path, name="down")
    w.withdraw(ANNA)
    w.wait(3 * HOUR)
    w.sandbox.person.unsubscribe(ANNA)
    w.wait(HOUR)
    w.sandbox.machine.clear_faults("down")
    w.sync()
    assert not any(each.confirmed_at is None for each in letters(w, ANNA))
    w.grant(ANNA, at=began + HOUR)
    person = w.person(ANNA)
    assert person is not None
    with w.mirror.write(w.desk.portal) as work:
        reconcile(w.desk, work, person.id, {}, Tally())
    push(w.desk, Tally())
    assert w.opted_out_of_all(ANNA)
    assert w.hubspot(ANNA, NEWSLETTER) != SUBSCRIBED


def test_a_record_that_another_claims_without_its_address_is_still_heard(make: Make) -> None:
    w = make(contacts=(ANNA, BO))
    w.begin()
    found = [w.desk.hubspot.contact(w.contact_ids[each]) for each in (ANNA, BO)]
    anna, bo = (each for each in found if each is not None)
    said = anna._replace(opted_out_of_all=True, fingerprint=b"said no!")
    with w.mirror.write(w.desk.portal) as work:
        placing = place(work, [said, bo._replace(merged_ids=(anna.id,))], {}, w.now)
    assert anna.id in [each.contact.id for each in placing.placed]
