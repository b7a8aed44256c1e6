"""From a decision to the writes that it asks for: absolute targets, one per (address, type)."""

from collections.abc import Sequence

from connector.acts.tally import Tally
from connector.consent.decision import Push
from connector.consent.events import Event, EventType, Source
from connector.store.observed import WIDE
from connector.store.outbox import NewLetter, Origin, Queued
from connector.store.people import Address, AddressKind
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.words import LegalBasis, Status

WRITTEN_DOWN = (Queued.NEW, Queued.REPLACED)


def letter_for(
    push: Push,
    address: Address,
    purpose: Purpose,
    *,
    origin: Origin,
    row: int | None = None,
    intent: bool = False,
) -> NewLetter | None:
    """The letter of one push. A yes goes to the address that would be mailed, and to no other."""
    if push is Push.NONE or (push.subscribes and address.kind is not AddressKind.PRIMARY):
        return None
    status = Status.SUBSCRIBED if push.subscribes else Status.UNSUBSCRIBED
    soft = push is Push.SUB_LEGITIMATE_INTEREST
    return NewLetter(
        ref=address.ref,
        subscription=WIDE if push is Push.UNSUB_ALL else purpose.subscription_id,
        status=status,
        origin=origin,
        person_id=address.person_id,
        basis=LegalBasis.LEGITIMATE_INTEREST_CLIENT if soft else None,
        resubscribe=intent,
        purpose=purpose.key,
        row=row,
    )


def queue(work: Work, person_id: int | None, letters: Sequence[NewLetter], now: int, tally: Tally) -> None:
    """Outbox row and log entry, in the transaction of the decision (design 4.5)."""
    written = queued_entries(work, letters, now)
    work.log.append([(person_id, event) for _, event in written])
    tally.events += len(written)
    tally.queued += len(written)


def queued_entries(work: Work, letters: Sequence[NewLetter], now: int) -> list[tuple[int | None, Event]]:
    """Put the letters in the outbox; the entries that say so, which the caller appends with its own."""
    if not letters:
        return []
    results = work.outbox.queue(letters, now)
    return [
        (letter.person_id, _queued(letter))
        for letter, result in zip(letters, results, strict=True)
        if result in WRITTEN_DOWN
    ]


def _queued(letter: NewLetter) -> Event:
    return Event(
        type=EventType.QUEUED,
        purpose=letter.purpose,
        source=Source.SYSTEM,
        address=letter.ref if letter.person_id is not None else None,
        row=letter.row,
        detail={
            "status": str(letter.status),
            "subscription": letter.subscription,
            "origin": str(letter.origin),
        },
    )
