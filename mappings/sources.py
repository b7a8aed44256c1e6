"""HubSpot's free text `source` of a status: whose act it tells of.

An allow-list: only texts that mean "the person did it" become SUBJECT, all else never does
(consent-domain 4). HubSpot documents no list, so operators add what they have proved in their portal
(`subject_sources`). Unknown texts are UNKNOWN, and UNKNOWN never lifts a no.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final


class SourceKind(StrEnum):
    """Whose act a status is, as far as its `source` tells."""

    SUBJECT = "subject"
    STAFF = "staff"
    IMPORT = "import"
    WORKFLOW = "workflow"
    APP = "app"
    API = "api"
    UNKNOWN = "unknown"


KINDS: Final[dict[SourceKind, tuple[str, ...]]] = {
    SourceKind.SUBJECT: (
        "Self Service Resubscription",
        "Self Service Unsubscription",
        "Email preferences page",
        "Subscription preferences page",
        "Manage preferences page",
        "Unsubscribe link in email",
        "Unsubscribed from email",
        "One-click unsubscribe",
        "List-Unsubscribe",
        "Form submission",
        "Double opt-in confirmation",
        "Recipient",
        "SOURCE_RECIPIENT",
    ),
    SourceKind.STAFF: ("Updated by user in HubSpot", "CRM UI", "CRM_UI", "Contact record", "SOURCE_USER"),
    SourceKind.IMPORT: ("Import", "Contact import", "Opt-out list import", "SOURCE_IMPORT"),
    SourceKind.WORKFLOW: ("Workflow", "Workflows", "AUTOMATION_PLATFORM"),
    SourceKind.APP: ("Integration", "INTEGRATION", "App"),
    SourceKind.API: ("Public status API", "Public API", "API"),
}


def plain(text: str) -> str:
    """The form in which sources are compared: case and runs of blanks do not matter."""
    return " ".join(text.split()).casefold()


BY_TEXT: Final = {plain(text): kind for kind, texts in KINDS.items() for text in texts}


def subject_texts(texts: Iterable[str]) -> frozenset[str]:
    """An operator's additional subject sources, ready for `kind_of`; build it once."""
    return frozenset(plain(text) for text in texts if text.strip())


def kind_of(source: str | None, also_subject: Collection[str] = frozenset()) -> SourceKind:
    """Whose act the source tells of; `also_subject` as made by `subject_texts`.

    A text that is known as anything else is never made a subject act by the setting.
    """
    if source is None:
        return SourceKind.UNKNOWN
    text = plain(source)
    kind = BY_TEXT.get(text, SourceKind.UNKNOWN)
    if kind is SourceKind.UNKNOWN and text in also_subject:
        return SourceKind.SUBJECT
    return kind
