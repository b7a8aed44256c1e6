"""HubSpot's pull journal (HA 13.3): an app's feed of changes for a daemon without a public URL.

Its token is the app's own and lives in memory only. The files lie behind presigned URLs on other hosts, which
never see a token of ours.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3

from connector.clock import Clock
from connector.hubspot import complaints
from connector.hubspot.answers import Answer
from connector.hubspot.families import Route, encoded
from connector.hubspot.hosts import checked, host_of, is_loopback
from connector.hubspot.session import CONNECT_S, READ_S, USER_AGENT, Lost, NotSent, named, pooled, whole_body
from connector.hubspot.verdict import LONGEST_WAIT_S, WINDOW_S, Ending
from connector.logs import get_logger, remember_secret
from mappings.journal import JournalEvent, JournalGap, JournalPage, JournalSubscription

VERSION: Final = "2026-03"
BASE: Final = f"/webhooks-journal/journal/{VERSION}"
TOKEN: Final = Route("POST", f"/oauth/{VERSION}/token", f"/oauth/{VERSION}/token")
SUBSCRIPTIONS: Final = Route(
    "GET", f"/webhooks-journal/subscriptions/{VERSION}", f"/webhooks-journal/subscriptions/{VERSION}"
)
FILE: Final = Route("GET", "(journal file)", "(journal file)")
#: Renewed so long before its end, never by waiting for a 401 (HA 2).
SPARE_S: Final = 60.0
#: A wait up to this is waited; for a longer one the job comes again.
SHORT_S: Final = 10.0
#: HubSpot writes 5 MB at most (HA 13.3); twice that is no file of its.
LARGEST_FILE: Final = 10 * 1024 * 1024
LARGEST_ID: Final = 2**63 - 1
#: A 4xx that speaks of the credentials or of the moment, and not of the offset.
NOT_THE_OFFSET: Final = frozenset({401, 403, 407, 408, 423, 425, 429, 477})

log = get_logger(room="hubspot")


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: int


class _Place(msgspec.Struct, rename="camel"):
    url: str
    current_offset: str | int


class _Subscriptions(msgspec.Struct):
    results: list[Any]


class _File(msgspec.Struct, rename="camel"):
    journal_events: list[Any]


class Journal:
    """The journal of one app. `secret` reads the client secret where it is kept.

    Raises HubSpotUnreachable, HubSpotBusy, HubSpotRefused and RequestRejected.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        secret: Callable[[], str],
        *,
        scope: str,
        clock: Clock,
        stop: threading.Event | None = None,
    ) -> None:
        self._url = checked(base_url)
        self._host = host_of(self._url)
        self._client_id = client_id
        self._secret = secret
        self._scope = scope
        self._clock = clock
        self._stop = stop
        self._session = pooled(self._url, 1, clock)
        self._token: str | None = None
        self._token_end = 0.0
        self._closed_until = 0.0

    def earliest(self) -> JournalPage | None:
        """The oldest file that HubSpot still has; None where there is none."""
        return self._page(Route("GET", f"{BASE}/earliest", f"{BASE}/earliest"))

    def latest(self) -> JournalPage | None:
        """The newest file; None where there is none."""
        return self._page(Route("GET", f"{BASE}/latest", f"{BASE}/latest"))

    def after(self, offset: str) -> JournalPage | None:
        """The file after this one; None when nothing is new. Raises JournalGap for an unknown offset."""
        route = Route("GET", f"{BASE}/offset/{{offset}}/next", f"{BASE}/offset/{encoded(offset)}/next")
        page = self._page(route, gap=True)
        return None if page is not None and page.offset == offset else page

    def subscriptions(self) -> tuple[JournalSubscription, ...] | None:
        """What the app is subscribed to; None where its token may not know (it is another scope)."""
        answer = self._asked(SUBSCRIPTIONS)
        if answer.status == 403:
            return None
        if answer.status != 200:
            raise self._trouble(SUBSCRIPTIONS, answer)
        try:
            said = msgspec.json.decode(answer.body, type=_Subscriptions).results
        except msgspec.MsgspecError:
            raise complaints.unreachable(SUBSCRIPTIONS, self._host, "unreadable_answer") from None
        return tuple(each for each in map(_subscription, said) if each is not None)

    def _page(self, route: Route, *, gap: bool = False) -> JournalPage | None:
        answer = self._asked(route)
        if gap and 400 <= answer.status < 500 and answer.status not in NOT_THE_OFFSET:
            log.warning("journal_offset_unknown", where=route.template, status=answer.status)
            raise JournalGap
        if answer.status == 204:
            return None
        if answer.status != 200:
            raise self._trouble(route, answer)
        try:
            place = msgspec.json.decode(answer.body, type=_Place)
        except msgspec.MsgspecError:
            raise complaints.unreachable(route, self._host, "unreadable_answer") from None
        return self._fetched(place)

    def _asked(self, route: Route) -> Answer:
        """One answer; a refused token is renewed once, a short wait is waited once."""
        answer = self._called(route)
        if answer.status == 401:
            self._token = None
            answer = self._called(route)
        if answer.status == 429:
            wait = min(answer.retry_after or WINDOW_S, LONGEST_WAIT_S)
            self._closed_until = self._clock.monotonic() + wait
            if wait <= SHORT_S:
                self._pause(route, wait)
                answer = self._called(route)
        return answer

    def _called(self, route: Route) -> Answer:
        left = self._closed_until - self._clock.monotonic()
        if left > 0:
            raise complaints.busy(route, left)
        return self._send(route, {"Authorization": f"Bearer {self._bearer()}"})

    def _pause(self, route: Route, seconds: float) -> None:
        if self._clock.sleep(seconds, self._stop):
            raise complaints.stopping(route, seconds)
        self._closed_until = 0.0

    def _bearer(self) -> str:
        if self._token is None or self._clock.monotonic() >= self._token_end - SPARE_S:
            self._renew()
        assert self._token is not None  # noqa: S101 - _renew sets it or raises
        return self._token

    def _renew(self) -> None:
        secret = self._secret()
        remember_secret(secret)
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": secret,
            "scope": self._scope,
        }
        asked_at = self._clock.monotonic()
        answer = self._send(TOKEN, {}, form)
        if answer.status in {400, 401}:  # RFC 6749: the client is not known, or may not
            raise complaints.client(TOKEN, self._host, answer.status)
        if answer.status != 200:
            raise self._trouble(TOKEN, answer)
        try:
            grant = msgspec.json.decode(answer.body, type=_Grant)
        except msgspec.MsgspecError:
            raise complaints.unreachable(TOKEN, self._host, "unreadable_answer") from None
        if not (grant.access_token.isascii() and grant.access_token.isprintable() and grant.access_token):
            raise complaints.unreachable(TOKEN, self._host, "unreadable_answer")
        remember_secret(grant.access_token)
        self._token, self._token_end = grant.access_token, asked_at + grant.expires_in

    def _send(self, route: Route, headers: dict[str, str], form: dict[str, str] | None = None) -> Answer:
        try:
            with self._session.request(
                route.method,
                self._url + route.path,
                data=form,
                headers={"User-Agent": USER_AGENT, "Accept": "application/json", **headers},
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, response.headers, whole_body(response, self._clock))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise complaints.unreachable(route, self._host, str(named(error))) from None
        except (NotSent, Lost) as error:
            raise complaints.unreachable(route, self._host, str(error)) from None

    def _trouble(self, route: Route, answer: Answer) -> Exception:
        status = answer.status
        if status == 429:
            return complaints.busy(route, min(answer.retry_after or WINDOW_S, LONGEST_WAIT_S))
        if status in {401, 403}:
            ending = Ending.TOKEN if status == 401 else Ending.FORBIDDEN
            return complaints.final(route, self._host, answer, ending)
        if 400 <= status < 500 and status not in NOT_THE_OFFSET:
            return complaints.rejected(route, status, "")
        return complaints.unreachable(route, self._host, f"status_{status}", status)

    def _fetched(self, place: _Place) -> JournalPage:
        """The file itself, from whatever host HubSpot keeps it on: without our token, https, no redirect.

        A bad URL or an answer that is no 200 is for the next run, which gets a new URL.
        """
        offset = str(place.current_offset)
        if not self._may_fetch(place.url):
            raise complaints.unreachable(FILE, self._host, "file_url_not_https")
        with pooled(place.url, 1, self._clock) as session:
            try:
                with session.get(
                    place.url,
                    headers={"User-Agent": USER_AGENT},
                    timeout=(CONNECT_S, READ_S),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    status = response.status_code
                    body = whole_body(response, self._clock, LARGEST_FILE) if status == 200 else b""
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                raise complaints.unreachable(FILE, host_of(place.url), str(named(error))) from None
            except Lost as error:
                if str(error) == "answer_too_large":  # the next try would bring the same
                    return _torn(offset, "too_large")
                raise complaints.unreachable(FILE, host_of(place.url), str(error)) from None
        if status != 200:
            raise complaints.unreachable(FILE, host_of(place.url), f"status_{status}", status)
        return _read(offset, body)

    def _may_fetch(self, url: str) -> bool:
        """https; what HubSpot names on this machine is fetched only where HubSpot itself is played there."""
        try:
            parts = urlsplit(url)
            bare = bool(parts.hostname) and "@" not in parts.netloc
            parts.port  # noqa: B018 - raises for what is no port
        except ValueError:
            return False
        if is_loopback(url):
            return bare and parts.scheme in {"http", "https"} and is_loopback(self._url)
        return bare and parts.scheme == "https"


def _read(offset: str, body: bytes) -> JournalPage:
    try:
        said = msgspec.json.decode(body, type=_File).journal_events
    except (msgspec.MsgspecError, RecursionError):
        return _torn(offset, "unreadable")
    events = [_event(each) for each in said]
    sound = tuple(each for each in events if each is not None)
    return JournalPage(offset=offset, events=sound, torn=len(sound) < len(events))


def _torn(offset: str, why: str) -> JournalPage:
    log.warning("journal_file_unreadable", why=why)
    return JournalPage(offset=offset, events=(), torn=True)


def _event(said: Any) -> JournalEvent | None:
    """None for what is no event as HubSpot writes them. No value in it is looked at but ids and words."""
    if not isinstance(said, dict):
        return None
    portal, object_id = _number(said.get("portalId")), _number(said.get("objectId"))
    kind, action = said.get("objectTypeId"), said.get("action")
    if not isinstance(action, str) or portal is None:
        return None
    if not isinstance(kind, str) or object_id is None:  # another family of events (app, list, association)
        return JournalEvent(portal=portal, object_type="", action=action, object_id=object_id or 0)
    others = tuple(_others(said.get("mergedObjectIds")))
    return JournalEvent(portal=portal, object_type=kind, action=action, object_id=object_id, others=others)


def _subscription(said: Any) -> JournalSubscription | None:
    """None for what is about no portal (an app's own life) or no list of actions."""
    if not isinstance(said, dict) or not isinstance(said.get("actions"), list) or said.get("deletedAt"):
        return None
    portal = _number(said.get("portalId"))
    if portal is None:
        return None
    return JournalSubscription(
        kind=str(said.get("subscriptionType")),
        portal=portal,
        object_type=str(said.get("objectTypeId")),
        actions=frozenset(each for each in said["actions"] if isinstance(each, str)),
    )


def _others(said: Any) -> Iterator[int]:
    for each in said if isinstance(said, list) else ():
        number = _number(each)
        if number is not None:
            yield number


def _number(value: Any) -> int | None:
    """An id, as a number or as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= LARGEST_ID else None
