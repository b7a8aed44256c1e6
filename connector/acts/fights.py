"""Another app that writes against ours: three writes a day for one person and purpose, then a person looks.

Consent-domain 9, threat 4. A no is never given up: it stays in the outbox, visible and pending, and is
written again when the day's first write is a day old, or at once when somebody answers the question or the
person says no anew. Nobody is mailed by us meanwhile: the state does not follow HubSpot.
"""

from typing import Final

from connector.acts.desk import Desk
from connector.acts.letters import queue
from connector.acts.reviews import APPROVE, OPTIONS
from connector.acts.tally import Tally
from connector.consent.events import Event, EventType
from connector.store.outbox import Letter, NewLetter, Origin, Urgency
from connector.store.reviews import NewReview, Review
from connector.store.work import Work
from mappings.words import Status

KIND: Final = "fight"
WRITES_A_DAY: Final = 3
DAY_MS: Final = 86_400_000


def waits_until(work: Work, letter: Letter, now: int) -> int | None:
    """When this letter may be written again (ms UTC); None: now.

    What a person, a page or an undo asked for never waits. A no waits for noes of ours alone: that we wrote a
    yes is no reason to write a no later. A yes waits for both.
    """
    if letter.urgency is Urgency.ASKED or letter.person_id is None:
        return None
    events = work.log.events_of([letter.person_id]).get(letter.person_id, [])
    written = sorted(each.recorded_at for each in events if _is_write(each, letter, now))
    return written[-WRITES_A_DAY] + DAY_MS if len(written) >= WRITES_A_DAY else None


def _is_write(event: Event, letter: Letter, now: int) -> bool:
    if event.type is not EventType.PUSH_CONFIRMED or event.address != letter.ref:
        return False
    if event.recorded_at <= now - DAY_MS or event.detail.get("subscription") != letter.subscription:
        return False
    ours = event.detail.get("attempts") or 0  # 0: HubSpot showed the target, nothing was written
    same = letter.status is Status.SUBSCRIBED or event.detail.get("status") == str(letter.status)
    return bool(ours) and same


def ask(work: Work, letter: Letter, now: int) -> bool:
    """Open the question; False: it is open already."""
    assert letter.person_id is not None  # noqa: S101 - a stranger's letter never waits
    key = f"{KIND}:{letter.subscription}:{letter.ref[:16]}"
    if any(each.key == key and each.decided_at is None for each in work.reviews.of_person(letter.person_id)):
        return False
    question = NewReview(
        kind=KIND,
        key=key,
        question=(
            "Another app keeps overwriting this status in HubSpot: it was written three times within a day. "
            "Find the app in the contact's history in HubSpot and stop it. Approve: it has been stopped, "
            "write now. Reject: it is written again once a day has passed."
        ),
        options=OPTIONS,
        person_id=letter.person_id,
        purpose=letter.purpose,
        row=letter.row,
        detail={"ref": letter.ref, "subscription": letter.subscription},
    )
    work.reviews.open([question], now)
    return True


def decided(desk: Desk, work: Work, review: Review, user: str) -> None:
    """Approved: a no that still waits leaves at once, as one that a person asked for."""
    del user  # the decision is logged by `decide`
    if review.decision != APPROVE or review.person_id is None:
        return
    letter = work.outbox.get(str(review.detail["ref"]), int(review.detail["subscription"] or 0))
    if letter is None or letter.confirmed_at is not None or letter.status is not Status.UNSUBSCRIBED:
        return
    again = NewLetter(
        ref=letter.ref,
        subscription=letter.subscription,
        status=letter.status,
        origin=Origin.ASKED,
        person_id=letter.person_id,
        purpose=letter.purpose,
        row=letter.row,
    )
    queue(work, review.person_id, [again], desk.clock.now(), Tally())
