"""Which application answers now: another from one request to the next, and nobody is cut off by that."""

import threading

from starlette.types import ASGIApp, Receive, Scope, Send


class Turn:
    """An application while it is the one, and after that until its last request is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.requests = 0
        self.is_over = False


class Relay:
    """Passes each request to the application of the moment at which it came."""

    def __init__(self, app: ASGIApp) -> None:
        self._lock = threading.Lock()
        self._turn = Turn(app)

    def change(self, app: ASGIApp) -> Turn:
        """From the next request on. The former one: see `is_done`."""
        with self._lock:
            former, self._turn = self._turn, Turn(app)
            former.is_over = True
            return former

    def is_done(self, turn: Turn) -> bool:
        """Nobody waits for an answer of this one any more, nor ever will."""
        with self._lock:
            return turn.is_over and not turn.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._lock:
            turn = self._turn
            turn.requests += 1
        try:
            await turn.app(scope, receive, send)
        finally:
            with self._lock:
                turn.requests -= 1
