"""Recipients are told of each erasure, rectification and restriction (Art. 17(2), 19), until they confirm it.

What is to be said is queued in the transaction of the act, and says as little as can be acted on: which
change, for which address, for which purposes. Nobody is told about a person whose data they never got: a
recipient with purposes hears of those for whom one of them has a state. An act never waits for a recipient;
one who is away for a week is told after a week, also when the person is long erased here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import structlog

from connector.acts.desk import Desk
from connector.acts.ports import Recipient
from connector.acts.who import still_here
from connector.consent.events import FORMULA_TYPES, Event, EventType, Source, State
from connector.errors import ConnectorError
from connector.proof import canon
from connector.store.errands import TO, Errand, ErrandKind, NewErrand
from connector.store.work import Work
from mappings.times import iso

SCHEMA: Final = "consent-mirror/recipient/1"
LEASE_MS: Final = 120_000  # longer than any hand-over; a process that dies leaves the message to the next
FIRST_RETRY_MS: Final = 60_000
LONGEST_RETRY_MS: Final = 3_600_000
ALARM_MS: Final = 24 * 3_600_000  # consent-domain 10: recipients told, 24 h

log = structlog.get_logger()


@dataclass(slots=True)
class Told:
    """What one run came to. `waiting`: recipients who have still to confirm."""

    confirmed: int = 0
    failed: int = 0
    waiting: int = 0


def tell(
    desk: Desk,
    work: Work,
    kind: ErrandKind,
    cause: str,
    person_id: int,
    addresses: Iterable[str],
    **more: Any,
) -> int:
    """Queue what each recipient of this person's data has to be told; how many are new. The caller's
    transaction. `cause` makes it one message, however often it is asked for."""
    concerned = recipients_of(desk, work, person_id)
    named = list(dict.fromkeys(addresses))
    if not concerned or not named:
        return 0
    said = {
        "schema": SCHEMA,
        "kind": str(kind),
        "at": iso(desk.clock.now()),
        "portal_id": desk.portal,
        "addresses": named,
        **more,
    }
    made = [
        NewErrand(
            target=TO + each.name,
            kind=kind,
            cause=cause,
            person_id=person_id,
            said=said | {"purposes": list(each.purposes)},
        )
        for each in concerned
    ]
    return len(work.errands.queue(made, desk.clock.now()))


def recipients_of(desk: Desk, work: Work, person_id: int) -> list[Recipient]:
    """Those who may have got this person's data: one of their purposes has a state for the person."""
    if not desk.recipients:
        return []
    rows = work.states.of([person_id])
    standing = {purpose for (_, purpose), row in rows.items() if row.state is not State.UNKNOWN}
    events = work.log.events_of([person_id]).get(person_id, ())
    had = standing | {event.purpose for event in events if event.type in FORMULA_TYPES}
    return [each for each in desk.recipients if not each.purposes or had & set(each.purposes)]


def deliver(desk: Desk, causes: Iterable[str] | None = None, *, limit: int = 50) -> Told:
    """Tell what is due; nothing that a recipient does or does not answer is raised."""
    done = Told()
    if desk.outside is not None and is_due(desk, hubspot=False):
        with desk.mirror.write(desk.portal) as work:
            taken = work.errands.claim(desk.clock.now(), LEASE_MS, hubspot=False, causes=causes, limit=limit)
        for each in taken:
            _deliver(desk, each, done)
    with desk.mirror.read(desk.portal) as work:
        done.waiting = sum(each.recipient is not None for each in work.errands.pending())
    return done


def is_due(desk: Desk, *, hubspot: bool) -> bool:
    """Something waits whose time has come: asked by a read, so that a quiet tick takes no writer's turn."""
    now = desk.clock.now()
    with desk.mirror.read(desk.portal) as work:
        return any(
            (each.recipient is None) is hubspot and each.next_try <= now and each.parked is None
            for each in work.errands.pending()
        )


def _deliver(desk: Desk, each: Errand, done: Told) -> None:
    name, number = each.recipient or "", number_of(desk, each)
    if desk.outside is None:
        return
    try:
        desk.outside.tell(name, number, body_of(number, each.said))
    except ConnectorError as error:
        done.failed += 1
        told = {"name": name, "kind": each.kind, "error": error.code, "tries": each.attempts}
        log.warning("recipient_not_told", **told)
        with desk.mirror.write(desk.portal) as work:
            work.errands.retry(each, desk.clock.now() + later(each.attempts))
        return
    done.confirmed += 1
    with desk.mirror.write(desk.portal) as work:
        if work.errands.confirm(each, desk.clock.now()):
            work.log.append([(still_here(work, each.person_id), _confirmed(each, name))])
    log.info("recipient_told", name=name, kind=each.kind)


def body_of(number: str, said: Mapping[str, Any]) -> bytes:
    """The message as it is signed and sent: canonical JSON."""
    return canon.canon({**said, "message": number})


def number_of(desk: Desk, each: Errand) -> str:
    """The same for every try, so that a recipient recognises a repeat; it says nothing about the person."""
    whole = f"{desk.portal}|{each.id}|{each.queued_at}|{each.target}|{each.kind}"
    return sha256(whole.encode()).hexdigest()[:32]


def later(attempts: int) -> int:
    """How long until the next try: a minute, ever longer up to an hour."""
    doublings = min(max(0, attempts - 1), 10)
    return min(FIRST_RETRY_MS << doublings, LONGEST_RETRY_MS)


def _confirmed(each: Errand, name: str) -> Event:
    return Event(
        type=EventType.RECIPIENT_TOLD,
        actor="system:recipients",
        source=Source.SYSTEM,
        detail={"recipient": name, "kind": str(each.kind), "tries": each.attempts},
    )


def stages(errands: Sequence[Errand]) -> list[dict[str, Any]]:
    """How far each recipient is, for the document of an erasure or a request."""
    return [
        {
            "recipient": each.recipient,
            "kind": str(each.kind),
            "queued_at": iso(each.queued_at),
            "confirmed_at": iso(each.confirmed_at),
            "tries": each.attempts,
        }
        for each in errands
        if each.recipient is not None
    ]


def standing(work: Work, now: int) -> dict[str, Any]:
    """Part of `status`: recipients who have still to confirm, and those who are late."""
    waiting = [each for each in work.errands.pending() if each.recipient is not None]
    oldest = min((each.queued_at for each in waiting), default=None)
    return {
        "waiting": len(waiting),
        "overdue": sum(now - each.queued_at >= ALARM_MS for each in waiting),
        "oldest_s": None if oldest is None else max(0, now - oldest) // 1000,
    }
