"""Which path to call: one table family -> version, and a builder for each call (HA 1).

A route's `template` is what logs and errors may show; its `path` may hold an address and is shown to nobody.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from connector.hubspot.pace import Budget

#: HubSpot dates its versions; not every family has every version (HA 1, table "family").
VERSIONS: Final = {
    "account-info": "2026-03",
    "communication-preferences": "2026-03",
    "contacts": "2026-03",
    "properties": "2026-03",
    "forms": "v3",
    "submissions": "v1",
    "timeline": "v1",
    "users": "2026-03",
    "emails": "v3",
    "email-events": "v1",
    "lists": "2026-03",
}

ACCOUNT: Final = f"/account-info/{VERSIONS['account-info']}"
CONTACTS: Final = f"/crm/objects/{VERSIONS['contacts']}/contacts"
PREFERENCES: Final = f"/communication-preferences/{VERSIONS['communication-preferences']}"
PROPERTIES: Final = f"/crm/properties/{VERSIONS['properties']}/contacts"
FORMS: Final = f"/marketing/{VERSIONS['forms']}/forms"
SUBMISSIONS: Final = f"/form-integrations/{VERSIONS['submissions']}/submissions/forms"
USERS: Final = f"/settings/users/{VERSIONS['users']}"
EMAILS: Final = f"/marketing/{VERSIONS['emails']}/emails"
LISTS: Final = f"/crm/lists/{VERSIONS['lists']}"
EMAIL_EVENTS: Final = f"/email/public/{VERSIONS['email-events']}/events"
TIMELINE: Final = f"/email/public/{VERSIONS['timeline']}/subscriptions/timeline"


class Effect(StrEnum):
    """Whether a call may be repeated when its end is unknown."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Route:
    """One call of HubSpot's API."""

    method: str
    template: str
    path: str = field(repr=False)
    effect: Effect = Effect.READ
    budget: Budget = Budget.BURST


def encoded(part: str) -> str:
    """One path segment: `+`, `/` and `%` escaped, UTF-8 for the rest; `@` may stay (HA 8.1).

    Raises ValueError for what would name another path: nothing, `.` and `..`.
    """
    if part in {"", ".", ".."}:
        raise ValueError("a path segment cannot be empty or dots")
    return quote(part, safe="@")


def _fixed(method: str, path: str, effect: Effect = Effect.READ, budget: Budget = Budget.BURST) -> Route:
    return Route(method, path, path, effect, budget)


def details() -> Route:
    """Which account the token belongs to (HA 14)."""
    return _fixed("GET", f"{ACCOUNT}/details")


def audit() -> Route:
    """The audit log; Enterprise (HA 14)."""
    return _fixed("GET", f"{ACCOUNT}/activity/audit-logs")


def contacts() -> Route:
    """The contact list, by ascending id, at most 100 a page (HA 5)."""
    return _fixed("GET", CONTACTS)


def contact(key: int | str) -> Route:
    """One contact by record id, or by address with `idProperty=email` (HA 5)."""
    return Route("GET", f"{CONTACTS}/{{key}}", f"{CONTACTS}/{encoded(str(key))}")


def correct(contact_id: int) -> Route:
    """Overwrite properties of one contact (HA 5)."""
    read = contact(contact_id)
    return Route("PATCH", read.template, read.path, Effect.WRITE)


def contacts_batch_read() -> Route:
    """Up to 100 contacts by id; missing ids are errors of a 207 (HA 5)."""
    return _fixed("POST", f"{CONTACTS}/batch/read")


def contacts_batch_update() -> Route:
    """Overwrite properties of up to 100 contacts by id; 207 where some failed (HA 5)."""
    return _fixed("POST", f"{CONTACTS}/batch/update", Effect.WRITE)


def contacts_search() -> Route:
    """Search: 5 calls/s for the whole account, at most 200 a page, 10,000 a query (HA 6)."""
    return _fixed("POST", f"{CONTACTS}/search", budget=Budget.SEARCH)


def gdpr_delete() -> Route:
    """Privacy-delete one contact (HA 7)."""
    return _fixed("POST", f"{CONTACTS}/gdpr-delete", Effect.WRITE)


def properties() -> Route:
    """The contact properties that the portal has (HA 9)."""
    return _fixed("GET", PROPERTIES)


def new_property() -> Route:
    """Make a contact property (HA 9)."""
    return _fixed("POST", PROPERTIES, Effect.WRITE)


def one_property(name: str) -> Route:
    """One contact property's definition (HA 9)."""
    return Route("GET", f"{PROPERTIES}/{{name}}", f"{PROPERTIES}/{encoded(name)}")


def definitions() -> Route:
    """The subscription types (HA 8.1)."""
    return _fixed("GET", f"{PREFERENCES}/definitions")


def statuses(email: str) -> Route:
    """All statuses of one address (HA 8.1)."""
    return Route("GET", f"{PREFERENCES}/statuses/{{email}}", f"{PREFERENCES}/statuses/{encoded(email)}")


def set_status(email: str) -> Route:
    """Write one status of one address (HA 8.1)."""
    read = statuses(email)
    return Route("POST", read.template, read.path, Effect.WRITE)


def wide(email: str) -> Route:
    """Has the address opted out of everything? (HA 8.1)"""
    read = statuses(email)
    return Route("GET", f"{read.template}/unsubscribe-all", f"{read.path}/unsubscribe-all")


def unsubscribe_all(email: str) -> Route:
    """Opt one address out of everything (HA 8.1)."""
    read = wide(email)
    return Route("POST", read.template, read.path, Effect.WRITE)


def statuses_batch() -> Route:
    """All statuses of many addresses; Enterprise (HA 8.1)."""
    return _fixed("POST", f"{PREFERENCES}/statuses/batch/read")


def wide_batch() -> Route:
    """Which of many addresses have opted out of everything; Enterprise (HA 8.1)."""
    return _fixed("POST", f"{PREFERENCES}/statuses/batch/unsubscribe-all/read")


def forms() -> Route:
    """Form definitions with their consent texts (HA 11)."""
    return _fixed("GET", FORMS)


def submissions(form: str) -> Route:
    """What was sent through one form, newest first (HA 11)."""
    return Route("GET", f"{SUBMISSIONS}/{{form}}", f"{SUBMISSIONS}/{encoded(form)}")


def timeline() -> Route:
    """The legacy feed of subscription changes (HA 10)."""
    return _fixed("GET", TIMELINE)


def users() -> Route:
    """Who can sign in to the account (HA 14)."""
    return _fixed("GET", USERS)


def roles() -> Route:
    """The names of the account's permission sets (HA 14)."""
    return _fixed("GET", f"{USERS}/roles")


def logins() -> Route:
    """Who signed in within 90 days (HA 14)."""
    return _fixed("GET", f"{ACCOUNT}/activity/login")


def api_usage() -> Route:
    """Today's calls of the private apps (HA 14)."""
    return _fixed("GET", f"{ACCOUNT}/api-usage/daily/private-apps")


def marketing_emails() -> Route:
    """The marketing e-mails with their subscription types; Professional (HA 10)."""
    return _fixed("GET", EMAILS)


def email_events() -> Route:
    """The legacy feed of e-mail events (HA 10)."""
    return _fixed("GET", EMAIL_EVENTS)


def lists() -> Route:
    """A new list of contacts (HA 12)."""
    return _fixed("POST", LISTS, Effect.WRITE)


def one_list(list_id: int) -> Route:
    """One list by its id (HA 12)."""
    return Route("GET", f"{LISTS}/{{list}}", f"{LISTS}/{list_id}")


def list_named(name: str) -> Route:
    """One list of contacts by its name (HA 12)."""
    path = f"{LISTS}/object-type-id/0-1/name"
    return Route("GET", f"{path}/{{name}}", f"{path}/{encoded(name)}")


def list_members(list_id: int) -> Route:
    """Who is in a list, at most 250 a page (HA 12)."""
    return Route("GET", f"{LISTS}/{{list}}/memberships", f"{LISTS}/{list_id}/memberships")


def change_list(list_id: int) -> Route:
    """Add and remove members (HA 12)."""
    end = "memberships/add-and-remove"
    return Route("PUT", f"{LISTS}/{{list}}/{end}", f"{LISTS}/{list_id}/{end}", Effect.WRITE)
