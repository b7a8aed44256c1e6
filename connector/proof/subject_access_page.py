"""An access report as a page, in one language: screen and paper say the same. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from connector.consent.events import ALL_MARKETING, Event
from connector.proof import page
from connector.proof.page import Block, Page
from connector.proof.receipt_page import matter_blocks
from connector.proof.subject_access import AccessReport, Disclosed, Held, Subscribed
from connector.proof.subject_access_words import ACCESS_WORDS, AccessWords
from connector.proof.words import WORDS, Words, named


def access_page(report: AccessReport) -> Page:
    """What the person reads."""
    own = ACCESS_WORDS[report.language]
    return Page(
        language=report.language,
        title=own.texts["title"],
        author=report.controller,
        at=report.made_at,
        blocks=tuple(_blocks(report, own, WORDS[report.language])),
    )


def _blocks(report: AccessReport, own: AccessWords, words: Words) -> Iterator[Block]:
    say = own.texts
    yield page.title(say["title"])
    yield page.para(own.say("intro", controller=report.controller))
    yield _head(report, own, words)
    if not report.known:
        yield page.para(say["nothing"])
    else:
        yield from _hubspot(report, own, words)
        yield from _mirror(report, own, words)
        yield from _recipients(report, own, words)
        yield from _desk(report, own, words)
        yield from _looks(report, own, words)
        yield page.heading(say["automated"])
        yield page.para(say["automated_text"])
    yield page.heading(say["list"])
    yield page.para(say["block_list"])
    yield page.heading(say["rights"])
    yield page.points(say["rights_are"], own.rights)
    yield page.para(say["portable"])
    yield page.para(own.say("complaint", **own.authority))


def _head(report: AccessReport, own: AccessWords, words: Words) -> Block:
    say, receipt = words.texts, report.receipt
    known = [] if receipt is None else [(say["subject"], receipt.subject)]
    people = [] if receipt is None else receipt.addresses
    overlay = None if receipt is None else receipt.overlay
    return page.facts(
        [
            (say["controller"], report.controller),
            (say["contact"], report.contact),
            (own.texts["asked"], report.address),
            *((say["person"], f"{address} ({named(words.kinds, kind)})") for address, kind in people),
            (say["overlay"], say.get(overlay or "", overlay)),
            *known,
            (say["portal"], str(report.portal)),
            (say["made"], words.moment(report.made_at, report.zone)),
            (say["made_by"], report.made_by),
        ]
    )


# --- HubSpot -----------------------------------------------------------------------------------------------


def _hubspot(report: AccessReport, own: AccessWords, words: Words) -> Iterator[Block]:
    yield page.heading(own.texts["hubspot"])
    if not report.records:
        yield page.para(own.texts["no_record"])
    else:
        yield page.para(own.say("hubspot_intro", at=words.moment(report.made_at, report.zone)))
    for record in report.records:
        yield from _record(record, report.zone, own, words)
    if report.subscriptions:
        lines = [_subscription(each, report.zone, own, words) for each in report.subscriptions]
        yield page.points(own.texts["subscriptions"], lines)


def _record(record: Held, zone: str, own: AccessWords, words: Words) -> Iterator[Block]:
    yield page.subheading(own.say("record_archived" if record.archived else "record", id=record.id))
    times = (("created", record.created_at), ("modified", record.modified_at))
    yield page.facts(
        [
            *((own.texts[key], None if at is None else words.moment(at, zone)) for key, at in times),
            *((f"{each.label}", each.value) for each in record.values),
        ]
    )


def _subscription(each: Subscribed, zone: str, own: AccessWords, words: Words) -> str:
    title = own.texts["everything"] if each.title == ALL_MARKETING else each.title
    status = named(own.statuses, each.status)
    said = own.say("subscription", title=title, address=each.address, status=status)
    at = None if each.at is None else words.moment(each.at, zone)
    parts = [part for part in (at, each.source, each.basis, each.explanation) if part]
    return said + (own.say("since_source", parts=", ".join(parts)) if parts else "")


# --- the mirror --------------------------------------------------------------------------------------------


def _mirror(report: AccessReport, own: AccessWords, words: Words) -> Iterator[Block]:
    if report.receipt is None or report.why is None:
        return
    say, why = own.texts, report.why
    yield page.heading(say["origin"])
    origin = why["origin"]
    sources = [each["object_source"] for each in origin["contacts"] if each["object_source"]]
    first = words.local(origin["first_seen"], report.zone)
    yield page.facts([(say["first_seen"], first), (words.texts["origin"], ", ".join(sources) or None)])
    for matter in report.receipt.matters:
        yield from matter_blocks(matter, report.zone, words)
    yield page.heading(say["when_erased"])
    rules = [(each["title"], each["retention"]["means"]) for each in why["purposes"]]
    erase = why["erase"]
    whole = erase["means"] if erase["at"] is None else f"{words.local(erase['at'], report.zone)}"
    yield page.facts([*rules, (say["erase"], whole)])
    yield page.heading(say["events"])
    lines = [_event(each, report, own, words) for each in report.events]
    yield page.points(say["events_are"], lines) if lines else page.para(say["no_events"])


def _event(event: Event, report: AccessReport, own: AccessWords, words: Words) -> str:
    titles = {each.purpose: each.title for each in report.receipt.matters} if report.receipt else {}
    parts = [
        own.say("event", at=words.moment(event.recorded_at, report.zone), type=named(own.types, event.type))
    ]
    if event.purpose == ALL_MARKETING:
        parts.append(words.texts["all"])
    elif event.purpose:
        parts.append(own.say("purpose_part", purpose=titles.get(event.purpose, event.purpose)))
    parts += [named(words.sources, event.source), words.actor(event.actor)]
    parts += [
        f"{named(own.details, key)} {_value(key, value, report.zone, words)}"
        for key, value in event.detail.items()
        if value not in (None, "")
    ]
    if event.reason:
        parts.append(own.say("reason_part", reason=event.reason))
    return ", ".join(parts)


def _value(key: str, value: object, zone: str, words: Words) -> str:
    """A detail as a person reads it: a day to be gone by is a local time, not our milliseconds."""
    if key == "destroy_by" and isinstance(value, int):
        return words.moment(value, zone)
    return str(value)


# --- who gets it, who asked, who looked --------------------------------------------------------------------


def _recipients(report: AccessReport, own: AccessWords, words: Words) -> Iterator[Block]:
    yield page.heading(own.texts["recipients"])
    lines = [_recipient(each, report.zone, own, words) for each in report.recipients]
    yield page.points(own.texts["recipients_are"], lines)


def _recipient(each: Disclosed, zone: str, own: AccessWords, words: Words) -> str:
    purposes = ", ".join(each.purposes) or own.texts["all_purposes"]
    parts = [own.say("recipient", name=each.name, role=named(own.roles, each.role), purposes=purposes)]
    if each.country:
        parts.append(own.say("in_country", country=each.country))
    if each.transfer:
        parts.append(own.say("transfer", transfer=each.transfer))
    for what, at in each.told:
        known = named(own.told, what)
        told = own.say("not_told", what=known)
        parts.append(told if at is None else own.say("told", what=known, at=words.moment(at, zone)))
    return ". ".join(parts)


def _desk(report: AccessReport, own: AccessWords, words: Words) -> Iterator[Block]:
    say, zone = own.texts, report.zone
    if report.requests:
        yield page.heading(say["requests"])
        yield page.points(say["requests_are"], [_request(each, zone, own, words) for each in report.requests])
    if report.reviews:
        yield page.heading(say["reviews"])
        yield page.points(say["reviews_are"], [_review(each, zone, words) for each in report.reviews])
    if report.waiting:
        yield page.heading(say["waiting"])
        yield page.points(say["waiting_are"], [_waits(each, zone, own, words) for each in report.waiting])
    if report.others:
        yield page.heading(say["others"])
        yield page.points(say["others_are"], [_other(each, zone, own, words) for each in report.others])


def _other(each: Mapping[str, Any], zone: str, own: AccessWords, words: Words) -> str:
    rest = [
        f"{key} {value}" for key, value in each.items() if key not in {"what", "at"} and value is not None
    ]
    parts = [named(own.others, each["what"]), *rest]
    return own.say("waiting_line", what=", ".join(parts), at=words.local(each["at"], zone))


def _request(each: Mapping[str, Any], zone: str, own: AccessWords, words: Words) -> str:
    due = own.say("open", due=words.local(each["due_at"], zone)[:10])
    outcome = due if each["outcome"] is None else named(own.outcomes, each["outcome"])
    kind, received = named(own.requests, each["kind"]), words.local(each["received_at"], zone)[:10]
    return own.say("request", kind=kind, received=received, outcome=outcome)


def _review(each: Mapping[str, Any], zone: str, words: Words) -> str:
    parts = [words.local(each["opened_at"], zone), each["question"], each["decision"], each["reason"]]
    parts += [f"{key} {value}" for key, value in each["detail"].items() if value not in (None, "")]
    return ", ".join(str(part) for part in parts if part)


def _waits(each: Mapping[str, Any], zone: str, own: AccessWords, words: Words) -> str:
    if each["what"] == "status":
        what = own.say("status", status=named(own.statuses, each["status"]))
    else:
        said = ", ".join(f"{key} {value}" for key, value in each["said"].items())
        what = f"{own.texts['correction']}: {said}"
    return own.say("waiting_line", what=what, at=words.local(each["queued_at"], zone))


def _looks(report: AccessReport, own: AccessWords, words: Words) -> Iterator[Block]:
    yield page.heading(own.texts["looks"])
    lines = [
        own.say("look", at=words.moment(at, report.zone), who=who, what=named(own.looks, what))
        for at, who, what in report.looks
    ]
    yield page.points(own.texts["looks_are"], lines) if lines else page.para(own.texts["no_looks"])
