"""Who has no reason to be in the register any more, and their erasure (`retention`)."""

from itertools import islice
from typing import Final

from starlette.responses import Response

from connector.acts import proofs, retain
from connector.web.dashboard.office import Visit

SHOWN: Final = 100


def overview(visit: Visit) -> Response:
    """The rules, the counts of the last run, and whom it found; the questions to two people beside them."""
    with visit.desk.mirror.read(visit.desk.portal) as work:
        asked = [each for each in work.reviews.pending() if each.kind in {retain.KIND, proofs.KIND}]
    return visit.page(
        "retention",
        rules=retain.Plan(visit.desk).document()["rules"],
        counts=retain.figures(visit.desk),
        people=retain.leavers(visit.desk, SHOWN),
        asked=asked,
        planned=False,
    )


def plan(visit: Visit) -> Response:
    """Worked out now over the whole register: what the next run would find. Nothing is written."""
    found = retain.Plan(visit.desk)
    walk = found.walk()
    people = list(islice(walk, SHOWN))
    more = sum(1 for _ in walk)
    document = found.document()
    return visit.page(
        "retention",
        rules=document["rules"],
        counts=document["counts"],
        people=people,
        asked=[],
        planned=True,
        more=more,
        proofs=document["proofs"][:SHOWN],
    )


def run(visit: Visit) -> Response:
    """Hold whom it finds for 24 hours, and erase those whose hold is over. The box has to be ticked."""
    visit.must_be_ticked()
    done = visit.office.lent.retention(visit.desk)
    return visit.back("/retention", "retention_waits" if done.waiting else "retention_ran")
