"""What a portal tells about itself: its users, its mails, its properties. Plain records, times in ms UTC."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSpotUser:
    """Somebody who can sign in to the account (HA 14). `roles` are names where HubSpot tells them."""

    id: str
    email: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    super_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyInfo:
    """One definition of a contact property; `sensitivity` is HubSpot's word."""

    name: str
    label: str
    type: str
    hubspot_defined: bool
    sensitivity: str = "non_sensitive"
    read_only: bool = False  # HubSpot works it out, or lets no client write it


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingEmail:
    """One marketing e-mail; `subscription` is the type it goes out under, None where HubSpot does not say."""

    name: str
    subscription: int | None
    transactional: bool = False
    campaigns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """The last marketing e-mail of one contact, as its properties tell it."""

    contact: int
    email: str
    at: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedPage:
    """One page by ascending contact id; `after` is the last id, None at the end."""

    mails: tuple[Mailed, ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """One mail that left, as the legacy v1 events tell it."""

    email: str
    at: int
    campaign: int | None
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPage:
    """Newest first; `offset` is opaque, None at the end."""

    mails: tuple[SentMail, ...]
    offset: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUsage:
    """Today's calls of one counter of the account."""

    name: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a record says of its own beginning beside the source: form, import or app."""

    form: str = ""
    detail: str = ""
