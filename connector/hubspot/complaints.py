"""What the transport says when a call fails: problem, place, next step; never an address, token or reply."""

from connector.errors import (
    AmbiguousWrite,
    ConnectorError,
    HubSpotBusy,
    HubSpotRefused,
    HubSpotUnreachable,
    RequestRejected,
)
from connector.hubspot.answers import Answer, category, scopes
from connector.hubspot.families import Route
from connector.hubspot.verdict import Ending

LATER = "Nothing to do: the next run goes on from here."


class Forbidden(HubSpotRefused):
    """A 403: this call is not allowed, others may be. A probe reads it as "not available" (HQ 32)."""


class Overloaded(HubSpotUnreachable):
    """HubSpot answered with a server error each time: a batch may work when it is smaller (HA 4)."""


def where(route: Route) -> str:
    """The call as it may be shown: its template, never its path."""
    return f"{route.method} {route.template}"


def busy(route: Route, wait_s: float) -> HubSpotBusy:
    """A limit is reached, or a record is locked, for longer than the call may last."""
    return HubSpotBusy("HubSpot asked us to wait.", wait_s=wait_s, next_step=LATER, where=where(route))


def spent(route: Route, wait_s: float) -> HubSpotBusy:
    """The account's calls of the day are used up (HA 3, DAILY)."""
    return HubSpotBusy(
        "The account's daily HubSpot calls are used up; they start again at the portal's midnight.",
        wait_s=wait_s,
        next_step="Wait, or see which other app of the account uses them (HubSpot: Settings, Usage).",
        where=where(route),
    )


def migrating(route: Route, wait_s: float) -> HubSpotBusy:
    """477: the account moves to another data centre (HA 4)."""
    return HubSpotBusy(
        "HubSpot is moving the account to another data centre.",
        wait_s=wait_s,
        next_step="Nothing to do: work goes on when the move is over.",
        where=where(route),
    )


def stopping(route: Route, wait_s: float) -> HubSpotBusy:
    """The program was told to stop while it waited for HubSpot."""
    return HubSpotBusy(
        "The wait for HubSpot was cut short: the program stops.",
        wait_s=wait_s,
        next_step=LATER,
        where=where(route),
    )


def unreachable(route: Route, host: str, why: str, status: int = 0) -> HubSpotUnreachable:
    """No answer, or none that HubSpot would give. `why` is a fixed word of ours."""
    kind = Overloaded if status >= 500 else HubSpotUnreachable
    return kind(
        f"HubSpot gave no usable answer ({why}).",
        next_step=f"Check that {host} is reachable from here; the next run goes on from here.",
        where=where(route),
    )


def untrusted(route: Route, host: str) -> HubSpotUnreachable:
    """The certificate could not be verified; it is never ignored."""
    return HubSpotUnreachable(
        f"The certificate shown by {host} could not be verified.",
        next_step="Check this machine's clock and CA certificates, and any proxy that opens TLS "
        "(REQUESTS_CA_BUNDLE names a company's own CA).",
        where=where(route),
    )


def ambiguous(route: Route, why: str) -> AmbiguousWrite:
    """A write whose end is unknown. `why` is a fixed word of ours."""
    return AmbiguousWrite(
        f"It is not known whether HubSpot applied the write ({why}).",
        next_step="Nothing to do: it is read back before anything is repeated.",
        where=where(route),
    )


def rejected(route: Route, status: int, word: str) -> RequestRejected:
    """HubSpot will never accept this request."""
    return RequestRejected(
        f"HubSpot rejected the request ({status} {word or 'no category'}).",
        status=status,
        category=word,
        next_step="See the item in the review list; repeating it cannot help.",
        where=where(route),
    )


def final(route: Route, host: str, answer: Answer, ending: Ending) -> ConnectorError:
    """The error for an ending that no repeat can change."""
    if ending is Ending.TOKEN:
        return _token(route, host, answer.status)
    if ending is Ending.FORBIDDEN:
        return _forbidden(route, host, answer)
    if ending is Ending.ELSEWHERE:
        return _elsewhere(route, host, answer.status)
    return rejected(route, answer.status, category(answer.problem))


def _token(route: Route, host: str, status: int) -> HubSpotRefused:
    return HubSpotRefused(
        f"The token or the host is wrong: {host} answered {status}, also after reading the token again.",
        next_step="Put a valid token where portals.token_env or token_file points (a new variable needs a "
        "restart), and check portals.api: it has to be the host of the portal's region.",
        where=where(route),
    )


def client(route: Route, host: str, status: int) -> HubSpotRefused:
    """An app's own id and secret are not taken."""
    return HubSpotRefused(
        f"{host} does not take the app's client id and secret for these scopes ({status}).",
        next_step="Compare journal_client_id, its secret and journal_scope with the app's page in HubSpot "
        "(a new variable needs a restart).",
        where=where(route),
    )


def _forbidden(route: Route, host: str, answer: Answer) -> HubSpotRefused:
    names = scopes(answer.problem)
    step = (
        f"Add the scope {', '.join(names)} to the key in HubSpot."
        if names
        else ("Check the scopes of the key in HubSpot, and whether the account's plan has this feature.")
    )
    return Forbidden(
        f"{host} does not allow this call ({category(answer.problem) or answer.status}).",
        next_step=step,
        where=where(route),
        scopes=names,
    )


def _elsewhere(route: Route, host: str, status: int) -> HubSpotUnreachable:
    return HubSpotUnreachable(
        f"{host} answered with a redirect ({status}), which is never followed with the token.",
        next_step="Check portals.api and any proxy in between.",
        where=where(route),
    )
