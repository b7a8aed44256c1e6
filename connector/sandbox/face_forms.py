"""Forms v3, submissions v1 and submitting over HTTP (hubspot-api, 11)."""

from typing import Any

from connector.sandbox import access, replies, shapes
from connector.sandbox.call import Call
from connector.sandbox.digits import natural
from connector.sandbox.forms import Form
from connector.sandbox.replies import Json, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from connector.sandbox.times import DAY

MAX_FORMS, MAX_SUBMISSIONS = 100, 50
_KINDS = frozenset({"hubspot", "captured", "flow", "blog_comment", "all"})


def read_all(rooms: Rooms, call: Call) -> Reply:
    limit = call.number("limit", 20) or 0
    if not 1 <= limit <= MAX_FORMS:
        raise replies.invalid(f"limit must be between 1 and {MAX_FORMS}")
    kinds, after = set(call.names("formTypes")), call.query.get("after", "")
    if kinds - _KINDS:
        raise replies.invalid(f"Invalid value for formTypes: {', '.join(sorted(kinds - _KINDS))}")
    kinds.discard("all")
    archived = call.flag("archived")
    found = sorted(
        (f for f in rooms.forms.all.values() if _fits(f, kinds, archived=archived) and f.id > after),
        key=lambda form: form.id,
    )
    document: Json = {"results": [rooms.forms.document(form) for form in found[:limit]]}
    if len(found) > limit:
        document["paging"] = {"next": {"after": found[limit - 1].id}}
    return json_reply(document)


def read_one(rooms: Rooms, call: Call) -> Reply:
    form = _form(rooms, call.parameter("formId"))
    if (form.archived_at is not None) != call.flag("archived"):
        raise replies.not_found("No form found.", form.id)
    return json_reply(rooms.forms.document(form))


def submissions(rooms: Rooms, call: Call) -> Reply:
    """Newest first. Blog comment forms are refused (quirk 53)."""
    form = _form(rooms, call.parameter("formId"))
    if form.kind == "blog_comment":
        raise replies.Refusal(400, "FORM_TYPE_NOT_ALLOWED", "Submissions of this form type cannot be read")
    limit = call.number("limit", 20) or 0
    if not 1 <= limit <= MAX_SUBMISSIONS:
        raise replies.invalid(f"limit must be between 1 and {MAX_SUBMISSIONS}")
    found, more = rooms.forms.page(form, limit, _cursor(call.query.get("after")))
    document: Json = {"results": [entry.document() for entry in found]}
    if more:
        document["paging"] = {"next": {"after": f"{found[-1].at}.{found[-1].key}", "link": ""}}
    return json_reply(document)


def submit(rooms: Rooms, call: Call) -> Reply:
    """A form sent by a program: the one call that stores consent wording in HubSpot."""
    if call.parameter("portalId") != str(rooms.portal.id):
        raise replies.not_found("No portal found.")
    form, body = _form(rooms, call.parameter("formId")), call.object()
    values = {str(entry.get("name")): str(entry.get("value")) for entry in _rows(body.get("fields"))}
    if "@" not in values.get("email", ""):
        raise replies.invalid("Error in 'fields.email'. Required field 'email' is missing")
    at = _sent_at(rooms, body.get("submittedAt"))
    rooms.forms.submit(form, values, _ticked(body.get("legalConsentOptions")), at=at)
    return json_reply({"inlineMessage": "Tack!"})


def _sent_at(rooms: Rooms, given: Any) -> int | None:
    """When the person sent it, ms UTC: at most a month ago (HA 11), and not to come. None: now."""
    now = rooms.portal.clock.now()
    if given and not now - 31 * DAY <= int(given) <= now + DAY:
        raise replies.invalid("Error in 'submittedAt'. It must be within the last month")
    return int(given) if given else None


def _ticked(consent: Any) -> tuple[int, ...]:
    consent = consent if isinstance(consent, dict) else {}
    given = consent.get("consent") or {}
    boxes = [entry for entry in _rows(given.get("communications")) if entry.get("value") is True]
    interest = consent.get("legitimateInterest") or {}
    boxes += [interest] if interest.get("value") is True else []
    return tuple(int(entry["subscriptionTypeId"]) for entry in boxes if "subscriptionTypeId" in entry)


def _rows(given: Any) -> list[Json]:
    return [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []


def _fits(form: Form, kinds: set[str], *, archived: bool) -> bool:
    return (not kinds or form.kind in kinds) and (form.archived_at is not None) == archived


def _form(rooms: Rooms, form_id: str) -> Form:
    form = rooms.forms.all.get(form_id)
    if form is None:
        raise replies.not_found("No form found.", form_id)
    return form


def _cursor(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    at, _, key = text.partition(".")
    number = natural(at)
    if number is None or not key:
        raise replies.invalid("Invalid value for after")
    return number, key


ROUTES = [
    *under(
        ("/marketing/v3/forms", "/marketing/forms/2026-09-beta"),
        Route("GET", "", read_all, (access.FORMS,)),
        Route("GET", "/{formId}", read_one, (access.FORMS,)),
    ),
    Route("GET", "/form-integrations/v1/submissions/forms/{formId}", submissions, (access.FORMS,)),
    *under(
        ("/submissions/v3/integration/submit", "/submissions/v3/integration/secure/submit"),
        Route("POST", "/{portalId}/{formId}", submit, open=True, takes=shapes.Submitted),
    ),
]
