"""What is known, and what is not, about each yes of one person (EDPB 05/2020, 104-106). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from connector.consent.events import ALL_MARKETING, SUBJECT, UNKNOWN_ACTOR, Event, EventType, Grade
from mappings.times import iso

#: What a receipt is made for: consents, claims of them, soft opt-ins, sign-ups.
YESES: Final = frozenset(
    {EventType.GRANT, EventType.CONFIRM, EventType.SOFT_OPTIN, EventType.CLAIM, EventType.REQUEST}
)
#: What may happen to one afterwards, beside a no.
AIMED: Final = frozenset({EventType.ANNUL, EventType.INVALIDATE, EventType.EXPIRE})


class Gap(StrEnum):
    """Something that is not known about a yes; each has its sentence in the words of a language."""

    NO_TIME = "no_time"
    SPAN = "span"
    NO_WORDING = "no_wording"
    WORDING_LOST = "wording_lost"
    NO_NOTICE = "no_notice"
    NOTICE_LOST = "notice_lost"
    NO_ACTOR = "no_actor"
    BY_STAFF = "by_staff"
    NO_CONTROL = "no_control"
    NO_PLACE = "no_place"
    NO_EVIDENCE = "no_evidence"
    NOT_KEPT = "not_kept"
    NO_LANGUAGE = "no_language"
    CLAIM = "claim"
    REQUEST = "request"
    NO_SALE = "no_sale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A wording or notice by its hash. `text` None: the bytes are not known. `seen`: place, first and
    last time that we saw it in force there, ms UTC."""

    hash: str
    text: str | None = None
    language: str | None = None
    seen: tuple[tuple[str, int, int], ...] = ()

    def document(self) -> dict[str, Any]:
        """The `--json` form."""
        return {
            "sha256": self.hash,
            "text": self.text,
            "language": self.language,
            "seen": [
                {"place": place, "from": iso(first), "to": iso(last)} for place, first, last in self.seen
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One yes, what was shown at it, and what happened to it since. `address`: the one it is bound to."""

    event: Event
    entry_hash: str
    decides: bool = False
    address: str | None = None
    wording: Shown | None = None
    notice: Shown | None = None
    since: tuple[Event, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The proof of a consent that a no had ended, destroyed `at` by `rule`; its entries stay without it."""

    at: int
    rule: str
    ended: int
    entries: str
    approved_by: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The `--json` form."""
        return {
            "at": iso(self.at),
            "rule": self.rule,
            "ended": iso(self.ended),
            "entries": [int(each) for each in self.entries.split(",")],
            "approved_by": list(self.approved_by),
        }


def gone_of(events: Sequence[Event], purpose: str) -> tuple[Gone, ...]:
    """The proofs of one purpose that were destroyed while the person stays."""
    return tuple(
        Gone(
            at=each.recorded_at,
            rule=str(each.detail["rule"]),
            ended=int(each.detail["ended"] or 0),
            entries=str(each.detail["entries"]),
            approved_by=each.approved_by,
        )
        for each in events
        if each.type is EventType.PROOF_DESTROYED and each.purpose == purpose
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One purpose: what stands now, the acts that it rests on, and every no that names it."""

    purpose: str
    title: str
    state: str
    allowed: bool
    reason: str
    basis: str
    marketing: bool = True
    acts: tuple[Act, ...] = ()
    noes: tuple[Event, ...] = ()
    gone: tuple[Gone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Everything that a receipt says. `log`: entries, root and the last checkpoint at the time of making."""

    controller: str
    contact: str
    portal: int
    zone: str
    made_at: int
    made_by: str
    subject: str
    addresses: tuple[tuple[str, str], ...]  # address, kind
    matters: tuple[Matter, ...]
    overlay: str | None = None
    log: Mapping[str, Any] = field(default_factory=dict)


def gaps_of(event: Event, wording: Shown | None, notice: Shown | None) -> tuple[Gap, ...]:
    """What is not known about a yes, most important first."""
    control = event.grade >= Grade.E3
    told: Sequence[tuple[bool, Gap]] = (
        (event.type is EventType.CLAIM, Gap.CLAIM),
        (event.type is EventType.REQUEST, Gap.REQUEST),
        (event.wording is None, Gap.NO_WORDING),
        (wording is not None and wording.text is None, Gap.WORDING_LOST),
        (event.t_lo is None, Gap.NO_TIME),
        (event.t_lo is not None and event.t_lo != event.t_hi, Gap.SPAN),
        (event.actor == UNKNOWN_ACTOR, Gap.NO_ACTOR),
        (event.actor.startswith(("staff:", "system:")), Gap.BY_STAFF),
        (not control and event.type is not EventType.SOFT_OPTIN, Gap.NO_CONTROL),
        (event.notice is None, Gap.NO_NOTICE),
        (notice is not None and notice.text is None, Gap.NOTICE_LOST),
        (event.type is EventType.SOFT_OPTIN and not event.detail.get("sale"), Gap.NO_SALE),
        (not (event.detail.get("form") or event.detail.get("page")), Gap.NO_PLACE),
        (not event.evidence, Gap.NO_EVIDENCE),
        (any(not each.get("stored") for each in event.evidence), Gap.NOT_KEPT),
        (event.wording is not None and event.language is None, Gap.NO_LANGUAGE),
    )
    return tuple(gap for stands, gap in told if stands)


def since(act: Event, events: Sequence[Event]) -> tuple[Event, ...]:
    """Noes to the same purpose that came after a yes, and what was aimed at it, as they were recorded."""
    others = (each for each in events if each.seq != act.seq)
    return tuple(each for each in others if _no_after(act, each) or _aimed(act, each))


def _no_after(act: Event, each: Event) -> bool:
    return each.is_no and each.purpose in {act.purpose, ALL_MARKETING} and _when(each) >= _when(act)


def _aimed(act: Event, each: Event) -> bool:
    if each.type not in AIMED:
        return False
    if each.target is not None:
        return each.target == act.id
    same = each.purpose == act.purpose and each.recorded_at >= act.recorded_at
    return same and (each.wording is None or each.wording == act.wording)


def _when(event: Event) -> int:
    return event.recorded_at if event.t_hi is None else event.t_hi


def document(receipt: Receipt, sentences: Mapping[str, str]) -> dict[str, Any]:
    """`person receipt --json`; `sentences`: what each gap means in the wanted language."""
    return {
        "known": True,
        "made_at": iso(receipt.made_at),
        "made_by": receipt.made_by,
        "controller": receipt.controller,
        "contact": receipt.contact,
        "portal_id": receipt.portal,
        "subject": receipt.subject,
        "overlay": receipt.overlay,
        "addresses": [{"address": address, "kind": kind} for address, kind in receipt.addresses],
        "purposes": [_matter(each, sentences) for each in receipt.matters],
        "log": dict(receipt.log),
    }


def _matter(matter: Matter, sentences: Mapping[str, str]) -> dict[str, Any]:
    return {
        "purpose": matter.purpose,
        "title": matter.title,
        "state": matter.state,
        "sendable": matter.allowed,
        "reason": matter.reason,
        "basis": matter.basis,
        "acts": [_act(each, sentences) for each in matter.acts],
        "noes": [brief(each) for each in matter.noes],
        "proof_destroyed": [each.document() for each in matter.gone],
    }


def _act(act: Act, sentences: Mapping[str, str]) -> dict[str, Any]:
    event = act.event
    return brief(event) | {
        "decides": act.decides,
        "entry_hash": act.entry_hash,
        "basis": event.basis,
        "grade": str(event.grade),
        "by_the_person": event.actor == SUBJECT,
        "address": act.address,
        "form": event.detail.get("form"),
        "page": event.detail.get("page"),
        "language": event.language,
        "valid_until": iso(event.valid_until),
        "evidence": [dict(each) for each in event.evidence],
        "detail": dict(event.detail),
        "wording": None if act.wording is None else act.wording.document(),
        "notice": None if act.notice is None else act.notice.document(),
        "since": [brief(each) for each in act.since],
        "not_known": [{"what": gap, "means": sentences[gap]} for gap in act.gaps],
    }


def brief(event: Event) -> dict[str, Any]:
    """An event in a few keys."""
    return {
        "event": event.id,
        "seq": event.seq,
        "type": event.type,
        "purpose": event.purpose,
        "from": iso(event.t_lo),
        "to": iso(event.t_hi),
        "recorded_at": iso(event.recorded_at),
        "actor": event.actor,
        "source": event.source,
        "reason": event.reason,
        "row": event.row,
    }
