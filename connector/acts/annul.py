"""Annul a no that was recorded by mistake: two people, a reason, and the no stays in the log (CD 3.2)."""

from connector.acts.decide import ANNUL, Decided, decide
from connector.acts.desk import Desk
from connector.acts.reviews import APPROVE, OPTIONS
from connector.consent.events import Event
from connector.errors import ConfigurationError, Refused
from connector.store.reviews import NewReview
from connector.store.work import Work

QUESTION = (
    "A no is said to have been recorded by mistake. Approve: it is undone. Reject: it stands. Look at how it "
    "came in and speak with the person before you agree."
)


def annul(desk: Desk, event_id: str, reason: str, user: str) -> Decided:
    """One person's word; the second one's makes it count. Raises Refused where there is no such no, Stopped
    while fewer than two people may decide it."""
    if not reason.strip():
        raise ConfigurationError(
            "A reason is needed.",
            where="--reason",
            kind="reason_needed",
            next_step="Say why it was a mistake.",
        )
    with desk.mirror.write(desk.portal) as work:
        person_id, event = _no(work, event_id.strip().lower())
        question = NewReview(
            kind=ANNUL,
            key=f"{ANNUL}:{event.id}",
            question=QUESTION,
            options=OPTIONS,
            person_id=person_id,
            purpose=event.purpose,
            detail={"target": event.id, "reason": reason.strip()},
        )
        review = work.reviews.open([question], desk.clock.now())[0]
    return decide(desk, review.id, APPROVE, user, reason)


def _no(work: Work, event_id: str) -> tuple[int, Event]:
    found = work.log.event(event_id)
    if found is None or found[0] is None or not found[1].is_no:
        raise Refused(
            "No withdrawal, refusal or objection has this id.",
            where="EVENT",
            kind="no_such_no",
            next_step="`person why ADDRESS` and `log show --subject REF` name the events.",
        )
    return found[0], found[1]
