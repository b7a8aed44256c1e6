"""Shared by the sandbox's tests: a clock that a test moves, and short ways to ask."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector.sandbox import Options, Running, Sandbox
from connector.sandbox.times import DAY

NOON = 1_780_056_000_000 // DAY * DAY + DAY // 2  # a day in 2026, 12:00 UTC

Answer = tuple[int, Any]


class StillClock:
    """Time stands until the test moves it."""

    def __init__(self, now: int = NOON) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._now / 1000

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self.move(round(seconds * 1000))
        return wake is not None and wake.is_set()

    def move(self, ms: int) -> None:
        self._now += ms


class Portal:
    """A sandbox without a network, asked in Python values."""

    def __init__(self, **settings: Any) -> None:
        self.clock = StillClock()
        options = Options(**settings.pop("options", {}))
        self.sandbox = Sandbox(**{"people": 40, "clock": self.clock, "options": options, **settings})

    def ask(
        self, method: str, path: str, body: Any = None, *, query: str = "", token: str | None = None
    ) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        reply = self.sandbox.call(method, path, query, data, token=token)
        return reply.status, json.loads(reply.body) if reply.body else None

    def create(self, **properties: Any) -> str:
        status, made = self.ask("POST", "/crm/objects/2026-03/contacts", {"properties": properties})
        assert status == 201, made
        return str(made["id"])

    def contact(self, number: str, query: str = "") -> Answer:
        return self.ask("GET", f"/crm/objects/2026-03/contacts/{number}", query=query)

    def statuses(self, address: str) -> dict[int, dict[str, Any]]:
        path = f"/communication-preferences/2026-03/statuses/{address}"
        status, found = self.ask("GET", path, query="channel=EMAIL")
        assert status == 200, found
        return {row["subscriptionId"]: row for row in found["results"]}

    def words(self, address: str) -> dict[int, str]:
        return {number: row["status"] for number, row in self.statuses(address).items()}

    def set(self, address: str, subscription: int, word: str, **more: Any) -> Answer:
        path = f"/communication-preferences/2026-03/statuses/{address}"
        body = {"subscriptionId": subscription, "statusState": word, "channel": "EMAIL", **more}
        return self.ask("POST", path, body)

    def outcome(self, address: str, subscription: int, word: str, **more: Any) -> str:
        status, found = self.set(address, subscription, word, **more)
        assert status == 200, found
        return str(found["results"][0]["setStatusSuccessReason"])

    def opt_out_of_all(self, address: str) -> None:
        path = f"/communication-preferences/2026-03/statuses/{address}/unsubscribe-all"
        assert self.ask("POST", path, query="channel=EMAIL")[0] == 200

    def search(self, *filters: Any, **more: Any) -> dict[str, Any]:
        rows = [dict(zip(("propertyName", "operator", "value"), f, strict=False)) for f in filters]
        body = {"filterGroups": [{"filters": rows}] if rows else [], "limit": 100, **more}
        status, found = self.ask("POST", "/crm/objects/2026-03/contacts/search", body)
        assert status == 200, found
        return dict(found)


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
def portal_with() -> Callable[..., Portal]:
    return Portal


@pytest.fixture
def running() -> Iterator[Running]:
    with Sandbox(people=300).start() as started:
        yield started
