"""The bulk path of a backfill, without HubSpot: what a test and a benchmark both drive and measure.

Run it: python tests/store/bulk_path.py URL COUNT
"""

import sys
import time
from dataclasses import dataclass

from connector.clock import SystemChance, SystemClock
from connector.consent.events import Event, EventType, Grade, Source, State
from connector.proof import keys
from connector.proof.verify import End, Verdict, verify_log
from connector.store.contacts import ContactRow
from connector.store.mirror import Mirror
from connector.store.observed import ObservedRow
from connector.store.people import NewAddress
from connector.store.states import StateRow
from mappings.words import LegalBasis, Status

PORTAL = 62515
PAGE = 500  # contacts in one transaction: below 100 ms


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU and wall time of a run."""

    contacts: int
    cpu_s: float
    wall_s: float
    longest_ms: float

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a contact."""
        return self.cpu_s / self.contacts * 1e6


def fill(mirror: Mirror, count: int, *, start: int = 1, rich: bool = True) -> Measured:
    """Store `count` new contacts as a backfill does, 1.1 events each.

    `rich`: with observed statuses of three purposes and a state, as a portal with batches has them.
    """
    cpu, wall, longest = time.process_time(), time.perf_counter(), 0.0
    for first in range(start, start + count, PAGE):
        begun = time.perf_counter()
        _page(mirror, range(first, min(first + PAGE, start + count)), rich=rich)
        longest = max(longest, time.perf_counter() - begun)
    return Measured(count, time.process_time() - cpu, time.perf_counter() - wall, longest * 1000)


def _page(mirror: Mirror, ids: range, *, rich: bool) -> None:
    now = 1_795_000_000_000
    with mirror.write(PORTAL) as work:
        addresses = [f"person.{number}@canary-{number % 977}.example.se" for number in ids]
        work.contacts.by_ids(ids)
        refs = work.people.address_refs(addresses)
        work.people.persons_of(refs.values())
        people = work.people.create([[NewAddress(each, each)] for each in addresses])
        work.contacts.put(
            [
                ContactRow(number, person.id, b"finger98", "IMPORT", now, now, now)
                for number, person in zip(ids, people, strict=True)
            ]
        )
        events, observed, states = [], [], {}
        for number, (person, address) in enumerate(zip(people, addresses, strict=True)):
            ref = refs[address]
            events.append((person.id, _seen(ids[number], ref, now)))
            if number % 10 == 0:
                events.append((person.id, _claim(ref, now)))
            if rich:
                observed += [_status(ref, purpose, now) for purpose in (101, 102, 103)]
                states[person.id, "newsletter"] = StateRow(
                    state=State.CLAIMED, since=now, grade=Grade.E1, seq=ids[number], row=11
                )
        work.log.append(events)
        work.observed.put(observed)
        work.states.put(states)


def _seen(contact_id: int, ref: str, now: int) -> Event:
    return Event(
        type=EventType.IDENTIFIER_ADDED,
        source=Source.HUBSPOT,
        source_ref=f"contact:{contact_id}",
        actor="system:hubspot",
        address=ref,
        observed_at=now,
        detail={"contact": contact_id, "object_source": "IMPORT"},
    )


def _claim(ref: str, now: int) -> Event:
    return Event(
        type=EventType.CLAIM,
        purpose="newsletter",
        source=Source.HUBSPOT,
        actor="unknown",
        address=ref,
        t_lo=now,
        t_hi=now,
        observed_at=now,
        observation="01a20d1451d770c080000000007d50ae",
        grade=Grade.E1,
        row=11,
    )


def _status(ref: str, subscription: int, now: int) -> ObservedRow:
    return ObservedRow(
        ref,
        subscription,
        Status.SUBSCRIBED,
        now,
        "SUBSCRIPTION_STATUS",
        LegalBasis.CONSENT_WITH_NOTICE,
        None,
        now,
        now,
    )


def append_only(mirror: Mirror, count: int) -> Measured:
    """Append `count` entries of known people, 500 a transaction."""
    with mirror.read(PORTAL) as work:
        people = work.people.page(0, 500)
    items = [(person.id, _claim("ab" * 16, number)) for number, person in enumerate(people)]
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(count // len(items)):
        with mirror.write(PORTAL) as work:
            work.log.append(items)
    return Measured(count, time.process_time() - cpu, time.perf_counter() - wall, 0.0)


def verify(mirror: Mirror, *, payloads: bool) -> tuple[Verdict, float]:
    """The verdict over the whole log, and entries a second of CPU."""
    with mirror.read(PORTAL) as work:
        head = work.log.head()
        end = End(head.size, head.last, head.root)
        begun = time.process_time()
        verdict = verify_log(work.log.records(payloads=payloads), payloads=payloads, end=end)
    return verdict, verdict.entries / (time.process_time() - begun)


def main() -> None:
    """Measure and print."""
    url, count = sys.argv[1], int(sys.argv[2])
    mirror = Mirror.create(url, keys.generate(SystemChance()), SystemClock(), SystemChance())
    write = sys.stdout.write
    for name, rich, start in (("narrow", False, 1), ("rich", True, count + 1)):
        done = fill(mirror, count, start=start, rich=rich)
        write(f"{name}: {done.cpu_us:.1f} us CPU a contact, {count / done.wall_s:,.0f}/s, ")
        write(f"longest transaction {done.longest_ms:.0f} ms\n")
    appended = append_only(mirror, 50_000)
    write(f"append: {50_000 / appended.cpu_s:,.0f} entries/s of CPU, {50_000 / appended.wall_s:,.0f}/s\n")
    for payloads in (False, True):
        verdict, speed = verify(mirror, payloads=payloads)
        write(f"verify, payloads {payloads}: ok {verdict.ok}, {speed:,.0f} entries/s\n")
    mirror.close()


if __name__ == "__main__":
    main()
