"""All that an access report says about one person (Art. 15), and their portable copy (Art. 20). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.consent.events import Event, EventType
from connector.proof.receipt import Receipt, brief
from connector.proof.receipt import document as receipt_document
from mappings.times import iso

SCHEMA: Final = "consent-mirror/access/1"
PORTABLE: Final = "consent-mirror/portable/1"
#: What a person does themselves; the rest of the log is our account-keeping (Art. 20: what they provided).
PROVIDED: Final = frozenset(
    {
        EventType.REQUEST,
        EventType.GRANT,
        EventType.CONFIRM,
        EventType.REFUSE,
        EventType.WITHDRAW,
        EventType.OBJECT,
        EventType.SOFT_OPTIN,
    }
)
#: HubSpot's own prefix: such properties are worked out or observed, not provided by anybody.
DERIVED: Final = "hs_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One property of a record in HubSpot, with the name that people see there."""

    name: str
    label: str
    value: str
    provided: bool = True  # False: HubSpot works it out


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One record in HubSpot as it was read for this report. Times in ms UTC."""

    id: int
    values: tuple[Value, ...]
    archived: bool = False
    created_at: int | None = None
    modified_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """What HubSpot holds for one address and one kind of mailing."""

    address: str
    title: str
    status: str
    at: int | None
    source: str | None = None
    basis: str | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """Somebody who gets data, and since when they know of each change that they had to be told."""

    name: str
    role: str
    purposes: tuple[str, ...]
    country: str = ""
    transfer: str = ""
    told: tuple[tuple[str, int | None], ...] = ()  # what, confirmed when


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReport:
    """The whole report. `receipt` and `why` None: the mirror holds nothing about the address.

    The mirror's further lists, each row ready to be shown: requests, questions, waiting writes, others.
    """

    language: str
    controller: str
    contact: str
    zone: str
    portal: int
    made_at: int
    made_by: str
    address: str
    receipt: Receipt | None = None
    why: Mapping[str, Any] | None = None
    records: tuple[Held, ...] = ()
    subscriptions: tuple[Subscribed, ...] = ()
    events: tuple[Event, ...] = ()
    looks: tuple[tuple[int, str, str], ...] = ()  # when, who, what
    recipients: tuple[Disclosed, ...] = ()
    requests: tuple[Mapping[str, Any], ...] = ()
    reviews: tuple[Mapping[str, Any], ...] = ()
    waiting: tuple[Mapping[str, Any], ...] = field(default=())
    others: tuple[Mapping[str, Any], ...] = field(default=())  # whatever else the mirror holds, `what` it is

    @property
    def known(self) -> bool:
        """The mirror or HubSpot holds something."""
        return self.receipt is not None or bool(self.records)


def document(report: AccessReport, texts: Mapping[str, Any], gaps: Mapping[str, str]) -> dict[str, Any]:
    """`person access --json`. `texts`: rights, authority and block list in the report's language."""
    receipt = None if report.receipt is None else receipt_document(report.receipt, gaps)
    return {
        "schema": SCHEMA,
        "known": report.known,
        "language": report.language,
        "made_at": iso(report.made_at),
        "made_by": report.made_by,
        "controller": {"name": report.controller, "contact": report.contact},
        "portal_id": report.portal,
        "asked": report.address,
        "subject": None if receipt is None else receipt["subject"],
        "overlay": None if receipt is None else receipt["overlay"],
        "addresses": [] if receipt is None else receipt["addresses"],
        "hubspot": _hubspot(report),
        "purposes": [] if receipt is None else _purposes(receipt["purposes"], report.why or {}),
        "origin": None if report.why is None else report.why["origin"],
        "erase": None if report.why is None else report.why["erase"],
        "events": [_event(each) for each in report.events],
        "looks": [{"at": iso(at), "who": who, "what": what} for at, who, what in report.looks],
        "recipients": [_recipient(each) for each in report.recipients],
        "requests": [dict(each) for each in report.requests],
        "reviews": [dict(each) for each in report.reviews],
        "waiting": [dict(each) for each in report.waiting],
        "others": [dict(each) for each in report.others],
        "block_list": texts["block_list"],
        "rights": list(texts["rights"]),
        "authority": dict(texts["authority"]),
    }


def portable(report: AccessReport) -> dict[str, Any]:
    """The copy to take elsewhere (Art. 20): what the person provided, machine readable, nothing derived."""
    receipt = report.receipt
    return {
        "schema": PORTABLE,
        "made_at": iso(report.made_at),
        "controller": {"name": report.controller, "contact": report.contact},
        "addresses": [] if receipt is None else [address for address, _ in receipt.addresses],
        "records": [
            {"id": each.id, "properties": {v.name: v.value for v in each.values if _is_provided(v)}}
            for each in report.records
        ],
        "choices": [
            brief(each) | {"wording_sha256": each.wording, "language": each.language}
            for each in report.events
            if each.type in PROVIDED and each.by_person
        ],
        "texts": _texts(receipt),
    }


def _is_provided(value: Value) -> bool:
    return value.provided and not value.name.startswith(DERIVED)


def _texts(receipt: Receipt | None) -> dict[str, str]:
    """The wordings that were shown, by hash."""
    shown = [act.wording for m in (receipt.matters if receipt else ()) for act in m.acts if act.wording]
    return {each.hash: each.text for each in shown if each.text is not None}


def _hubspot(report: AccessReport) -> dict[str, Any]:
    return {
        "read_at": iso(report.made_at),
        "records": [
            {
                "id": each.id,
                "archived": each.archived,
                "created_at": iso(each.created_at),
                "modified_at": iso(each.modified_at),
                "properties": {v.name: {"label": v.label, "value": v.value} for v in each.values},
            }
            for each in report.records
        ],
        "subscriptions": [
            {
                "address": each.address,
                "title": each.title,
                "status": each.status,
                "at": iso(each.at),
                "source": each.source,
                "basis": each.basis,
                "explanation": each.explanation,
            }
            for each in report.subscriptions
        ],
    }


def _purposes(matters: Sequence[Mapping[str, Any]], why: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What stands for each purpose, with why and until when."""
    reasons = {each["purpose"]: each for each in why.get("purposes", ())}
    return [{**reasons.get(each["purpose"], {}), **each} for each in matters]


def _event(event: Event) -> dict[str, Any]:
    return brief(event) | {
        "basis": event.basis,
        "grade": str(event.grade),
        "detail": dict(event.detail),
        "evidence": [dict(each) for each in event.evidence],
    }


def _recipient(each: Disclosed) -> dict[str, Any]:
    return {
        "name": each.name,
        "role": each.role,
        "purposes": list(each.purposes),
        "country": each.country,
        "transfer": each.transfer,
        "told": [{"what": what, "confirmed_at": iso(at)} for what, at in each.told],
    }
