"""The suppression list as a person sees it: counts, what is due for review, and one constant answer."""

from typing import Any

from connector.acts.desk import Desk
from connector.acts.when import local_month
from connector.acts.who import address_of


def overview(desk: Desk) -> dict[str, Any]:
    """How many, by month, and how many are due for a review (36 months, consent-domain 7)."""
    with desk.mirror.read(desk.portal) as work:
        counts = work.suppression.counts()
    month = local_month(desk.clock.now(), desk.zone)
    by_month = [
        {
            "kind": each.kind,
            "scope": each.scope,
            "month": each.month,
            "review_month": each.review_month,
            "count": each.count,
        }
        for each in counts
    ]
    return {
        "count": sum(each.count for each in counts),
        "review_due": sum(each.count for each in counts if each.review_month <= month),
        "by_month": by_month,
    }


def check(desk: Desk, address: str) -> dict[str, bool]:
    """Is it on the list? The same shape and the same work whatever the answer is; never why or since when."""
    normalised = address_of(address)
    with desk.mirror.read(desk.portal) as work:
        return {"suppressed": bool(work.suppression.screen([normalised]))}
