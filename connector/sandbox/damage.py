"""What a fault does to an answer that the rules have already given."""

from typing import Any

import msgspec

from connector.sandbox import replies
from connector.sandbox.call import Call
from connector.sandbox.faults import FaultRule
from connector.sandbox.replies import Json, Refusal, Reply

_POLICY_WORDS = {"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "DAILY": "daily", "SECONDLY": "secondly"}
_HTML = b"<!DOCTYPE html><html><head><title>HubSpot</title></head><body>We'll be right back</body></html>"
_CATEGORIES = {
    401: "INVALID_AUTHENTICATION",
    404: "OBJECT_NOT_FOUND",
    409: "CONFLICT",
    400: "VALIDATION_ERROR",
}


def refusal(rule: FaultRule) -> Refusal:
    """The error that a `status` rule answers."""
    headers = {} if rule.retry_after is None else {"Retry-After": f"{rule.retry_after:g}"}
    if rule.status == 403:
        scoped = replies.missing_scopes(rule.category or "crm.objects.contacts.read")
        scoped.headers = headers
        return scoped
    if rule.status != 429:
        category = rule.category or _CATEGORIES.get(rule.status, "")
        return Refusal(rule.status, category, f"fault {rule.status}", headers=headers)
    policy = rule.policy or "TEN_SECONDLY_ROLLING"
    return Refusal(
        429,
        rule.category,
        f"You have reached your {_POLICY_WORDS.get(policy, policy.lower())} limit.",
        headers=headers,
        extra={"errorType": "RATE_LIMIT", "policyName": policy},
    )


def damaged(rule: FaultRule, call: Call, reply: Reply) -> Reply:
    """The answer as the client will see it; kinds of fault that concern the connection leave it as it is."""
    if rule.effect == "html":
        return Reply(200, _HTML, reply.headers, "text/html; charset=utf-8")
    if rule.effect == "truncated":
        reply.body = reply.body[: max(1, len(reply.body) // 2)]
        return reply
    change = _CHANGES.get(rule.effect)
    if change is not None and reply.body.startswith(b"{"):
        document = msgspec.json.decode(reply.body)
        change(rule, call, document)
        reply.body = replies.encode(document)
    return reply


def _stick(rule: FaultRule, call: Call, document: Json) -> None:
    """The cursor points to where the client already is."""
    del rule
    after = call.query.get("after")
    if call.method == "POST" and call.body.startswith(b"{"):
        after = call.object().get("after")
    results = document.get("results") or [{}]
    document["paging"] = {"next": {"after": str(after or results[0].get("id", "0"))}}


def _turn_round(rule: FaultRule, call: Call, document: Json) -> None:
    del rule, call
    document["results"] = list(reversed(document.get("results", [])))


def _repeat(rule: FaultRule, call: Call, document: Json) -> None:
    del rule, call
    document["results"] = [*document.get("results", []), *document.get("results", [])[:1]]


def _mistype(rule: FaultRule, call: Call, document: Json) -> None:
    del call
    _edit(document, rule.field.split("."), lambda place, key: place.__setitem__(key, rule.value))


def _lose(rule: FaultRule, call: Call, document: Json) -> None:
    del call
    _edit(document, rule.field.split("."), lambda place, key: place.pop(key, None))


def _edit(place: Any, path: list[str], act: Any) -> None:
    if path[0] == "*" and isinstance(place, list):
        for entry in place:
            _edit(entry, path[1:], act)
    elif isinstance(place, dict) and len(path) == 1:
        act(place, path[0])
    elif isinstance(place, dict) and path[0] in place:
        _edit(place[path[0]], path[1:], act)


_CHANGES = {
    "stuck_cursor": _stick,
    "out_of_order": _turn_round,
    "repeated_row": _repeat,
    "wrong_type": _mistype,
    "missing_field": _lose,
}


def split_inputs(rule: FaultRule, call: Call) -> list[Any]:
    """Take some inputs of a batch out of the call; they are the ones that will be told as failed."""
    body = call.object()
    inputs = body.get("inputs")
    if not isinstance(inputs, list):
        return []
    failing = [
        place for place in range(len(inputs)) if int((place + 1) * rule.share) > int(place * rule.share)
    ]
    lost = [inputs[place] for place in failing]
    body["inputs"] = [entry for place, entry in enumerate(inputs) if place not in set(failing)]
    call.body = replies.encode(body)
    return lost


def with_failures(reply: Reply, lost: list[Any]) -> Reply:
    """A 207 that names the inputs that failed."""
    if not lost:
        return reply
    document: Json = msgspec.json.decode(reply.body) if reply.body else {"status": "COMPLETE", "results": []}
    errors = document.get("errors", [])
    errors += [replies.item_error("INTERNAL_ERROR", "internal error", ids=[_name(entry)]) for entry in lost]
    document |= {"errors": errors, "numErrors": len(errors)}
    reply.status, reply.body = 207, replies.encode(document)
    return reply


def _name(entry: Any) -> str:
    if isinstance(entry, dict):
        return str(entry.get("id") or entry.get("subscriberIdString") or "")
    return str(entry)
