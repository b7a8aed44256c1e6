"""An answer that is the one of last time is not taken apart, and never hides a no.

Each test ends in what HubSpot and the mirror hold, whatever the digests are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.acts.tally import Tally
from connector.store.answered import Printer
from jobs.sweep import sweep
from jobs.unchanged import about
from mappings.purposes import Purposes
from mappings.records import Answer, Preferences
from tests.world import (
    ANNA,
    BO,
    CARIN,
    NEWSLETTER,
    NOT_SPECIFIED,
    SUBSCRIBED,
    UNSUBSCRIBED,
    World,
    world,
)

THEN = 1_700_000_000_000


class Counting:
    """The port, and how many answers were taken apart."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.apart: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def taken_apart(self, answer: Answer) -> Preferences | None:
        self.apart.append(answer.address)
        return self._port.taken_apart(answer)  # type: ignore[no-any-return] # the port is Any here


class Clouded(Counting):
    """One row of each answer names no subscription type."""

    def taken_apart(self, answer: Answer) -> Preferences | None:
        found = super().taken_apart(answer)
        return found and found._replace(unreadable=1)


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    """Three people, all subscribed long ago; one sweep has kept what HubSpot answered about each."""
    with world(tmp_path, contacts=(ANNA, BO, CARIN)) as made:
        for address in (ANNA, BO, CARIN):
            subscribe(made, address)
        made.begin()
        swept(made)
        assert kept(made) == {made.contact_ids[each] for each in (ANNA, BO, CARIN)}
        yield made


def subscribe(w: World, address: str) -> None:
    """The same bytes each time: a copy of an old state, put back."""
    w.sandbox.register.put_status(address, NEWSLETTER, SUBSCRIBED, at=THEN)


def swept(w: World, kind: type[Counting] = Counting, **other: Any) -> list[str]:
    """A sweep: whose answers were taken apart."""
    w.wait()
    desk = replace(w.wrapped(kind), **other)
    sweep(desk, Tally())
    apart: list[str] = desk.hubspot.apart  # type: ignore[attr-defined] # it is a Counting
    return sorted(set(apart))


def kept(w: World) -> set[int]:
    with w.mirror.read(w.desk.portal) as work:
        return set(work.answered.of(w.contact_ids.values()))


def test_nothing_is_taken_apart_where_nothing_changed_and_everybody_counts_as_read(w: World) -> None:
    assert swept(w) == []
    with w.mirror.read(w.desk.portal) as work:
        rows = work.contacts.by_ids(w.contact_ids.values())
    assert {row.statuses_read_at for row in rows.values()} == {w.now}


def test_a_no_in_hubspot_is_found_and_only_its_answer_taken_apart(w: World) -> None:
    w.sandbox.person.unsubscribe(BO, NEWSLETTER)
    with w.mirror.write(w.desk.portal) as work:  # as if the property's change had been seen before
        found = w.desk.hubspot.contact(w.contact_ids[BO])
        assert found is not None
        work.contacts.put(
            [work.contacts.by_ids([found.id])[found.id]._replace(fingerprint=found.fingerprint)]
        )
    assert BO in swept(w)
    assert w.state(BO) == "WITHDRAWN"


def test_a_yes_that_comes_back_with_the_very_same_bytes_meets_the_no_that_was_pushed(w: World) -> None:
    w.withdraw(ANNA)
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    assert w.contact_ids[ANNA] not in kept(w)
    w.sync()
    swept(w)
    w.sandbox.register.clear_status(ANNA)
    subscribe(w, ANNA)
    assert ANNA in swept(w)
    w.sync()
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    assert not w.may_send(ANNA)


def test_a_no_that_waits_to_be_pushed_survives_sweeps_that_find_the_answer_of_last_time(w: World) -> None:
    w.sandbox.machine.fault(effect="status", status=500, path="*", name="down")
    w.withdraw(ANNA)
    w.sandbox.machine.clear_faults()
    assert w.hubspot(ANNA, NEWSLETTER) == SUBSCRIBED
    swept(w)
    assert swept(w) == []
    assert not w.may_send(ANNA)
    w.sync()
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    w.sandbox.register.clear_status(ANNA)
    subscribe(w, ANNA)
    w.sync(full=True)
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def test_a_status_that_another_door_saw_first_is_compared_again(w: World) -> None:
    """The statuses of an address changed in the mirror: what was answered before them says nothing."""
    w.sandbox.app.set_status(BO, NEWSLETTER, UNSUBSCRIBED)
    w.sync()
    assert w.contact_ids[BO] not in kept(w)
    w.sandbox.register.clear_status(BO)
    assert BO in swept(w)
    assert w.hubspot(BO, NEWSLETTER) == NOT_SPECIFIED


def test_another_configuration_looks_at_every_answer_again(w: World) -> None:
    fewer = Purposes(each for each in w.desk.purposes if each.key != "events")
    assert swept(w, purposes=fewer) == [ANNA, BO, CARIN]
    assert swept(w, purposes=fewer) == []
    assert swept(w) == [ANNA, BO, CARIN]


def test_the_configuration_is_spelled_alike_in_every_process(w: World) -> None:
    again = Purposes(replace(each) for each in reversed(list(w.desk.purposes)))
    assert about(replace(w.desk, purposes=again)) == about(w.desk)


def test_erased_people_leave_no_digest_and_who_shares_their_address_is_looked_at_again(w: World) -> None:
    contact = w.sandbox.engine.rooms.portal.contact(w.contact_ids[BO])
    assert contact is not None
    contact.additional = (ANNA,)
    swept(w)
    swept(w)
    assert w.contact_ids[BO] in kept(w)
    with w.mirror.write(w.desk.portal) as work:
        who = work.contacts.by_ids([w.contact_ids[ANNA]])[w.contact_ids[ANNA]].person_id
        assert who is not None
        work.people.shred(who)
    assert kept(w) == {w.contact_ids[CARIN]}


def test_a_suppressed_address_in_somebodys_record_is_seen_every_time(w: World) -> None:
    w.suppress(CARIN)
    assert w.contact_ids[CARIN] not in kept(w)
    swept(w)
    swept(w)
    assert w.contact_ids[CARIN] not in kept(w)


def test_an_answer_that_was_not_read_in_full_is_not_kept(w: World) -> None:
    with w.mirror.write(w.desk.portal) as work:
        work.answered.forget_all()
    swept(w, Clouded)
    assert kept(w) == set()
    swept(w)
    assert len(kept(w)) == 3


def test_a_record_that_was_gone_or_changed_is_not_what_it_was(w: World) -> None:
    anna, bo = w.contact_ids[ANNA], w.contact_ids[BO]
    with w.mirror.write(w.desk.portal) as work:
        work.contacts.mark_gone([anna], w.now)
        work.contacts.put(list(work.contacts.by_ids([bo]).values()))
    assert kept(w) == {w.contact_ids[CARIN]}


def test_after_a_restore_nothing_is_known(w: World) -> None:
    with w.mirror.write(w.desk.portal) as work:
        work.contacts.forget_statuses()
    assert kept(w) == set()


ANSWER = Answer("anna@example.org", b'[{"status":"SUBSCRIBED"}]', b"[]", 5)


@pytest.mark.parametrize(
    ("key", "about_", "answers"),
    [
        pytest.param(b"b" * 32, b"x", [ANSWER], id="another key"),
        pytest.param(b"a" * 32, b"y", [ANSWER], id="another configuration"),
        pytest.param(b"a" * 32, b"x", [ANSWER._replace(address="bo@example.org")], id="another address"),
        pytest.param(b"a" * 32, b"x", [ANSWER._replace(statuses=b"[]")], id="other statuses"),
        pytest.param(b"a" * 32, b"x", [ANSWER._replace(wide=b"[{}]")], id="an opt-out of everything"),
        pytest.param(b"a" * 32, b"x", [ANSWER._replace(wide=None)], id="nothing about everything"),
        pytest.param(b"a" * 32, b"x", [ANSWER, ANSWER], id="more addresses"),
        pytest.param(b"a" * 32, b"x", [], id="none"),
    ],
)
def test_a_digest_speaks_of_key_configuration_and_every_byte(
    key: bytes, about_: bytes, answers: Sequence[Answer]
) -> None:
    ours = Printer(b"a" * 32, b"x")
    assert ours([ANSWER]) == Printer(b"a" * 32, b"x")([ANSWER._replace(read_at=9)])
    assert Printer(key, about_)(answers) != ours([ANSWER])
