"""Who works in the account, who signed in, and what was mailed: what the office's pages remember."""

from typing import NamedTuple

from connector.sandbox import replies
from connector.sandbox.replies import Json
from connector.sandbox.times import DAY, HOUR, iso


class Role(NamedTuple):
    """A permission set of the account."""

    id: str
    name: str
    bills: bool = False

    def document(self) -> Json:
        return {"id": self.id, "name": self.name, "requiresBillingWrite": self.bills}


class User(NamedTuple):
    """Somebody who can sign in."""

    id: int
    first: str
    last: str
    email: str
    roles: tuple[str, ...] = ()
    admin: bool = False

    def document(self) -> Json:
        return {
            "id": str(self.id),
            "email": self.email,
            "firstName": self.first,
            "lastName": self.last,
            "roleId": self.roles[0] if self.roles else None,
            "roleIds": list(self.roles),
            "superAdmin": self.admin,
            "sendWelcomeEmail": False,
        }


class Login(NamedTuple):
    """One attempt to sign in."""

    number: int
    user: int
    at: int
    succeeded: bool = True


class Mail(NamedTuple):
    """A marketing e-mail; `campaign` is its number in the v1 events."""

    id: int
    campaign: int
    name: str
    subscription: int | None
    at: int

    def document(self) -> Json:
        details = {} if self.subscription is None else {"subscriptionId": str(self.subscription)}
        return {
            "id": str(self.id),
            "name": self.name,
            "subject": self.name,
            "type": "BATCH_EMAIL",
            "state": "PUBLISHED",
            "isPublished": True,
            "isTransactional": False,
            "publishDate": iso(self.at),
            "subscriptionDetails": {"officeLocationId": "1", **details},
            "primaryEmailCampaignId": str(self.campaign),
            "allEmailCampaignIds": [str(self.campaign)],
        }


class Sent(NamedTuple):
    """One mail to one address, as the v1 events tell it."""

    number: int
    at: int
    recipient: str
    campaign: int
    subject: str

    def document(self, portal_id: int) -> Json:
        return {
            "id": f"{portal_id}-sent-{self.number}",
            "created": self.at,
            "type": "SENT",
            "recipient": self.recipient,
            "portalId": portal_id,
            "appId": 113,
            "appName": "BatchEmail",
            "emailCampaignId": self.campaign,
            "subject": self.subject,
        }


class Staff:
    """What an account remembers of its own people and mails."""

    def __init__(self, now: int) -> None:
        self.roles = {role.id: role for role in (Role("201", "Marknad"), Role("202", "Sälj"))}
        self.users = {user.id: user for user in _first_users()}
        self.logins: list[Login] = []
        self.mails: list[Mail] = []
        self.sent: list[Sent] = []
        for user, ago in ((1_001, 20 * HOUR), (1_002, 5 * DAY)):
            self.sign_in(user, now - ago)

    def sign_in(self, user: int, at: int, *, succeeded: bool = True) -> None:
        """One more attempt."""
        self.logins.append(Login(len(self.logins) + 1, user, at, succeeded))


def _first_users() -> tuple[User, ...]:
    """An administrator, two with roles, of whom one no longer signs in."""
    return (
        User(1_001, "Ada", "Chef", "user1001@example.com", (), admin=True),
        User(1_002, "Mio", "Marknad", "user1002@example.com", ("201",)),
        User(1_003, "Siv", "Sälj", "user1003@example.com", ("202",)),
    )


def users_page(staff: Staff, after: int, limit: int) -> tuple[list[Json], int | None]:
    """Users by id; the id after which the next page begins."""
    rest = [user for number, user in sorted(staff.users.items()) if number > after]
    more = rest[limit - 1].id if len(rest) > limit else None
    return [user.document() for user in rest[:limit]], more


def login_document(staff: Staff, login: Login) -> Json:
    """A line of the login history (HA 14): attempts of the last 90 days."""
    user = staff.users.get(login.user)
    return {
        "id": str(login.number),
        "userId": login.user,
        "email": user.email if user else f"user{login.user}@example.com",
        "loginAt": iso(login.at),
        "loginSucceeded": login.succeeded,
        "ipAddress": "192.0.2.20",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
        "countryCode": "se",
    }


def since_90_days(staff: Staff, now: int) -> list[Login]:
    """Newest last."""
    oldest = now - 90 * DAY
    return sorted((each for each in staff.logins if each.at >= oldest), key=lambda each: each.at)


def limit_of(value: int | None, most: int) -> int:
    """A page's size. Refusal 400 outside 1..most."""
    found = most if value is None else value
    if not 1 <= found <= most:
        raise replies.invalid(f"limit must be between 1 and {most}")
    return found
