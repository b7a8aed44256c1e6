"""One transport for every call: token, limiter, retries and time-outs behind one method (HA 16).

What may be repeated is decided per call and per status (HA 4): a request that certainly was not applied is
repeated; one whose end is unknown is repeated only if it reads. A write whose end is unknown is for the
caller to read back (AmbiguousWrite).
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from connector.clock import Chance, Clock
from connector.errors import Temporary
from connector.hubspot import complaints
from connector.hubspot.answers import Answer, answered_at, limits, policy
from connector.hubspot.days import seconds_to_midnight
from connector.hubspot.families import Effect, Route
from connector.hubspot.hosts import checked, host_of
from connector.hubspot.pace import Budget, Pace
from connector.hubspot.session import Lost, NotSent, Outgoing, Session, Untrusted
from connector.hubspot.token import TokenSource
from connector.hubspot.verdict import Ending, Verdict, judge
from connector.logs import get_logger
from connector.meters import METERS

T = TypeVar("T")
Decode = Callable[[bytes], T]

log = get_logger(room="hubspot")


class Unreadable(Exception):
    """A decoder's word for an answer that is not what HubSpot answers to this call."""


class Missing(Exception):
    """HubSpot's own 404; the transport turns it into None or RequestRejected."""


class _Repeat(Exception):
    """This attempt may be followed by another, after `wait_s` (None: our own back-off)."""

    def __init__(self, failure: Temporary, wait_s: float | None = None) -> None:
        super().__init__(type(failure).__name__)
        self.failure = failure
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call is tried before the caller hears of it."""

    attempts: int = 6
    deadline_s: float = 120.0
    first_s: float = 2.0  # back-off: a random share of this, doubling (full jitter, HQ 41)
    longest_s: float = 30.0
    no_is_fine: bool = False  # a probe: a 403 is an answer and no trouble


@dataclass(frozen=True, slots=True)
class _Call:
    """One call through all its attempts."""

    outgoing: Outgoing
    urgent: bool
    until: float
    patience: Patience

    @property
    def route(self) -> Route:
        return self.outgoing.route

    @property
    def reads(self) -> bool:
        return self.route.effect is Effect.READ


@dataclass(slots=True)
class _Counter:
    value: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def step(self) -> None:
        with self.lock:
            self.value += 1


class Transport:
    """Every request to one portal goes through here; safe for several threads.

    `base_url` is checked against the allowed hosts (ConfigurationError). `stop`, once set, ends waits early.
    """

    def __init__(
        self,
        base_url: str,
        token: TokenSource,
        *,
        pace: Pace,
        clock: Clock,
        chance: Chance,
        pool_size: int = 8,
        patience: Patience = Patience(),
        stop: threading.Event | None = None,
    ) -> None:
        url = checked(base_url)
        self.host = host_of(url)
        #: The portal's time zone, once known: HubSpot's day ends at its midnight (HA 3).
        self.time_zone: str | None = None
        #: Our clock minus HubSpot's, in ms, good to a second; None until an answer carried a date.
        self.skew_ms: int | None = None
        self._session = Session(url, clock=clock, pool_size=pool_size)
        self._token = token
        self._pace = pace
        self._clock = clock
        self._chance = chance
        self._patience = patience
        self._stop = stop
        self._calls = _Counter()

    @property
    def calls_made(self) -> int:
        """Requests sent, repeats included."""
        return self._calls.value

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def ask(
        self,
        route: Route,
        decode: Decode[T],
        *,
        query: Mapping[str, Any] | None = None,
        body: object | None = None,
        urgent: bool = False,
        patience: Patience | None = None,
    ) -> T:
        """One call and its decoded answer.

        `decode` raises Unreadable (or msgspec's errors) for what HubSpot would not say. Raises HubSpotBusy,
        HubSpotUnreachable, AmbiguousWrite, HubSpotRefused or RequestRejected (404 included).
        """
        try:
            return self._persist(self._call(route, query, body, urgent, patience), decode)
        except Missing:
            raise complaints.rejected(route, 404, "OBJECT_NOT_FOUND") from None

    def find(
        self, route: Route, decode: Decode[T], *, query: Mapping[str, Any] | None = None, urgent: bool = False
    ) -> T | None:
        """The same for reads where HubSpot's own 404 is an answer: None."""
        try:
            return self._persist(self._call(route, query, None, urgent, None), decode)
        except Missing:
            return None

    def _call(
        self,
        route: Route,
        query: Mapping[str, Any] | None,
        body: object | None,
        urgent: bool,
        patience: Patience | None,
    ) -> _Call:
        encoded = None if body is None else msgspec.json.encode(body)
        patience = patience or self._patience
        until = self._clock.monotonic() + patience.deadline_s
        return _Call(Outgoing(route, query or {}, encoded), urgent, until, patience)

    def _persist(self, call: _Call, decode: Decode[T]) -> T:
        """Attempts until one ends for good, the attempts are used up or the deadline is near.

        Most calls end with the first: the engine of repeats is not set up for those.
        """
        try:
            return self._attempt(call, decode)
        except _Repeat as error:
            failed = [error]

        def attempt() -> T:
            if failed:
                raise failed.pop()
            return self._attempt(call, decode)

        retrying = Retrying(
            retry=retry_if_exception_type(_Repeat),
            wait=lambda state: self._wait(call, state),
            stop=lambda state: self._give_up(call, state),
            sleep=lambda seconds: self._pause(call.route, seconds),
            retry_error_callback=_fail,
        )
        done: T = retrying(attempt)
        return done

    def _attempt(self, call: _Call, decode: Decode[T]) -> T:
        answer = self._answer(call, self._token.current())
        verdict = judge(answer)
        if verdict.ending is Ending.DONE:
            return self._decoded(call, answer, decode)
        self._note(call, answer, verdict)
        raise self._trouble(call, answer, verdict)

    def _answer(self, call: _Call, token: str) -> Answer:
        """One exchange; a refused token is read again, once, and only a new one is tried (HA 2)."""
        answer = self._exchange(call, token)
        if judge(answer).ending is not Ending.TOKEN:
            return answer
        renewed = self._token.renewed(token)
        return answer if renewed is None else self._exchange(call, renewed)

    def _exchange(self, call: _Call, token: str) -> Answer:
        self._admitted(call)
        self._calls.step()
        started = self._clock.monotonic()
        try:
            answer = self._session.send(call.outgoing, token)
        except Untrusted:
            raise complaints.untrusted(call.route, self.host) from None
        except NotSent as error:
            METERS.count("hubspot_requests", endpoint=call.route.template, code="not_sent")
            raise _Repeat(complaints.unreachable(call.route, self.host, str(error))) from None
        except Lost as error:
            METERS.count("hubspot_requests", endpoint=call.route.template, code="lost")
            raise self._unknown(call, str(error)) from None
        METERS.count("hubspot_requests", endpoint=call.route.template, code=answer.status)
        log.debug(
            "hubspot_answer",
            where=call.route.template,
            method=call.route.method,
            status=answer.status,
            correlation=answer.correlation,
            took_ms=round((self._clock.monotonic() - started) * 1000),
        )
        if (said := limits(answer.headers)) is not None:
            self._pace.feedback(said)
        if (theirs := answered_at(answer.headers)) is not None:
            self.skew_ms = self._clock.now() - theirs
        return answer

    def _admitted(self, call: _Call) -> None:
        """Wait for the limiter; HubSpotBusy where that would take longer than the call may last."""
        while (wait := self._pace.acquire(call.route.budget, urgent=call.urgent)) > 0:
            if self._clock.monotonic() + wait > call.until:
                raise complaints.busy(call.route, wait)
            self._pause(call.route, wait)

    def _decoded(self, call: _Call, answer: Answer, decode: Decode[T]) -> T:
        try:
            return decode(answer.body)
        except (Unreadable, msgspec.MsgspecError):
            log.warning(
                "hubspot_answer_unreadable", where=call.route.template, correlation=answer.correlation
            )
            raise self._unknown(call, "unreadable_answer") from None

    def _unknown(self, call: _Call, why: str, wait_s: float | None = None, status: int = 0) -> Exception:
        """An unknown end: another attempt for a read, the caller's decision for a write."""
        if call.reads:
            return _Repeat(complaints.unreachable(call.route, self.host, why, status), wait_s)
        log.warning("hubspot_write_ambiguous", where=call.route.template, why=why)
        return complaints.ambiguous(call.route, why)

    def _trouble(self, call: _Call, answer: Answer, verdict: Verdict) -> Exception:
        match verdict.ending:
            case Ending.MISSING:
                return Missing()
            case Ending.NOT_APPLIED:
                return self._not_applied(call, answer, verdict.wait_s or 0.0)
            case Ending.SUSPENDED:
                return self._suspended(call, answer, verdict.wait_s)
            case Ending.UNKNOWN:
                return self._unknown(call, f"status_{answer.status}", verdict.wait_s, answer.status)
            case _:
                return complaints.final(call.route, self.host, answer, verdict.ending)

    def _not_applied(self, call: _Call, answer: Answer, wait_s: float) -> _Repeat:
        wait_s += self._chance.jitter()  # so that many waiters do not come back together (HQ 41)
        if answer.status != 423:  # a lock holds one record, not the budget
            self._pace.penalty(call.route.budget, policy(answer.problem), wait_s)
        return _Repeat(complaints.busy(call.route, wait_s), wait_s)

    def _suspended(self, call: _Call, answer: Answer, wait_s: float | None) -> Temporary:
        """DAILY: until the portal's midnight. 477: as long as HubSpot says."""
        if wait_s is not None:
            return complaints.migrating(call.route, wait_s)
        wait_s = seconds_to_midnight(self._clock.now(), self.time_zone)
        for budget in Budget:  # the day's calls are one pot
            self._pace.penalty(budget, policy(answer.problem), wait_s)
        return complaints.spent(call.route, wait_s)

    def _note(self, call: _Call, answer: Answer, verdict: Verdict) -> None:
        if verdict.ending is Ending.MISSING:
            return
        tell = log.info if call.patience.no_is_fine and verdict.ending is Ending.FORBIDDEN else log.warning
        tell(
            "hubspot_refused_call",
            where=call.route.template,
            status=answer.status,
            ending=verdict.ending.value,
            policy=policy(answer.problem),
            correlation=answer.correlation,
        )

    def _wait(self, call: _Call, state: RetryCallState) -> float:
        asked = _repeat_of(state).wait_s
        if asked is not None:
            return asked
        longest = call.patience.first_s * 2.0 ** (state.attempt_number - 1)
        return self._chance.jitter() * min(longest, call.patience.longest_s)

    def _give_up(self, call: _Call, state: RetryCallState) -> bool:
        if state.attempt_number >= call.patience.attempts:
            return True
        return self._clock.monotonic() + state.upcoming_sleep > call.until

    def _pause(self, route: Route, seconds: float) -> None:
        if self._clock.sleep(seconds, self._stop):
            raise complaints.stopping(route, seconds)


def _repeat_of(state: RetryCallState) -> _Repeat:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, _Repeat):
        raise TypeError("only a repeatable attempt is waited for")
    return error


def _fail(state: RetryCallState) -> NoReturn:
    raise _repeat_of(state).failure
