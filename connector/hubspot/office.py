"""Who can reach the register, which properties it has, and what was mailed (HA 9, 10, 14).

What a plan or a token does not show answers None, which is not the same as nothing: the caller says so.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from connector.errors import RequestRejected
from connector.hubspot import families
from connector.hubspot.complaints import Forbidden
from connector.hubspot.contacts import PAGE as LIST_PAGE
from connector.hubspot.families import Route
from connector.hubspot.paging import pages
from connector.hubspot.search import ID, PAGE, SearchCalls
from connector.hubspot.search import body_of as search_body
from connector.hubspot.search import filter_of as search_filter
from connector.hubspot.wire import office as wire
from mappings import words
from mappings.office import (
    ApiUsage,
    HubSpotUser,
    MailedPage,
    MarketingEmail,
    Origin,
    PropertyInfo,
    SentPage,
)
from mappings.records import Contact, ContactPage

T = TypeVar("T")
Item = TypeVar("Item")

USERS_PAGE: Final = 100
LOGINS_PAGE: Final = 200
MAILS_PAGE: Final = 100
EVENTS_PAGE: Final = 1_000
#: HubSpot lists properties of one sensitivity at a time (HA 9).
SENSITIVITIES: Final = ("non_sensitive", "sensitive", "highly_sensitive")


class OfficeCalls(SearchCalls):
    """The calls about the account's own people, properties and mails."""

    def users(self) -> tuple[HubSpotUser, ...] | None:
        """Everyone who can sign in, with the names of their roles; None: not shown to this plan or token."""
        return _unless_forbidden(self._users)

    def last_logins(self) -> dict[str, int] | None:
        """User id -> last sign-in of the last 90 days; None: not shown to this plan or token."""
        return _unless_forbidden(self._last_logins)

    def register_pages(self) -> Iterator[tuple[tuple[Contact, ...], dict[int, Origin]]]:
        """Every contact by ascending id, and how each record began: what an inventory reads."""
        return pages(families.contacts(), self._register_page)

    def properties(self) -> tuple[PropertyInfo, ...]:
        """Every contact property's definition; sensitive ones only where the token may see them."""
        found: dict[str, PropertyInfo] = {}
        for sensitivity in SENSITIVITIES:
            shown = _unless_refused(
                lambda kind=sensitivity: self._ask(  # type: ignore[misc] # the default binds the loop's value
                    families.properties(), wire.properties, query={"dataSensitivity": kind}
                )
            )
            found |= {each.name: each for each in shown or ()}
        return tuple(found.values())

    def count_filled(self, name: str) -> int | None:
        """How many contacts have a value of this property; None where HubSpot does not count it."""
        body = search_body([{"propertyName": name, "operator": "HAS_PROPERTY"}], ID, [ID], limit=1)
        return _unless_refused(lambda: self._ask(families.contacts_search(), wire.total, body=body))

    def mailed_since(self, since: int, after_id: int) -> MailedPage | None:
        """Contacts whose last marketing e-mail left at `since` or later, by ascending id from after_id on.

        None where the portal has no such property: nothing was ever mailed with it.
        """
        filters = [search_filter(words.LAST_SENT, "GTE", since), search_filter(ID, "GT", after_id)]
        names = (words.EMAIL, words.LAST_SENT, words.LAST_MAIL)
        body = search_body(filters, ID, names, limit=PAGE)
        return _unless_refused(lambda: self._ask(families.contacts_search(), wire.mailed_page, body=body))

    def marketing_emails(self) -> tuple[MarketingEmail, ...] | None:
        """Every marketing e-mail with its subscription type; None: not shown to this plan or token."""
        return _unless_forbidden(
            lambda: self._every(families.marketing_emails(), wire.mails_page, {"limit": MAILS_PAGE})
        )

    def sent_events(self, start: int, end: int, offset: str | None = None) -> SentPage | None:
        """One page of SENT events between two times, newest first (legacy v1); None: not shown."""
        query = {
            "eventType": "SENT",
            "startTimestamp": start,
            "endTimestamp": end,
            "limit": EVENTS_PAGE,
            "offset": offset,
        }
        return _unless_refused(lambda: self._ask(families.email_events(), wire.sent_page, query=query))

    def api_usage(self) -> tuple[ApiUsage, ...] | None:
        """Today's calls of the account's private apps; None: not shown."""
        return _unless_refused(lambda: self._ask(families.api_usage(), wire.usage))

    def _register_page(
        self, after: str | None
    ) -> tuple[tuple[tuple[Contact, ...], dict[int, Origin]], str | None]:
        origins: dict[int, Origin] = {}

        def read(body: bytes) -> ContactPage:
            origins.update(wire.origins(body))
            return self._contacts.page(body)

        asked = f"{self._selection()['properties']},{words.CONVERSION_NAME},{words.OBJECT_SOURCE_ID}"
        query = {"properties": asked, "limit": LIST_PAGE, "after": after}
        page = self._ask(families.contacts(), read, query=query)
        whole = page if self._fits else self._completed(page)
        return (whole.contacts, origins), page.after

    def _users(self) -> tuple[HubSpotUser, ...]:
        items = self._every(families.users(), wire.users_page, {"limit": USERS_PAGE})
        names = _unless_refused(lambda: self._ask(families.roles(), wire.roles)) or {}
        return tuple(wire.user(item, names) for item in items)

    def _last_logins(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for user, at in self._every(families.logins(), wire.logins_page, {"limit": LOGINS_PAGE}):
            found[user] = max(at, found.get(user, 0))
        return found

    def _every(
        self,
        route: Route,
        decode: Callable[[bytes], tuple[tuple[Item, ...], str | None]],
        query: dict[str, Any],
    ) -> tuple[Item, ...]:
        every = pages(route, lambda after: self._ask(route, decode, query={**query, "after": after}))
        return tuple(item for page in every for item in page)


def _unless_forbidden(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Forbidden:
        return None


def _unless_refused(ask: Callable[[], T]) -> T | None:
    """The same where an older portal does not know the call or the property at all."""
    try:
        return ask()
    except (Forbidden, RequestRejected):
        return None
