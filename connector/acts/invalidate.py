"""`wording invalidate`: a wording turns out to be no valid question; two people say so, with a reason."""

from connector.acts.decide import Decided, decide
from connector.acts.desk import Desk
from connector.acts.invalid_wordings import KIND, invalid
from connector.acts.reviews import APPROVE, OPTIONS
from connector.acts.wording import one
from connector.consent import wordings
from connector.errors import ConfigurationError, Refused
from connector.store.reviews import NewReview

QUESTION = (
    "A wording is said to be no valid question for a consent ({hash}, seen by {people} people). Approve: "
    "every yes that stands on it ends. Reject: it stays as it is. Read it first: `wording show {hash}`."
)


def invalidate(desk: Desk, prefix: str, reason: str, user: str) -> Decided:
    """One person's word; the second one's makes it count. Raises Refused where no wording has this hash or it
    was invalidated before, Stopped while fewer than two people may decide it."""
    if not reason.strip():
        raise ConfigurationError(
            "A reason is needed.",
            where="--reason",
            kind="reason_needed",
            next_step="Say what is wrong with the wording.",
        )
    seen = one(desk, prefix)
    if seen.blob.kind != wordings.WORDING:
        raise Refused(
            "That is a notice; consents stand on wordings.",
            where="HASH",
            kind="is_a_notice",
            next_step="See `consent-mirror wording list`.",
        )
    with desk.mirror.write(desk.portal) as work:
        if seen.blob.hash in invalid(work):
            raise Refused(
                "This wording was invalidated before.",
                where="HASH",
                kind="invalidated_before",
                next_step="Nothing to do.",
            )
        question = NewReview(
            kind=KIND,
            key=f"{KIND}:{seen.blob.hash}",
            question=QUESTION.format(hash=seen.blob.hash[:12], people=seen.people),
            options=OPTIONS,
            detail={"wording": seen.blob.hash, "reason": reason.strip()},
        )
        review = work.reviews.open([question], desk.clock.now())[0]
    return decide(desk, review.id, APPROVE, user, reason)
