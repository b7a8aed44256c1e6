"""Answers and refusals in HubSpot's shapes (hubspot-api, section 4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

Json = dict[str, Any]
encode = msgspec.json.Encoder().encode

_LINKS = "https://developers.hubspot.com/scopes"


@dataclass(slots=True)
class Reply:
    """One answer: status, JSON bytes, further headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=utf-8"


class Refusal(Exception):
    """HubSpot's no: becomes an error body when it reaches the face."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        errors: Iterable[Json] = (),
        context: dict[str, list[str]] | None = None,
        sub_category: str | None = None,
        headers: dict[str, str] | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.errors = list(errors)
        self.context = context
        self.sub_category = sub_category
        self.headers = headers or {}
        self.extra = extra or {}

    def document(self, correlation: str) -> Json:
        body: Json = {"status": "error", "message": str(self), "correlationId": correlation}
        if self.context is not None:
            body["context"] = self.context
        if self.errors:
            body["errors"] = self.errors
        if self.category:
            body["category"] = self.category
        if self.sub_category:
            body["subCategory"] = self.sub_category
        return body | self.extra


def json_reply(document: Any, status: int = 200) -> Reply:
    return Reply(status, encode(document))


def invalid(message: str, *details: Json) -> Refusal:
    """400 VALIDATION_ERROR; `details` become `errors[]`."""
    return Refusal(400, "VALIDATION_ERROR", message, errors=details)


def detail(message: str, code: str, *, name: str | None = None, where: str | None = None) -> Json:
    """One entry of `errors[]`."""
    entry: Json = {"message": message, "code": code}
    if where is not None:
        entry["in"] = where
    if name is not None:
        entry["context"] = {"propertyName": [name]}
    return entry


def not_found(what: str, *ids: str) -> Refusal:
    """404 OBJECT_NOT_FOUND."""
    return Refusal(404, "OBJECT_NOT_FOUND", what, context={"id": list(ids)} if ids else None)


def conflict(existing: int) -> Refusal:
    """409 of a second contact with the same address (HA 4)."""
    return Refusal(409, "CONFLICT", f"Contact already exists. Existing ID: {existing}")


def unauthorized(message: str) -> Refusal:
    return Refusal(401, "INVALID_AUTHENTICATION", message)


def missing_scopes(*scopes: str) -> Refusal:
    """403 that names what would have been enough."""
    return Refusal(
        403,
        "MISSING_SCOPES",
        f"This app hasn't been granted all required scopes to make this call. Read more here: {_LINKS}.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        extra={"links": {"scopes": _LINKS}},
    )


def item_error(category: str, message: str, **context: list[str]) -> Json:
    """One StandardError beside the results of a 207."""
    return {
        "status": "error",
        "category": category,
        "message": message,
        "context": context,
        "errors": [],
        "links": {},
    }
