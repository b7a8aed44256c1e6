"""What `doctor` looks at where HubSpot tells us of changes: the door for webhooks, and the pull journal."""

import socket
from collections.abc import Callable
from typing import Final

from connector import wiring
from connector.errors import ConfigurationError
from connector.hubspot.journal import Journal
from connector.hubspot.knock import OPEN, UNSIGNED, knock
from connector.settings import PortalSettings, Settings
from connector.store.mirror import Mirror
from connector.web.webhooks import PATH
from jobs.journal import CURSOR, is_aged, missing_actions
from mappings.journal import JournalGap, JournalPage

SWEEP: Final = "Run `consent-mirror sync --full`, or let the daemon run: it asks for a full sweep by itself."
SUBSCRIPTIONS_SCOPE: Final = "developer.webhooks_journal.subscriptions.read"
LOOK_S: Final = 2.0


def webhooks(settings: Settings, portal: PortalSettings) -> str | None:
    """A delivery of our own that says nothing goes the way of HubSpot's: in at the public address."""
    secret = wiring.webhook_secret_of(portal)
    if settings.web.public_url is None or secret is None:
        raise ConfigurationError(
            "HubSpot's webhooks are signed for an address, and there is none.",
            where="web.public_url",
            next_step="Set it, or take the portal's webhook_secret away.",
        )
    if settings.web.listen and not _listens(settings.web.listen):
        return f"not looked at: nothing listens at {settings.web.listen} now; start `daemon` or `serve`"
    url = settings.web.public_url + PATH
    word = knock(url, secret, portal.portal_id, wiring.tools().clock)
    if word == UNSIGNED:
        raise ConfigurationError(
            "The web part does not take what this portal's secret signs.",
            where=f"portals.{portal.name}.webhook_secret",
            next_step="Restart the web part if the secret or public_url is new; its clock has to be right.",
        )
    if word != OPEN:
        raise ConfigurationError(
            f"HubSpot's webhooks do not reach the web part: {word}.",
            where="web.public_url",
            next_step=f"Let the proxy pass POST {PATH} on to [web] listen, from outside too.",
        )
    return f"open: {url}"


def _listens(address: str) -> bool:
    """Somebody takes connections there; an address of every interface is asked for on this machine."""
    host, _, port = address.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host.strip("[]"), host.strip("[]"))  # noqa: S104 - not bound
    try:
        socket.create_connection((host, int(port)), LOOK_S).close()
    except OSError:
        return False
    return True


def journal(portal: PortalSettings, mirror: Mirror) -> str | None:
    """Its token is taken, our place is known and young enough, and the app is subscribed to this portal."""
    tools = wiring.tools()
    found = wiring.pull_journal_of(portal, tools)
    if found is None:
        return None
    with mirror.read(portal.portal_id) as work:
        place = work.cursors.get(CURSOR)
    page = _page(portal, found, None if place is None else place["offset"])
    if place is not None and is_aged(place, tools.clock.now()):
        raise _gap(portal, "It was last asked three days ago or more, and HubSpot keeps three.")
    remarks = ("not read yet" if place is None else None, _subscribed(portal, found), _foreign(portal, page))
    return "; ".join(each for each in remarks if each) or None


def _page(portal: PortalSettings, found: Journal, offset: str | None) -> JournalPage | None:
    ask: Callable[[], JournalPage | None] = (
        found.latest if offset is None else lambda: found.after(str(offset))
    )
    try:
        return ask()
    except JournalGap:
        raise _gap(portal, "HubSpot does not know the place up to which it was read.") from None


def _gap(portal: PortalSettings, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"Changes may have been missed in the journal: {why}",
        where=f"portals.{portal.name}.journal_client_id",
        next_step=SWEEP,
    )


def _subscribed(portal: PortalSettings, found: Journal) -> str | None:
    """Every action that matters is told of this portal; a token without the scope cannot know."""
    subscriptions = found.subscriptions()
    if subscriptions is None:
        return f"what the app is subscribed to is not looked at: journal_scope lacks {SUBSCRIPTIONS_SCOPE}"
    lacking = missing_actions(portal.portal_id, subscriptions)
    if lacking:
        raise ConfigurationError(
            f"The app's journal does not tell {', '.join(lacking)} of contacts of portal {portal.portal_id}.",
            where=f"portals.{portal.name}.journal_client_id",
            next_step="Subscribe the app to them once (docs/web.md), with the portal's id.",
        )
    return None


def _foreign(portal: PortalSettings, page: JournalPage | None) -> str | None:
    """A word where the file that was looked at tells of other portals alone: so it is with an app of many."""
    others = {event.portal for event in page.events} if page is not None else set()
    if not others or portal.portal_id in others:
        return None
    return "the file that was looked at tells of other portals only"
