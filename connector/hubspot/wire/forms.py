"""Forms with their consent texts, what was sent through them, and the legacy timeline (HA 10 and 11)."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from connector.hubspot.days import acted, milliseconds
from connector.hubspot.wire.envelopes import Frames
from connector.hubspot.wire.values import identifier, number, text, word
from mappings.records import (
    ConsentText,
    FormDefinition,
    Submission,
    SubmissionPage,
    TimelineChange,
    TimelinePage,
)

TEXTS: Final = (
    "communicationConsentText",
    "consentToProcessText",
    "consentToProcessCheckboxLabel",
    "consentToProcessFooterText",
    "privacyText",
)
CHECKBOXES: Final = "communicationsCheckboxes"


class FormItem(msgspec.Struct, rename="camel"):
    """One form definition."""

    id: str
    name: Any = None
    form_type: Any = None
    updated_at: Any = None
    archived: Any = False
    legal_consent_options: Any = None


class SubmissionItem(msgspec.Struct, rename="camel"):
    """One sent form."""

    conversion_id: Any = None
    submitted_at: Any = None
    values: Any = None
    page_url: Any = None


class TimelineItem(msgspec.Struct):
    """What happened to one recipient at one time."""

    recipient: Any = None
    timestamp: Any = None
    changes: Any = None


class TimelineFrame(msgspec.Struct, rename="camel"):
    """The v1 frame: `timeline`, `hasMore`, `offset`."""

    timeline: list[TimelineItem]
    has_more: bool = False
    offset: Any = None


FORMS: Final = Frames(FormItem)
SUBMISSIONS: Final = Frames(SubmissionItem)
TIMELINE: Final = msgspec.json.Decoder(TimelineFrame)


def forms_page(body: bytes) -> tuple[tuple[FormDefinition, ...], str | None]:
    """One page of forms, and where the next begins."""
    taken = FORMS(body)
    return tuple(_form(item) for item in taken.items), taken.after


def submission_page(form: str, body: bytes) -> SubmissionPage:
    """One page of what was sent through a form, newest first."""
    taken = SUBMISSIONS(body)
    return SubmissionPage(
        submissions=tuple(_submission(form, item) for item in taken.items), after=taken.after
    )


def timeline_page(body: bytes) -> TimelinePage:
    """One page of the timeline, newest first; changes without a recipient are left out."""
    frame = TIMELINE.decode(body)
    offset = number(frame.offset)
    return TimelinePage(
        changes=tuple(change for item in frame.timeline for change in _changes(item)),
        offset=(str(offset) if offset is not None else text(frame.offset)) if frame.has_more else None,
    )


def _form(item: FormItem) -> FormDefinition:
    options = item.legal_consent_options if isinstance(item.legal_consent_options, dict) else {}
    texts = tuple(_texts(options))
    own = (identifier(each) for each in _list(options.get("subscriptionTypeIds")))
    subscriptions = (*own, *(each.subscription for each in texts))
    return FormDefinition(
        id=item.id,
        name=word(item.name),
        form_type=word(item.form_type),
        consent_type=word(options.get("type")) or "none",
        updated_at=milliseconds(item.updated_at),
        archived=item.archived is True,
        texts=texts,
        subscriptions=tuple(dict.fromkeys(each for each in subscriptions if each)),
        lawful_basis=text(options.get("lawfulBasis")),
    )


def _texts(options: dict[str, Any]) -> Iterator[ConsentText]:
    for kind in TEXTS:
        if (found := text(options.get(kind))) is not None:
            yield ConsentText(kind=kind, text=found)
    for box in _list(options.get(CHECKBOXES)):
        if isinstance(box, dict):
            yield ConsentText(
                kind=CHECKBOXES,
                text=word(box.get("label")),
                subscription=identifier(box.get("subscriptionTypeId")),
                required=box.get("required") is True,
            )


def _submission(form: str, item: SubmissionItem) -> Submission:
    return Submission(
        form=form,
        conversion_id=text(item.conversion_id),
        submitted_at=acted(item.submitted_at),
        values=tuple(_values(_list(item.values))),
        page_url=text(item.page_url),
    )


def _values(values: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for each in values:
        if isinstance(each, dict) and (name := text(each.get("name"))) is not None:
            yield name, word(each.get("value"))


def _changes(item: TimelineItem) -> Iterator[TimelineChange]:
    address = text(item.recipient)
    if address is None:
        return
    for change in _list(item.changes):
        if isinstance(change, dict):
            yield _change(address, acted(item.timestamp), change)


def _change(address: str, at: int | None, change: dict[str, Any]) -> TimelineChange:
    cause = change.get("causedByEvent")
    return TimelineChange(
        address=address,
        at=at,
        change=word(change.get("change")),
        source=text(change.get("source")),
        change_type=text(change.get("changeType")),
        subscription=identifier(change.get("subscriptionId")),
        cause=text(cause.get("id")) if isinstance(cause, dict) else None,
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
