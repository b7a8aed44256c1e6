"""What waits to be written to HubSpot, with the reason of each: the dry run. Nobody is named."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from connector.acts.desk import Desk
from connector.consent.reasons import why
from connector.store.outbox import Letter


@dataclass(frozen=True, slots=True)
class Preview:
    """The writes that would leave: `items` one by one, `grouped` (purpose, status, row, count, reason)."""

    items: list[dict[str, Any]]
    grouped: list[tuple[str, str, int | None, int, str]]


def preview(desk: Desk, limit: int = 10_000) -> Preview:
    """The outbox as it stands."""
    with desk.mirror.read(desk.portal) as work:
        letters = work.outbox.pending(limit)
        people = work.people.by_ids({each.person_id for each in letters if each.person_id is not None})
    items = [
        {
            "subject": people[each.person_id].ref if each.person_id in people else None,
            "contact": each.contact_id,
            "purpose": _name(each),
            "subscription_id": each.subscription,
            "status": str(each.status),
            "row": each.row,
        }
        for each in letters
    ]
    counted = Counter((_name(each), str(each.status), each.row) for each in letters)
    grouped = [
        (name, status, row, count, why(row) if row else "")
        for (name, status, row), count in counted.most_common()
    ]
    return Preview(items, grouped)


def _name(letter: Letter) -> str:
    """The purpose; `*` where the write is to everything."""
    return letter.purpose if letter.subscription else "*"
