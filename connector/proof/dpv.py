"""A receipt as JSON-LD: ISO/IEC TS 27560:2023 consent records in W3C DPV 2.3 terms.

One record for each act; profile `dpv-27560:record-eu-gdpr` (DPV's guide to 27560). What is not known is
null, never guessed; our own event id, grade and hashes stand beside in our namespace.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connector.consent.events import SUBJECT, Event, EventType, State
from connector.proof.receipt import Act, Matter, Receipt
from mappings.times import iso

CONTEXT: Final = {
    "dpv": "https://w3id.org/dpv#",
    "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "cm": "urn:consent-mirror:terms#",
}
PROFILE: Final = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
STATUS: Final[Mapping[str, str]] = {
    "grant": "dpv:ConsentGiven",
    "confirm": "dpv:ConsentGiven",
    "request": "dpv:ConsentRequested",
    "claim": "dpv:ConsentUnknown",
    "withdraw": "dpv:ConsentWithdrawn",
    "object": "dpv:ConsentWithdrawn",
    "refuse": "dpv:ConsentRefused",
    "expire": "dpv:ConsentExpired",
    "invalidate": "dpv:ConsentInvalidated",
    "annul": "dpv:ConsentInvalidated",
}
NOW: Final[Mapping[str, str]] = {
    State.GRANTED: "dpv:ConsentGiven",
    State.WITHDRAWN: "dpv:ConsentWithdrawn",
    State.DENIED: "dpv:ConsentRefused",
    State.EXPIRED: "dpv:ConsentExpired",
    State.INVALIDATED: "dpv:ConsentInvalidated",
    State.PENDING: "dpv:ConsentRequested",
    State.CLAIMED: "dpv:ConsentUnknown",
    State.UNKNOWN: "dpv:ConsentUnknown",
}
BASES: Final[Mapping[str, str]] = {
    "consent": "eu-gdpr:A6-1-a-non-explicit-consent",
    "contract": "eu-gdpr:A6-1-b-contract-performance",
    "legal_obligation": "eu-gdpr:A6-1-c",
    "vital": "eu-gdpr:A6-1-d",
    "public_task": "eu-gdpr:A6-1-e",
    "legitimate_interest": "eu-gdpr:A6-1-f-controller",
}
RIGHTS: Final = ("A7-3", "A15", "A16", "A17", "A18", "A20", "A21")


def records(receipt: Receipt, retention: Mapping[str, str], language: str) -> dict[str, Any]:
    """The graph; `retention`: each purpose's rule in words."""
    graph = [
        _record(receipt, matter, act, retention.get(matter.purpose, ""), language)
        for matter in receipt.matters
        for act in matter.acts
    ]
    return {"@context": dict(CONTEXT), "@graph": graph}


def _record(receipt: Receipt, matter: Matter, act: Act, retention: str, language: str) -> dict[str, Any]:
    event = act.event
    soft = event.type is EventType.SOFT_OPTIN
    return {
        "@id": f"urn:uuid:{_uuid(event.id)}",
        "@type": "dpv:ConsentRecord",
        "dct:identifier": event.id,
        "dct:conformsTo": PROFILE,
        "dct:created": iso(event.recorded_at),
        "dct:issued": iso(receipt.made_at),
        "dpv:hasDataSubject": {
            "@id": f"urn:consent-mirror:subject:{receipt.subject}",
            "@type": "dpv:DataSubject",
        },
        "dpv:hasDataController": _controller(receipt),
        "dpv:hasJurisdiction": "loc:EU",
        "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
        "dpv:hasLegalBasis": BASES.get("legitimate_interest" if soft else event.basis),
        "dpv:hasRight": [f"eu-gdpr:{each}" for each in RIGHTS],
        "dpv:hasProcess": _process(receipt, matter, act, retention, language),
        "dpv:hasNotice": list(_notices(act)),
        "dpv:hasConsentStatus": [_status(event), *(_status(each) for each in act.since)],
        "cm:currentStatus": NOW.get(matter.state, "dpv:ConsentUnknown"),
        "cm:grade": str(event.grade),
        "cm:entryHash": act.entry_hash,
        "cm:notKnown": [str(gap) for gap in act.gaps],
        "cm:basis": event.basis,
    }


def _uuid(event_id: str) -> str:
    parts = (event_id[:8], event_id[8:12], event_id[12:16], event_id[16:20], event_id[20:])
    return "-".join(parts)


def _controller(receipt: Receipt) -> dict[str, Any]:
    return {
        "@type": "dpv:DataController",
        "schema:name": receipt.controller,
        "schema:contactPoint": {"@type": "schema:ContactPoint", "schema:email": receipt.contact},
    }


def _process(receipt: Receipt, matter: Matter, act: Act, retention: str, language: str) -> dict[str, Any]:
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@id": f"urn:consent-mirror:purpose:{matter.purpose}",
            "@type": "dpv:DirectMarketing" if matter.marketing else "dpv:ServiceProvision",
            "dct:title": {"@value": matter.title, "@language": language},
        },
        "dpv:hasPersonalData": {"@type": "pd:EmailAddress", "schema:value": act.address},
        "dpv:hasProcessing": ["dpv:Store", "dpv:Use"],
        "dpv:hasRecipient": {"@type": "dpv:DataProcessor", "schema:name": "HubSpot"},
        "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "dct:description": retention},
        "dpv:hasDataSource": str(act.event.source),
        "cm:withdrawal": {"@type": "schema:ContactPoint", "schema:email": receipt.contact},
    }


def _notices(act: Act) -> Iterator[dict[str, Any]]:
    for kind, shown in (("dpv:ConsentNotice", act.wording), ("dpv:PrivacyNotice", act.notice)):
        if shown is not None:
            yield {
                "@type": kind,
                "dct:identifier": f"sha256:{shown.hash}",
                "dct:language": act.event.language or shown.language,
                "schema:text": shown.text,
            }


def _status(event: Event) -> dict[str, Any]:
    by_subject = event.actor == SUBJECT
    made: dict[str, Any] = {
        "@type": _status_type(event),
        "dpv:isIndicatedBy": "dpv:DataSubject" if by_subject else event.actor,
        "dpv:isIndicatedAtTime": iso(event.t_lo),
        "dpv:hasIndicationMethod": str(event.source),
        "dct:identifier": event.id,
    }
    if event.valid_until is not None:
        made["dpv:hasDuration"] = {"@type": "dpv:UntilTimeDuration", "schema:value": iso(event.valid_until)}
    return made


def _status_type(event: Event) -> str:
    """DPV tells a person's withdrawal from a revocation by somebody else."""
    if event.type is EventType.WITHDRAW and event.actor.startswith(("staff:", "system:")):
        return "dpv:ConsentRevoked"
    return STATUS.get(event.type, "dpv:ConsentUnknown")
