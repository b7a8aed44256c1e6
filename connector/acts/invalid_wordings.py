"""A wording that two people found defective: every yes that stands on it ends, whoever gave it and whenever.

One `invalidate` entry for each person and purpose; the table then decides what follows in HubSpot (row 19).
Large registers are gone through in groups, and what was cut off goes on with the next turn; a yes on the same
wording that comes in later ends as well. Nobody is written to about it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.acts.desk import Desk
from connector.acts.reconcile import Matter, reconcile_group
from connector.acts.tally import Tally
from connector.consent.events import Event, EventType, Source, State
from connector.store.blobs import Given
from connector.store.reviews import Review
from connector.store.states import StateRow
from connector.store.work import Work
from mappings.addresses import mask
from mappings.purposes import Purpose
from mappings.times import iso

KIND: Final = "invalidate_wording"
PREFIX: Final = "invalid_wording:"  # in meta: hash -> reason, who, how far
GROUP: Final = 100
ENDED: Final = (State.EXPIRED, State.INVALIDATED)


def begin(desk: Desk, work: Work, review: Review, user: str) -> None:
    """Two people have agreed: from now on nobody can have consented to this wording."""
    others = [f"staff:{name}" for name, _ in review.approvals if name != user]
    told = {
        "reason": str(review.detail["reason"]),
        "actor": f"staff:{user}",
        "approved_by": others,
        "at": desk.clock.now(),
        "seq": 0,
    }
    work.meta.put(f"{PREFIX}{review.detail['wording']}", told)


def invalid(work: Work) -> dict[str, dict[str, Any]]:
    """Every wording that was found defective, by its hash."""
    return {
        key.removeprefix(PREFIX): value for key, value in work.meta.all().items() if key.startswith(PREFIX)
    }


def carry_on(desk: Desk, tally: Tally) -> int:
    """Go through the consents that have not been looked at yet; how many ended."""
    with desk.mirror.read(desk.portal) as work:
        known, size = invalid(work), work.log.size()
    return sum(_one(desk, tally, each, told) for each, told in known.items() if told["seq"] < size)


def _one(desk: Desk, tally: Tally, wording: str, told: Mapping[str, Any]) -> int:
    done, after = 0, int(told["seq"])
    while True:
        with desk.mirror.write(desk.portal) as work:
            size = work.log.size()
            given = work.blobs.given(wording, after, GROUP)
            after = given[-1].seq if len(given) == GROUP else size
            done += _end(desk, work, tally, wording, told, given)
            # what this very group appended names the wording too, and is no yes
            work.meta.put(f"{PREFIX}{wording}", {**told, "seq": after})
        if len(given) < GROUP:
            return done


def _end(
    desk: Desk, work: Work, tally: Tally, wording: str, told: Mapping[str, Any], given: Iterable[Given]
) -> int:
    people = {each.person_id: work.people.living(each.person_id) for each in given}
    found = {
        (person.id, each.purpose): _entry(wording, each.purpose, told)
        for each in given
        if (person := people[each.person_id]) is not None
    }
    if not found:
        return 0
    work.log.append([(number, event) for (number, _), event in found.items()])
    numbers = dict.fromkeys(number for number, _ in found)
    reconcile_group(desk, work, [Matter(number, {}) for number in numbers], tally)
    return len(found)


def _entry(wording: str, purpose: str, told: Mapping[str, Any]) -> Event:
    return Event(
        type=EventType.INVALIDATE,
        purpose=purpose,
        wording=wording,
        actor=told["actor"],
        source=Source.CLI,
        source_ref=f"invalidate:{wording}:{purpose}",
        reason=told["reason"],
        approved_by=tuple(told["approved_by"]),
    )


# --- who is to be asked again ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Somebody whose yes has ended. `by_mail`: a purpose for which they may be mailed now, to ask them there;
    without one they may be asked when they come by themselves: asking by mail is marketing."""

    subject: str
    address: str
    purpose: str
    state: State
    since: int | None
    by_mail: str | None

    def document(self) -> dict[str, Any]:
        """One entry of `wording reask --json`."""
        return {
            "subject": self.subject,
            "address": self.address,
            "purpose": self.purpose,
            "state": self.state,
            "since": iso(self.since),
            "by_mail": self.by_mail,
        }


def to_be_asked(desk: Desk) -> Iterator[Again]:
    """Everyone whose consent has expired or was invalidated, by purpose, from one snapshot."""
    with desk.mirror.read(desk.portal) as work:
        for purpose in desk.purposes:
            for state in ENDED:
                after = 0
                while page := work.states.people_in(purpose.key, state, after, 500):
                    after = page[-1][0]
                    yield from _page(desk, work, purpose, page)


def _page(desk: Desk, work: Work, purpose: Purpose, page: list[tuple[int, StateRow]]) -> Iterator[Again]:
    ids = [number for number, _ in page]
    people, addresses, states = work.people.by_ids(ids), work.people.addresses(ids), work.states.of(ids)
    for number, row in page:
        others = (each.key for each in desk.purposes if each.marketing and each.key != purpose.key)
        held = addresses.get(number, [])
        yield Again(
            subject=people[number].ref,
            address=mask(held[0].original) if held else "",
            purpose=purpose.key,
            state=row.state,
            since=row.since,
            by_mail=next((key for key in others if _may(states.get((number, key)))), None),
        )


def _may(row: StateRow | None) -> bool:
    return row is not None and row.sendable
