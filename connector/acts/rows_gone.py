"""An interrupted import whose rows are gone or damaged: a person is told what is missing, and may give it up.

The noes among its rows are nobody's guess: until the same file is brought in again they are not recorded.
"""

from typing import Final

import structlog

from connector.acts.desk import Desk
from connector.acts.reviews import APPROVE, OPTIONS, REJECT
from connector.acts.staged import Marker, key
from connector.store.reviews import NewReview, Review
from connector.store.work import Work

KIND: Final = "import_rows_gone"

log = structlog.get_logger()


def ask(desk: Desk, name: str, marker: Marker) -> None:
    """Tell a person, once for each import."""
    question = NewReview(
        kind=KIND,
        key=f"{KIND}:{name}",
        question=(
            f"An import was interrupted after {marker.done} of {marker.facts} statements, and the rows that "
            "wait are not beside the keys of this machine, or cannot be read; noes may be among them. Look "
            "for the folder imports-ID where it began, or run the same import again with --confirm: both end "
            "this question. Approve: it is given up as it is. Reject: it waits for its rows."
        ),
        options=OPTIONS,
        detail={"import": name},
    )
    with desk.mirror.write(desk.portal) as work:
        work.reviews.open([question], desk.clock.now())
    log.error("import_rows_gone", left=marker.facts - marker.done)


def found(desk: Desk, name: str) -> None:
    """It came to its end after all."""
    with desk.mirror.write(desk.portal) as work:
        for each in work.reviews.pending():
            if each.key == f"{KIND}:{name}":
                work.reviews.decide(each.id, REJECT, "system:import", desk.clock.now())


def decided(desk: Desk, work: Work, review: Review, user: str) -> None:
    """Given up: nothing waits for it any more. What it recorded stays, and is not recorded twice."""
    del desk, user
    name = key(str(review.detail["import"]))
    value = work.meta.get(name)
    if review.decision == APPROVE and value is not None:
        work.meta.put(name, value | {"finished": True})
