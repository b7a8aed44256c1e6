"""HubSpot's contact search as it behaves: one sort, ties in no order, a cap, strays (HA 6, HQ 6)."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import responses

from connector.hubspot import families
from connector.hubspot.days import EARLIEST_MS
from tests.hubspot.helpers import HUBSPOT

Row = tuple[int, int]  # lastmodifieddate, id

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "GTE": lambda have, want: have >= want,
    "LTE": lambda have, want: have <= want,
    "GT": lambda have, want: have > want,
    "EQ": lambda have, want: have == want,
}


class Index:
    """Rows by (time, id); `strays` come with every page, wherever they belong."""

    def __init__(self, rows: list[Row], strays: list[Row] | None = None) -> None:
        self.rows = rows
        self.strays = strays or []
        self.queries: list[dict[str, Any]] = []

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = json.loads(request.body or b"{}")
        self.queries.append(query)
        if len(request.body or b"") > 3_000 or query["limit"] > 200 or query.get("after"):
            return 400, {}, json.dumps({"category": "VALIDATION_ERROR"})
        found = [row for row in self.rows if self._matches(row, query)]
        page = self._sorted(found, query)[: query["limit"]]
        rows = [_record(row) for row in (*page, *self.strays)]
        more = {"paging": {"next": {"after": str(len(page))}}} if len(found) > len(page) else {}
        return 200, {}, json.dumps({"total": len(found), "results": rows, **more})

    def _matches(self, row: Row, query: dict[str, Any]) -> bool:
        [group] = query["filterGroups"]
        for each in group["filters"]:
            if each["operator"] == "EQ" and each["value"] == "true":
                continue
            have = row[0] if each["propertyName"] == "lastmodifieddate" else row[1]
            if not COMPARE[each["operator"]](have, int(each["value"])):
                return False
        return True

    def _sorted(self, found: list[Row], query: dict[str, Any]) -> list[Row]:
        [sort] = query["sorts"]
        assert sort["direction"] == "ASCENDING"
        position = 0 if sort["propertyName"] == "lastmodifieddate" else 1
        shuffled = random.Random(7).sample(found, len(found))
        return sorted(shuffled, key=lambda row: row[position])


def _record(row: Row) -> dict[str, Any]:
    at, number = row
    return {"id": str(number), "properties": {"email": f"p{number}@b.se", "lastmodifieddate": str(at)}}


@contextmanager
def searching(index: Index) -> Iterator[responses.RequestsMock]:
    """Every search goes to this index."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback("POST", HUBSPOT + families.contacts_search().path, callback=index.answer)
        yield mock


def at(offset: int) -> int:
    """A time that HubSpot's search accepts."""
    return EARLIEST_MS + 1_000_000 + offset
