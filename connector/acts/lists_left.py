"""A HubSpot list whose purpose left the configuration: emptied, and a person is told (consent-domain 2, N4).

Nobody may be mailed for a purpose that is not there. A list that kept its members would go on being mailed
to, also those of them who say no from then on.
"""

from typing import Final

import structlog

from connector.acts.desk import Desk
from connector.acts.reviews import APPROVE, OPTIONS, REJECT
from connector.store.reviews import NewReview, Review
from connector.store.work import Work

KIND: Final = "list_left"

log = structlog.get_logger()


def ask(desk: Desk, work: Work, key: str, list_id: int, purpose: str) -> None:
    """Say what became of the list. `key`: where the mirror keeps it."""
    question = NewReview(
        kind=KIND,
        key=f"{KIND}:{list_id}",
        question=(
            f"The purpose {purpose} is not in the configuration any more, so nobody may be mailed for it: "
            f"its HubSpot list {list_id} is emptied. Approve: the list is kept in step no more. Reject: it "
            "is kept empty, and filled again once the purpose is back."
        ),
        options=OPTIONS,
        purpose=purpose,
        detail={"key": key},
    )
    work.reviews.open([question], desk.clock.now())
    log.error("list_without_purpose", list=list_id, purpose=purpose)


def back(desk: Desk, work: Work, list_id: int) -> None:
    """The purpose is configured again: the question is over."""
    for each in work.reviews.pending():
        if each.key == f"{KIND}:{list_id}":
            work.reviews.decide(each.id, REJECT, "system:lists", desk.clock.now())


def decided(desk: Desk, work: Work, review: Review, user: str) -> None:
    """Forgotten, unless the purpose has come back in the meantime."""
    del user
    if review.decision == APPROVE and review.purpose not in desk.purposes:
        work.meta.remove(str(review.detail["key"]))
