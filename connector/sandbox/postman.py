"""Sends the portal's push webhooks over HTTP, side by side, as HubSpot does (hubspot-api, 13.1)."""

import http.client
import threading
from collections import deque
from typing import Any, Final
from urllib.parse import urlsplit

from connector.sandbox.events import Happening
from connector.sandbox.faults import Faults
from connector.sandbox.portal import Portal
from connector.sandbox.webhooks import Delivery, Subscriptions, Waiting

#: Deliveries that are remembered.
KEPT: Final = 10_000
#: The portal's clock may be moved by anybody: how long in seconds until a sender looks at it again.
LOOK_S: Final = 0.2


class Postman:
    """Between what happens in a portal and the one who is told. `lock`: the engine's own.

    Senders run between `open` and `close`; without them `deliver` sends in the caller's thread.
    """

    def __init__(self, portal: Portal, faults: Faults, lock: threading.RLock, seed: int) -> None:
        self._portal = portal
        self._faults = faults
        self._app: Subscriptions | None = None
        self._waiting = Waiting(portal.id, seed)
        self._change = threading.Condition(lock)
        self._is_open = False
        self._senders: list[threading.Thread] = []
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.given_up = 0

    # What an app says ------------------------------------------------------------------------------------

    def subscribe(self, app: Subscriptions | None) -> None:
        """From now on the app is told; None: nobody is. What waits is kept."""
        with self._change:
            self._app = app
            self._portal.listener = None if app is None else self._heard
            self._staff()
            self._change.notify_all()

    def _heard(self, told: Happening) -> None:
        with self._change:
            if self._app is not None and self._waiting.add(self._app, told):
                self._change.notify_all()

    # Sending ---------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Send by itself from now on, as soon as something is due."""
        with self._change:
            self._is_open = True
            self._staff()

    def close(self) -> None:
        """No sender begins anything any more; one that waits for an answer is left behind."""
        with self._change:
            self._is_open = False
            self._change.notify_all()
        for each in self._senders:
            each.join(timeout=1)
        self._senders.clear()

    def _staff(self) -> None:
        wanted = self._app.at_once if self._app is not None and self._is_open else 0
        for _ in range(wanted - len(self._senders)):
            sender = threading.Thread(target=self._send_on, name="webhooks", daemon=True)
            self._senders.append(sender)
            sender.start()

    def _send_on(self) -> None:
        while True:
            with self._change:
                taken = self._next()
                while taken is None and self._is_open:
                    self._change.wait(LOOK_S if len(self._waiting) else None)
                    taken = self._next() if self._is_open else None
            if taken is None:
                return
            self._send(taken)

    def deliver(self) -> int:
        """Send what is due, one body after another; how many bodies there were."""
        count = 0
        while (taken := self._next()) is not None:
            self._send(taken)
            count += 1
        return count

    def _next(self) -> Delivery | None:
        with self._change:
            if self._app is None:
                return None
            return self._waiting.take(self._app, self._portal.clock.now(), self._faults.pick_webhook)

    def _send(self, delivery: Delivery) -> None:
        """The answer of the last time counts; what a fault holds back is not asked about."""
        status = [_answer(delivery) for _ in range(delivery.times)]
        with self._change:
            now = self._portal.clock.now()
            self._note(delivery, status, now)
            if status and not 200 <= status[-1] < 300:
                self.given_up += self._waiting.failed(delivery, now)
                self._change.notify_all()

    def _note(self, delivery: Delivery, status: list[int], now: int) -> None:
        attempts = sorted({each.attempt for each in delivery.notices})
        self.deliveries.append(
            {
                "at": now,
                "events": len(delivery.notices),
                "attempts": attempts,
                "statuses": status,
                "fault": delivery.fault,
            }
        )

    def waiting(self) -> int:
        """Notices that are not yet told."""
        with self._change:
            return len(self._waiting)


def _answer(delivery: Delivery) -> int:
    """The status; 0 where none came: nobody there, too slow, or a connection that broke."""
    parts = urlsplit(delivery.app.url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=delivery.app.patience_s)
    headers = {"Content-Type": "application/json", "User-Agent": "HubSpot Webhooks", **delivery.headers}
    try:
        line.request("POST", path, delivery.body, headers)
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()
