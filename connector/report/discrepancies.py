"""What differs between HubSpot and the mirror, by kind, and what changed since the last report. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from hashlib import blake2b
from typing import Final

#: Discrepancies of one kind that are kept with their details: the attachment stays mailable. All are counted.
DETAILED: Final = 5_000
UNREADABLE: Final = "•••"
#: A mail's own name may be any text; one that could name or number a person is not shown.
NAMES_SOMEBODY: Final = re.compile(r"@|\d[\d\s-]{5,}\d")
LONGEST_NAME: Final = 80
WORD: Final = re.compile(r"^[A-Za-z0-9_.:/-]{1,80}$")
MASKED: Final = re.compile(r"^[^@]*•[^@]*(@[^@]*•[^@]*)?$")


class Urgency(IntEnum):
    """How soon a person has to look; the worst first."""

    ACT = 0  # the law is touched: someone may be mailed against a no, or an erasure is undone
    LOOK = 1  # a decision waits, nothing is sent meanwhile
    KNOW = 2  # for information


class Kind(StrEnum):
    """The kinds of discrepancy, the worst first: this order is the order of the report.

    A new kind needs an urgency here and its words in both languages (`words.py`); tests ask for both.
    """

    ERASED_REAPPEARED = "erased_reappeared"  # row 34
    RESUBSCRIBED_AGAINST_NO = "resubscribed_against_no"  # rows 14-16, 18, 41, 43
    MAILED_AFTER_NO = "mailed_after_no"  # a marketing mail left after the person's no
    MAILED_WITHOUT_CONSENT = "mailed_without_consent"  # for a purpose that nothing carried
    OPTOUT_NOT_CONFIRMED = "optout_not_confirmed"  # row 44: an unconfirmed withdrawal is not handled
    BREAKER_OPEN = "breaker_open"  # row 37
    REQUEST_DUE = "request_due"  # Art. 12(3): a month to answer, told from day 20 on
    RECIPIENT_NOT_TOLD = "recipient_not_told"  # Art. 17(2), 19: not confirmed within 24 h
    WAITING_FOR_REVIEW = "waiting_for_review"  # rows 6, 27 and the two open cells
    CLEARED_IN_HUBSPOT = "cleared_in_hubspot"  # rows 23, 24, 29
    CHANGED_WITHOUT_ACT = "changed_without_act"  # rows 7, 13 (basis drift), 19
    UNKNOWN_VALUE = "unknown_value"  # row 45
    NOTICE_OVERDUE = "notice_overdue"  # Art. 14: a month has gone by
    LETTER_REFUSED = "letter_refused"  # a letter to a person that the mail server will not take
    CHECKPOINT_NOT_COPIED = "checkpoint_not_copied"
    NO_MAIL_PATH = "no_mail_path"
    WORDING = "wording"
    EXPORT_OVERDUE = "export_overdue"  # a file that we wrote, and that should be gone
    RETENTION_UNKNOWN = "retention_unknown"  # nobody can say when their time is over: never erased
    ACCESS_UNJUSTIFIED = "access_unjustified"  # nobody said why, or the day to look again has come
    ACCESS_DORMANT = "access_dormant"  # has not signed in for long
    STATUS_WITHOUT_EVIDENCE = "status_without_evidence"  # rows 11, 12
    MISSING_IN_HUBSPOT = "missing_in_hubspot"  # row 31

    @property
    def urgency(self) -> Urgency:
        """How soon a person has to look."""
        return URGENCY[self]


#: Of these a person may have several at a time, each with a number of its own.
NUMBERED: Final = frozenset({Kind.WAITING_FOR_REVIEW, Kind.REQUEST_DUE, Kind.RECIPIENT_NOT_TOLD})

URGENCY: Final[Mapping[Kind, Urgency]] = {
    Kind.ERASED_REAPPEARED: Urgency.ACT,
    Kind.RESUBSCRIBED_AGAINST_NO: Urgency.ACT,
    Kind.MAILED_AFTER_NO: Urgency.ACT,
    Kind.MAILED_WITHOUT_CONSENT: Urgency.ACT,
    Kind.OPTOUT_NOT_CONFIRMED: Urgency.ACT,
    Kind.BREAKER_OPEN: Urgency.ACT,
    Kind.REQUEST_DUE: Urgency.ACT,
    Kind.RECIPIENT_NOT_TOLD: Urgency.ACT,
    Kind.WAITING_FOR_REVIEW: Urgency.LOOK,
    Kind.CLEARED_IN_HUBSPOT: Urgency.LOOK,
    Kind.CHANGED_WITHOUT_ACT: Urgency.LOOK,
    Kind.UNKNOWN_VALUE: Urgency.LOOK,
    Kind.NOTICE_OVERDUE: Urgency.ACT,
    Kind.LETTER_REFUSED: Urgency.LOOK,
    Kind.CHECKPOINT_NOT_COPIED: Urgency.LOOK,
    Kind.NO_MAIL_PATH: Urgency.LOOK,
    Kind.WORDING: Urgency.LOOK,
    Kind.EXPORT_OVERDUE: Urgency.LOOK,
    Kind.RETENTION_UNKNOWN: Urgency.KNOW,
    Kind.ACCESS_UNJUSTIFIED: Urgency.LOOK,
    Kind.ACCESS_DORMANT: Urgency.LOOK,
    Kind.STATUS_WITHOUT_EVIDENCE: Urgency.KNOW,
    Kind.MISSING_IN_HUBSPOT: Urgency.KNOW,
}

#: What each row of the precedence table (consent-domain 4) is called in the report.
KIND_OF_ROW: Final[Mapping[int, Kind]] = {
    7: Kind.CHANGED_WITHOUT_ACT,
    11: Kind.STATUS_WITHOUT_EVIDENCE,
    12: Kind.STATUS_WITHOUT_EVIDENCE,
    13: Kind.CHANGED_WITHOUT_ACT,
    14: Kind.RESUBSCRIBED_AGAINST_NO,
    15: Kind.RESUBSCRIBED_AGAINST_NO,
    16: Kind.RESUBSCRIBED_AGAINST_NO,
    18: Kind.RESUBSCRIBED_AGAINST_NO,
    19: Kind.CHANGED_WITHOUT_ACT,
    23: Kind.CLEARED_IN_HUBSPOT,
    24: Kind.CLEARED_IN_HUBSPOT,
    29: Kind.CLEARED_IN_HUBSPOT,
    31: Kind.MISSING_IN_HUBSPOT,
    34: Kind.ERASED_REAPPEARED,
    37: Kind.BREAKER_OPEN,
    41: Kind.RESUBSCRIBED_AGAINST_NO,
    43: Kind.RESUBSCRIBED_AGAINST_NO,
    45: Kind.UNKNOWN_VALUE,
}


def masked_only(text: str) -> str:
    """The text where it is empty or masked; `•••` otherwise: the last guard before a page or a mail."""
    return text if not text or MASKED.match(text) else UNREADABLE


MAILS: Final = frozenset({Kind.MAILED_AFTER_NO, Kind.MAILED_WITHOUT_CONSENT})


def mail_name(text: str) -> str:
    """A mail's name as its author wrote it; `•••` where it could name or number a person."""
    if NAMES_SOMEBODY.search(text):
        return UNREADABLE
    return "".join(each if each.isprintable() else " " for each in text)[:LONGEST_NAME].strip()


def plain_word(text: str) -> str:
    """A word of a machine as it is; anything that could carry a person's data becomes `•••`."""
    return text if not text or WORD.match(text) else UNREADABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One finding about one person and purpose, or about the portal where nobody is named.

    `since` is milliseconds UTC. `reference` is a machine's word: a review's id, an unknown value's name, a
    night. `address` is masked; an unmasked one never gets in. `row` is the precedence table's.
    """

    kind: Kind
    since: int
    subject_ref: str = ""
    address: str = ""
    contact_id: int | None = None
    purpose: str = ""
    row: int | None = None
    reference: str = ""
    new: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", masked_only(self.address))
        shown = mail_name if self.kind in MAILS else plain_word
        object.__setattr__(self, "reference", shown(self.reference))

    @property
    def key(self) -> str:
        """Which one it is, from night to night: kind, person (else record or reference) and purpose.

        A person may have several questions waiting, so a review also goes by its id; so do the others that
        have one of their own.
        """
        who = self.subject_ref or str(self.contact_id or self.reference)
        asked = self.reference if self.kind in NUMBERED else ""
        if self.kind in MAILS:
            asked = str(self.since)
        return f"{self.kind}|{who}|{self.purpose}|{asked}"

    @property
    def print(self) -> str:
        """The key in 8 bytes, as stored for tomorrow's comparison: a row of reports names nobody."""
        return blake2b(self.key.encode(), digest_size=8).hexdigest()

    def command(self, portal_option: str = "") -> str:
        """The exact command that shows more about this one."""
        if self.kind is Kind.WAITING_FOR_REVIEW and self.reference:
            return f"consent-mirror review show {self.reference}{portal_option}"
        if self.kind is Kind.REQUEST_DUE and self.reference:
            return f"consent-mirror requests show {self.reference}{portal_option}"
        if self.subject_ref:
            return f"consent-mirror log show --subject {self.subject_ref}{portal_option}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All of one kind as counted today; `items` are the first of them with details."""

    kind: Kind
    count: int
    oldest: int | None
    items: tuple[Discrepancy, ...] = ()
    since_last: int | None = None  # how many began after the last report, where items are not all

    @property
    def complete(self) -> bool:
        """Every one of them is among the items."""
        return self.count == len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """One kind as the last report stored it."""

    count: int
    prints: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every one of them left its print."""
        return self.count == len(self.prints)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One kind in the report: count = new + unchanged; `resolved` were there last time and are gone."""

    kind: Kind
    count: int
    oldest: int | None
    new: int
    unchanged: int
    resolved: int
    items: tuple[Discrepancy, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Every one of them is among the items."""
        return self.count == len(self.items)

    def kept(self) -> Before:
        """What tomorrow's report compares with."""
        return Before(count=self.count, prints=tuple(each.print for each in self.items))


def found(items: Iterable[Discrepancy]) -> tuple[Found, ...]:
    """Sort findings into kinds; doubles of one key are one, the earliest."""
    by_key: dict[str, Discrepancy] = {}
    for item in sorted(items, key=lambda each: each.since):
        by_key.setdefault(item.key, item)
    kinds: dict[Kind, list[Discrepancy]] = {}
    for item in by_key.values():
        kinds.setdefault(item.kind, []).append(item)
    return tuple(_counted(kind, kinds[kind]) for kind in Kind if kind in kinds)


def _counted(kind: Kind, items: Sequence[Discrepancy]) -> Found:
    return Found(
        kind=kind,
        count=len(items),
        oldest=min(each.since for each in items),
        items=tuple(items[:DETAILED]),
    )


def compare(
    today: Iterable[Found], before: Mapping[str, Before], previous_at: int | None
) -> tuple[Group, ...]:
    """Today's kinds beside the last report's: new, unchanged, resolved. Without one, all are new."""
    by_kind = {each.kind: each for each in today}
    groups = (
        _group(
            by_kind.get(kind, Found(kind=kind, count=0, oldest=None)),
            before.get(kind, Before(count=0)),
            previous_at,
        )
        for kind in Kind
    )
    return tuple(each for each in groups if each.count or each.resolved)


def _group(today: Found, before: Before, previous_at: int | None) -> Group:
    if today.complete and before.complete:
        known = set(before.prints)
        items = _marked(today.items, known)
        new = sum(each.new for each in items)
    else:
        items = _marked_by_time(today.items, previous_at)
        new = _begun_since(today, before, items)
    unchanged = today.count - new
    return Group(
        kind=today.kind,
        count=today.count,
        oldest=today.oldest,
        new=new,
        unchanged=unchanged,
        resolved=max(0, before.count - unchanged),
        items=items,
    )


def _begun_since(today: Found, before: Before, items: Sequence[Discrepancy]) -> int:
    """Too many to compare one by one: those begun since the last report; never fewer than the growth."""
    begun = sum(each.new for each in items) if today.since_last is None else today.since_last
    return min(today.count, max(begun, today.count - before.count, 0))


def _marked(items: Iterable[Discrepancy], known: set[str]) -> tuple[Discrepancy, ...]:
    return _ordered(replace(each, new=each.print not in known) for each in items)


def _marked_by_time(items: Iterable[Discrepancy], previous_at: int | None) -> tuple[Discrepancy, ...]:
    return _ordered(replace(each, new=previous_at is None or each.since > previous_at) for each in items)


def _ordered(items: Iterable[Discrepancy]) -> tuple[Discrepancy, ...]:
    """New ones first, then the oldest first."""
    return tuple(sorted(items, key=lambda each: (not each.new, each.since, each.key)))
