"""Questions to a person: what the table leaves to a human look, and what became of it."""

from collections.abc import Iterable

from connector.consent.decision import Decision, Review
from connector.consent.situate import Reading
from connector.store.reviews import NewReview
from connector.store.reviews import Review as Asked
from mappings.purposes import Purpose

APPROVE, REJECT = "approve", "reject"
OPTIONS = (APPROVE, REJECT)

QUESTIONS = {
    Review.RESUBSCRIBE: (
        "HubSpot holds an older no; the mirror a newer consent with wording. Approve: lift HubSpot's no. "
        "Reject: the no stands and the consent is set aside."
    ),
    Review.RESUBSCRIBE_WIDE: (
        "HubSpot holds an opt-out of everything; the mirror a newer consent to this purpose alone. Approve: "
        "only this purpose is mailed again. Reject: the no to everything stands."
    ),
    Review.CLEARED: (
        "Someone cleared a status that HubSpot had confirmed. Approve: the consent still holds and is "
        "written again. Reject: it was a no, and is recorded as one."
    ),
    Review.EVIDENCE: (
        "HubSpot says that the person subscribed again, without wording. Approve: the evidence has been "
        "recorded. Reject: the no stands."
    ),
    Review.ERASURE: (
        "A deletion for privacy was seen in HubSpot that is doubtful or one of many. Approve: erase here "
        "too. Reject: it was a mistake; the restriction is lifted."
    ),
}


def key_of(decision: Decision, reading: Reading) -> str:
    """One question per standing fact and purpose: asked once, however often it is seen."""
    fact = reading.id or reading.wide_id or reading.address[:16]
    return f"{decision.needs_review}:{reading.purpose.key}:{fact}"


def review_of(decision: Decision, person_id: int, purpose: Purpose, reading: Reading) -> NewReview | None:
    """The question that a decision asks; None where it asks none."""
    if decision.needs_review is None:
        return None
    return NewReview(
        kind=decision.needs_review,
        key=key_of(decision, reading),
        question=QUESTIONS[decision.needs_review],
        options=OPTIONS,
        person_id=person_id,
        purpose=purpose.key,
        row=decision.row,
        detail={"address": reading.address, "after": str(decision.after_review)},
    )


def after_restriction(person_id: int, purpose: str, now: int) -> NewReview:
    """May a consent be used again whose restriction has ended (consent-domain 3.3)?"""
    return NewReview(
        kind=Review.RESUBSCRIBE,
        key=f"unrestricted:{purpose}:{now}",
        question=(
            "The restriction of this person has ended. Approve: the consent still holds and is written to "
            "HubSpot again. Reject: the consent is set aside."
        ),
        options=OPTIONS,
        person_id=person_id,
        purpose=purpose,
    )


def answered(reviews: Iterable[Asked], key: str) -> str | None:
    """What a person decided about this very question; None while nobody has."""
    return next((r.decision for r in reviews if r.key == key and r.decided_at is not None), None)
