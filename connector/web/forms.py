"""The fields of a form from a whole body: urlencoded, or multipart as some mail programs send it."""

from collections.abc import Mapping
from io import BytesIO
from typing import Final
from urllib.parse import parse_qs

from python_multipart import multipart
from python_multipart.exceptions import FormParserError

MOST_FIELDS: Final = 50
LONGEST: Final = 2_000


class NotAForm(ValueError):
    """The body is no form, or no form of ours."""


def fields(content_type: str, body: bytes) -> Mapping[str, list[str]]:
    """Every field with its values; an empty body is a form without fields. Raises NotAForm."""
    kind, _, _ = content_type.partition(";")
    match kind.strip().casefold():
        case "application/x-www-form-urlencoded":
            return _urlencoded(body)
        case "multipart/form-data":
            return _multipart(content_type, body)
        case "" if not body:
            return {}
        case _:
            raise NotAForm("no form")


def _urlencoded(body: bytes) -> Mapping[str, list[str]]:
    try:
        text = body.decode("ascii")
        return _checked(parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError:  # not ASCII, not UTF-8 beneath the escapes, too many fields
        raise NotAForm("not urlencoded") from None


def _multipart(content_type: str, body: bytes) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}

    def on_field(field: multipart.Field) -> None:
        name = (field.field_name or b"").decode("utf-8")
        found.setdefault(name, []).append((field.value or b"").decode("utf-8"))
        if sum(map(len, found.values())) > MOST_FIELDS:
            raise NotAForm("too many fields")

    def on_file(file: multipart.File) -> None:
        raise NotAForm("no files here")

    headers = {"Content-Type": content_type.encode("latin-1"), "Content-Length": str(len(body)).encode()}
    try:
        multipart.parse_form(headers, BytesIO(body), on_field, on_file)
    except (FormParserError, ValueError):
        raise NotAForm("not multipart") from None
    return _checked(found)


def _checked(found: Mapping[str, list[str]]) -> Mapping[str, list[str]]:
    if any(len(value) > LONGEST for values in found.values() for value in values):
        raise NotAForm("too long")
    return found
