"""An erasure, stage by stage, through the acts and the commands, on the sandbox portal."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connector.acts import erasure, suppressed
from connector.acts.annul import annul
from connector.acts.decide import decide
from connector.acts.erase import Order, Outcome, erase, plan, resume_erasures
from connector.acts.holds import add_hold, remove_hold
from connector.acts.restrict import restrict, unrestrict
from connector.consent.events import Basis, EventType, Overlay
from connector.errors import ConfigurationError, Refused, Stopped
from connector.store.cases import CaseKind
from connector.store.suppression import SuppressionKind
from connector.store.users import Role
from tests.world import ANNA, BO, CARIN, DAVID, DAY, EVA, HOUR, MINUTE, World, world

PASSWORD = "a long enough password"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO)) as made:
        made.begin()
        yield made


def done(place: World, address: str = ANNA, **more: Any) -> Outcome:
    return erase(place.desk, address, Order(**more))


def users(place: World, *names: str) -> None:
    with place.mirror.write(place.desk.portal) as work:
        for name in names:
            work.users.add(name, Role.DPO, PASSWORD, place.now)


def gone_in_hubspot(place: World, address: str) -> bool:
    number = place.contact_ids[address]
    hubspot = place.desk.hubspot
    return hubspot.contact(number) is None and hubspot.contact(number, archived=True) is None


# --- the whole -------------------------------------------------------------------------------------------


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(place: World) -> None:
    place.grant(ANNA)
    before = len(place.nobodys()), len(place.writes())
    told = plan(place.desk, ANNA)
    assert (told.stage, told.request, told.suppressed) == ("dry run", None, 1)
    assert told.would is not None
    assert told.would["contacts"] == [place.contact_ids[ANNA]]
    assert (told.would["entries"], told.would["letters"], told.would["hold"]) == (2, 1, False)
    assert (len(place.nobodys()), len(place.writes())) == before
    assert place.person(ANNA).overlay is None


def test_an_erasure_goes_all_the_way(place: World) -> None:
    place.grant(ANNA)
    ref = place.person(ANNA).ref
    ended = done(place, reason="she asked on the phone")
    assert (ended.stage, ended.subject, ended.suppressed, ended.pending) == ("erased", ref, 1, 0)
    assert gone_in_hubspot(place, ANNA)
    assert place.opted_out_of_all(ANNA)
    assert place.person(ANNA) is None
    with place.mirror.read(place.desk.portal) as work:
        tombstone = work.people.by_ref(ref)
        assert tombstone.overlay is Overlay.ERASED
        assert work.suppression.is_erased(ANNA)
        assert work.cases.pending() == []
        assert erasure.under_way(work) == []
        types = [header.type for header in work.log.headers(subject_ref=ref)]
        assert types[-1] == EventType.ERASED
        assert EventType.PUSH_CONFIRMED in types
        assert types.index(EventType.ERASE_REQUESTED) < types.index(EventType.PUSH_CONFIRMED)
        assert all(v.type != "erased" or v.subject_ref == ref for v in work.log.headers())
    assert place.cli("log", "verify", "--payloads").code == 0


def test_it_deletes_by_id_and_never_by_address(place: World) -> None:
    done(place)
    posts = [r for r in place.sandbox.machine.requests() if "gdpr-delete" in r["route"]]
    assert len(posts) == 1
    assert EVA not in place.sandbox.machine.address(EVA)["statuses"]
    assert not place.sandbox.machine.address(EVA)["blocklisted"]


@pytest.mark.parametrize("spelling", [ANNA, "ANNA@Example.ORG", " anna@example.org "])
def test_after_it_no_door_brings_them_back_in_any_spelling(place: World, spelling: str) -> None:
    done(place)
    people = count(place)
    place.withdraw(spelling)
    place.wait()
    place.sync(full=True)
    assert count(place) == people
    assert place.person(ANNA) is None
    assert place.cli("person", "show", spelling.strip(), "--json").json == {
        "known": False,
        "overlay": "ERASED",
    }


def count(place: World) -> int:
    with place.mirror.read(place.desk.portal) as work:
        return work.people.count()


def test_our_own_erasure_is_no_reappearance_and_no_deletion_from_outside(place: World) -> None:
    done(place)
    place.wait()
    place.sync(full=True)
    with place.mirror.read(place.desk.portal) as work:
        assert work.cases.pending() == []
    assert place.reviews() == []


def test_somebody_whom_only_hubspot_knows_is_looked_up_there(place: World) -> None:
    number = place.create(CARIN)
    told = plan(place.desk, CARIN)
    assert told.would is not None
    assert told.would["contacts"] == [number]
    assert done(place, CARIN).stage == "erased"
    assert place.desk.hubspot.contact(number) is None
    with place.mirror.read(place.desk.portal) as work:
        assert work.suppression.is_erased(CARIN)


def test_a_stranger_is_refused_and_nobody_is_blocklisted(place: World) -> None:
    for act in (lambda: plan(place.desk, EVA), lambda: done(place, EVA)):
        with pytest.raises(Refused):
            act()
    assert not place.sandbox.machine.address(EVA)["blocklisted"]


def test_without_suppression_is_honoured_and_logged(place: World) -> None:
    ref = place.person(ANNA).ref
    assert done(place, suppress=False).suppressed == 0
    with place.mirror.read(place.desk.portal) as work:
        assert not work.suppression.screen([ANNA])
        entry = work.log.headers(subject_ref=ref)[-1]
        person = work.people.by_ref(ref)
        found = {e.id: e for e in work.log.events_of([person.id]).get(person.id, [])}
    assert entry.type == EventType.ERASED
    assert found == {} or all(
        not e.detail["suppressed"] for e in found.values() if e.type is EventType.ERASED
    )


def test_what_it_means_is_explained_before_it_is_honoured(place: World) -> None:
    told = place.cli("erase", ANNA, "--without-suppression")
    assert "nothing then keeps" in " ".join(told.out.split())
    assert "nothing then keeps" not in place.cli("erase", ANNA).out


def test_the_list_may_be_refused_until_something_is_on_it(place: World) -> None:
    add_hold(place.desk, ANNA, "case", "staff:dora")
    done(place)
    remove_hold(place.desk, ANNA, "settled", "staff:dora")
    assert done(place, suppress=False).suppressed == 0
    assert not suppressed.check(place.desk, ANNA)["suppressed"]


def test_all_addresses_of_the_person_are_suppressed_and_a_shared_one_is_not(place: World) -> None:
    for address in (CARIN, DAVID):
        place.sandbox.colleague.merge(place.contact_ids[ANNA], place.create(address))
    place.create(EVA)
    place.wait()
    place.sync(full=True)
    with place.mirror.write(place.desk.portal) as work:
        from connector.store.people import AddressKind, NewAddress

        eva = work.people.by_address(EVA)[0]
        work.people.add_addresses([(eva.id, NewAddress(DAVID, DAVID, AddressKind.ADDITIONAL))])
    ended = done(place)
    assert ended.stage == "erased"
    with place.mirror.read(place.desk.portal) as work:
        assert set(work.suppression.screen([ANNA, CARIN, DAVID])) == {ANNA, CARIN}
        assert len(work.people.by_address(DAVID)) == 1


# --- what stands in the way ------------------------------------------------------------------------------


def test_a_shared_address_is_refused_before_anything_happens(place: World) -> None:
    from connector.store.people import NewAddress

    with place.mirror.write(place.desk.portal) as work:
        other = work.people.by_address(BO)[0]
        work.people.add_addresses([(other.id, NewAddress(ANNA, ANNA))])
    with pytest.raises(Stopped, match="share"):
        done(place)
    assert place.person(ANNA).overlay is None


def test_a_legal_hold_stops_the_destruction_and_not_the_restriction(place: World) -> None:
    add_hold(place.desk, ANNA, "case T 123-26", "staff:dora")
    stopped = done(place)
    assert (stopped.stage, stopped.waits) == ("restricted", "legal_hold")
    assert place.person(ANNA).overlay is Overlay.RESTRICTED
    assert place.opted_out_of_all(ANNA)
    assert not gone_in_hubspot(place, ANNA)
    place.sync()
    assert place.person(ANNA) is not None
    remove_hold(place.desk, ANNA, "settled", "staff:dora")
    place.sync()
    assert place.person(ANNA) is None
    assert gone_in_hubspot(place, ANNA)


def test_something_that_must_be_kept_asks_two_people(tmp_path: Path) -> None:
    extra = '[[purposes]]\nkey = "invoices"\nsubscription_id = 104\n'
    extra += 'basis = "legal_obligation"\nmarketing = false\n'
    with world(tmp_path, extra=extra) as place:
        place.begin()
        place.grant(ANNA, "invoices", basis=Basis.LEGAL_OBLIGATION)
        stopped = done(place)
        assert stopped.waits == "exception"
        assert plan(place.desk, ANNA).would["exceptions"] == ["invoices"]
        users(place, "anna", "bo")
        review = place.reviews()[0]
        assert decide(place.desk, review.id, "approve", "anna").waiting
        assert place.person(ANNA) is not None
        decide(place.desk, review.id, "approve", "bo")
        assert place.person(ANNA) is None
        assert gone_in_hubspot(place, ANNA)


def test_the_breaker_stops_the_fourth_of_a_day(tmp_path: Path) -> None:
    people = (ANNA, BO, CARIN, DAVID)
    with world(tmp_path, contacts=people) as place:
        place.begin()
        assert [done(place, each).stage for each in people[:3]] == ["erased"] * 3
        stopped = done(place, DAVID)
        assert (stopped.stage, stopped.waits) == ("restricted", "breaker")
        assert place.opted_out_of_all(DAVID), "a no is never held"
        place.wait(DAY + HOUR)
        place.sync()
        assert place.person(DAVID) is not None, "two people look, time alone does not"
        assert [each.kind for each in place.reviews()] == ["erasure"]


def test_a_rejected_erasure_lifts_the_restriction(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA,), extra="[breaker]\nerasures = 0\n") as place:
        place.begin()
        assert done(place).waits == "breaker"
        decide(place.desk, place.reviews()[0].id, "reject", "dora", "wrong Anna")
        assert place.person(ANNA).overlay is None
        place.sync()
        assert place.person(ANNA) is not None
        assert not gone_in_hubspot(place, ANNA)


def test_a_record_that_went_to_another_address_is_not_touched(place: World) -> None:
    place.sandbox.colleague.edit_email(place.contact_ids[ANNA], CARIN)
    stopped = done(place)
    assert (stopped.stage, stopped.waits) == ("suppressed", "other_address")
    assert place.desk.hubspot.contact(place.contact_ids[ANNA]) is not None


def test_a_record_made_anew_since_the_last_pull_goes_too(place: World) -> None:
    place.sandbox.colleague.archive(place.contact_ids[ANNA])
    again = place.create(ANNA)
    assert done(place).stage == "erased"
    assert place.desk.hubspot.contact(again) is None
    assert gone_in_hubspot(place, ANNA)


def test_hubspot_that_purges_slowly_is_told_and_looked_at_again(tmp_path: Path) -> None:
    with world(tmp_path, options={"erased_shows_archived": True}) as place:
        place.begin()
        ended = done(place)
        assert (ended.stage, ended.pending) == ("done here, pending at processor", 1)
        assert place.person(ANNA) is None
        place.wait()
        place.sync(full=True)
        with place.mirror.read(place.desk.portal) as work:
            assert [case.kind for case in work.cases.pending()] == [CaseKind.PENDING_ERASURE]
        place.sandbox.machine.options(erased_shows_archived=False)
        place.wait(2 * HOUR)
        place.sync()
        with place.mirror.read(place.desk.portal) as work:
            assert work.cases.pending() == []


def test_hubspot_away_leaves_it_restricted_and_the_turn_goes_on(place: World) -> None:
    place.sandbox.machine.fault(effect="status", path="/communication-preferences/*", status=503)
    halted = done(place)
    assert (halted.stage, halted.later) == ("restricted", True)
    assert halted.pending
    assert place.person(ANNA).overlay is Overlay.RESTRICTED
    place.sandbox.machine.clear_faults()
    place.wait(20 * MINUTE)
    place.sync()
    assert place.person(ANNA) is None
    assert gone_in_hubspot(place, ANNA)


# --- seen from outside -----------------------------------------------------------------------------------


def test_a_deletion_in_hubspot_restricts_at_once_and_erases_after_a_day(place: World) -> None:
    place.sync(full=True)
    place.wait()
    place.sandbox.colleague.privacy_delete(place.contact_ids[ANNA])
    place.sync(full=True)
    assert place.person(ANNA).overlay is Overlay.RESTRICTED
    place.wait(23 * HOUR)
    place.sync()
    assert place.person(ANNA) is not None
    place.wait(2 * HOUR)
    place.sync()
    assert place.person(ANNA) is None
    with place.mirror.read(place.desk.portal) as work:
        assert work.suppression.is_erased(ANNA)
        assert work.cases.pending() == []


def test_unrestrict_takes_a_deletion_from_outside_back(place: World) -> None:
    place.sync(full=True)
    place.wait()
    place.sandbox.colleague.privacy_delete(place.contact_ids[ANNA])
    place.sync(full=True)
    unrestrict(place.desk, ANNA, "staff:dora")
    place.wait(2 * DAY)
    place.sync()
    assert place.person(ANNA).overlay is None


@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_a_doubtful_deletion_waits_for_two_people(tmp_path: Path, answer: str) -> None:
    with world(tmp_path, contacts=(ANNA,), extra="[breaker]\nerasures = 0\nvanished = 1.0\n") as place:
        place.begin()
        place.sync(full=True)
        place.wait()
        place.sandbox.colleague.privacy_delete(place.contact_ids[ANNA])
        place.sync(full=True)
        place.wait(2 * DAY)
        place.sync()
        assert place.person(ANNA).overlay is Overlay.RESTRICTED
        users(place, "anna", "bo")
        review = place.reviews()[0]
        decide(place.desk, review.id, answer, "anna")
        if answer == "approve":
            decide(place.desk, review.id, answer, "bo")
            assert place.person(ANNA) is None
        else:
            assert place.person(ANNA).overlay is None
        assert place.reviews() == []
        with place.mirror.read(place.desk.portal) as work:
            assert work.cases.pending() == []


@pytest.mark.parametrize("configured", [False, True], ids=["shown", "erased again"])
def test_a_reappearance_is_unsubscribed_and_if_configured_erased_again(
    tmp_path: Path, configured: bool
) -> None:
    with world(tmp_path, portal=f"erase_again = {str(configured).lower()}\n") as place:
        place.begin()
        done(place)
        people = count(place)
        again = int(
            place.sandbox.engine.rooms.contacts.create({"email": ANNA}, _api(), enforce_required=False).id
        )
        place.wait()
        place.sync(full=True)
        place.wait()
        place.sync()
        assert count(place) == people
        assert place.opted_out_of_all(ANNA)
        assert (place.desk.hubspot.contact(again) is None) is configured
        with place.mirror.read(place.desk.portal) as work:
            assert [case.kind for case in work.cases.pending()] == [] if configured else [CaseKind.REAPPEARED]
        if not configured:
            assert done(place).stage == "erased"
            assert place.desk.hubspot.contact(again) is None


def _api() -> Any:
    from connector.sandbox.actors import COLLEAGUE

    return COLLEAGUE


# --- restriction, hold, annul, the list ------------------------------------------------------------------


def test_restriction_stops_sending_and_tells_hubspot(place: World) -> None:
    place.grant(ANNA)
    assert restrict(place.desk, ANNA, "staff:dora").pending == 0
    assert place.opted_out_of_all(ANNA)
    assert not place.may_send(ANNA)
    unrestrict(place.desk, ANNA, "staff:dora")
    assert place.person(ANNA).overlay is None
    for act in (restrict, unrestrict):
        with pytest.raises(Refused):
            act(place.desk, EVA, "staff:dora")


def test_a_hold_needs_a_reason(place: World) -> None:
    with pytest.raises(ConfigurationError):
        add_hold(place.desk, ANNA, " ", "staff:dora")


def test_a_wrong_no_is_undone_by_two_people_and_by_nobody_alone(place: World) -> None:
    place.grant(ANNA)
    place.wait()
    place.withdraw(ANNA, "newsletter")
    no = next(each for each in place.log(ANNA) if each.type is EventType.WITHDRAW)
    with pytest.raises(Stopped):
        annul(place.desk, no.id, "wrong Anna", "anna")
    users(place, "anna", "bo")
    assert annul(place.desk, no.id, "wrong Anna", "anna").waiting
    assert annul(place.desk, no.id, "wrong Anna", "anna").waiting
    assert place.state(ANNA) == "WITHDRAWN"
    assert not annul(place.desk, no.id, "wrong Anna", "bo").waiting
    assert place.state(ANNA) == "GRANTED"
    with pytest.raises(Refused):
        annul(place.desk, "0" * 32, "wrong Anna", "bo")


def test_the_list_answers_in_one_shape(place: World) -> None:
    place.mirror.suppress(place.desk.portal, EVA, SuppressionKind.ERASED)
    assert suppressed.check(place.desk, EVA) == {"suppressed": True}
    assert suppressed.check(place.desk, BO) == {"suppressed": False}
    assert suppressed.overview(place.desk)["count"] == 1
    assert suppressed.overview(place.desk)["review_due"] == 0
    place.wait(37 * 31 * DAY)
    assert suppressed.overview(place.desk)["review_due"] == 1


def test_the_commands_answer_as_the_contract_says(place: World) -> None:
    dry = place.cli("erase", ANNA, "--json")
    assert (dry.code, dry.json["stage"]) == (0, "dry run")
    assert place.cli("hold", "add", ANNA, "--reason", "case").code == 0
    held = place.cli("erase", ANNA, "--confirm", "--json")
    assert (held.code, held.json["stage"], held.json["waits"]) == (4, "restricted", "legal_hold")
    assert place.cli("hold", "remove", ANNA, "--reason", "settled").code == 0
    ended = place.cli("erase", ANNA, "--confirm", "--json")
    assert (ended.code, ended.json["stage"], ended.json["suppressed"]) == (0, "erased", 1)
    assert {"subject", "stage", "request", "suppressed", "pending"} <= ended.json.keys()
    assert place.cli("erase", EVA, "--confirm").code == 3
    assert place.cli("erase", "nonsense", "--confirm").code == 2
    assert place.cli("suppression", "--json").json["count"] == 1
    assert place.cli("suppression", "check", ANNA, "--json").json == {"suppressed": True}
    assert place.cli("suppression", "--json", "check", BO).json == {"suppressed": False}
    assert place.cli("restrict", BO, "--json").json["overlay"] == "RESTRICTED"
    assert place.cli("unrestrict", BO).code == 0
    told = place.cli("erase", BO)
    assert ANNA not in told.out + told.err + ended.err
    assert "Nothing was written" in told.out


# --- crashes ---------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process dies here."""


class Fuse:
    """Burns down with each call and each commit, and ends the process at the last."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.burnt = 0

    def burn(self) -> None:
        self.burnt += 1
        self.left -= 1
        if self.left == 0:
            raise Crash


class Dying:
    """HubSpot's port: dies before or after a call."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def call(*args: Any, **more: Any) -> Any:
            self._fuse.burn()
            answer = found(*args, **more)
            self._fuse.burn()
            return answer

        return call


class DyingMirror:
    """The mirror: dies before or after a commit."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @contextmanager
    def write(self, portal: int) -> Iterator[Any]:
        with self._real.write(portal) as work:
            yield work
            self._fuse.burn()
        self._fuse.burn()

    def suppress(self, *args: Any) -> Any:
        self._fuse.burn()
        answer = self._real.suppress(*args)
        self._fuse.burn()
        return answer

    def truncate_wal(self) -> bool:
        self._fuse.burn()
        return bool(self._real.truncate_wal())


def afterwards(place: World, ref: str) -> dict[str, Any]:
    """What there is to compare once all is over."""
    with place.mirror.read(place.desk.portal) as work:
        types = [h.type for h in work.log.headers(subject_ref=ref)]
        return {
            "types": types,
            "overlay": work.people.by_ref(ref).overlay,
            "listed": work.suppression.size(),
            "cases": work.cases.pending(),
            "under_way": erasure.under_way(work),
            "outbox": work.outbox.waiting().count,
            "meta": sorted(set(work.meta.all()) - {"purge_looked"}),
            "left": work.people.count(),
        }


def crashed(place: World, address: str, left: int) -> tuple[int, dict[str, Any]]:
    """One erasure that dies at the `left`-th moment and is taken up by the next turn."""
    ref, fuse = place.person(address).ref, Fuse(left)
    desk = dataclasses.replace(
        place.desk, hubspot=Dying(place.desk.hubspot, fuse), mirror=DyingMirror(place.mirror, fuse)
    )
    try:
        erase(desk, address, Order())
    except Crash:
        place.wait(5 * MINUTE)  # the claim of a letter that was on its way runs out
        with place.mirror.read(place.desk.portal) as work:
            begun = bool(erasure.under_way(work)) or work.people.by_ref(ref).overlay is Overlay.ERASED
        if not begun:
            erase(place.desk, address, Order())
        resume_erasures(place.desk)
    assert gone_in_hubspot(place, address)
    assert place.opted_out_of_all(address)
    with place.mirror.read(place.desk.portal) as work:
        assert work.suppression.is_erased(address)
    return fuse.burnt, afterwards(place, ref)


def test_a_crash_at_any_call_or_commit_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    many = 100
    names = [f"person{number}@example.org" for number in range(many)]
    with world(tmp_path, contacts=names, extra="[breaker]\nerasures = 1000\n") as place:
        place.begin()
        moments, whole = crashed(place, names[0], 10**6)
        assert 20 < moments < many
        assert whole["types"][-1] == "erased"
        for left in range(1, moments + 1):
            _, after = crashed(place, names[left], left)
            expected = whole | {"listed": left + 1, "left": many - left - 1}
            assert after == expected, f"died at moment {left} of {moments}"
        assert place.cli("log", "verify", "--payloads").code == 0


def test_the_turn_goes_on_when_one_erasure_cannot(place: World) -> None:
    add_hold(place.desk, ANNA, "case", "staff:dora")
    done(place)
    add_hold(place.desk, BO, "case", "staff:dora")
    done(place, BO)
    remove_hold(place.desk, BO, "settled", "staff:dora")
    resume_erasures(place.desk)
    assert place.person(BO) is None
    assert place.person(ANNA) is not None
