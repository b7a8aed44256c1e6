"""Somebody whose record the customer put into HubSpot's bin: gone for good, or kept for their noes (row 31)?

HubSpot empties the bin after 90 days and tells nobody, while here a person stays with what they answered. A
person decides; until then nothing is destroyed.
"""

from collections.abc import Iterable
from typing import Final

from connector.acts import erase
from connector.acts.desk import Desk
from connector.acts.erasure import Origin
from connector.acts.reviews import APPROVE, OPTIONS, REJECT
from connector.errors import Refused
from connector.store.reviews import NewReview, Review
from connector.store.work import Work

KIND: Final = "archived"
ROW: Final = 31
AT_ONCE: Final = 100  # questions of one reading: a whole list that was archived is one decision of its own


def ask(desk: Desk, work: Work, contact_id: int, person_id: int) -> None:
    """Opened once for each record that was archived."""
    question = NewReview(
        kind=KIND,
        key=f"{KIND}:{contact_id}",
        question=(
            "The person's only record was archived in HubSpot. Approve: erase them for good, in HubSpot and "
            "here. Reject: they stay here with their noes, and may be restored in HubSpot within 90 days."
        ),
        options=OPTIONS,
        person_id=person_id,
        row=ROW,
    )
    work.reviews.open([question], desk.clock.now())


def restored(desk: Desk, work: Work, person_ids: Iterable[int]) -> None:
    """They are back in HubSpot: the question is over."""
    for reviews in work.reviews.of_people(person_ids).values():
        for each in reviews:
            if each.kind == KIND and each.decided_at is None:
                work.reviews.decide(each.id, REJECT, "system:restored", desk.clock.now())


def decided(desk: Desk, work: Work, review: Review, user: str) -> None:
    """Erased in the order of every erasure, with its holds, exceptions and breaker. Raises Refused where the
    person has a live record again."""
    if review.decision != APPROVE or review.person_id is None:
        return
    records = work.contacts.of_persons([review.person_id]).get(review.person_id, [])
    if any(row.gone_at is None for row in records):
        raise Refused(
            "The person has a live record in HubSpot again.",
            where="review",
            kind="live_again",
            next_step="Reject the question, or erase them with `erase ADDRESS --confirm`.",
        )
    order = erase.Order(reason="archived in HubSpot", actor=f"staff:{user}")
    erase.begin(desk, work, review.person_id, Origin.ASKED, order)
