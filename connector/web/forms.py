"""The fields of a form from a whole body: urlencoded, or multipart as some mail programs send it.

Files are taken where a page asks for them and nowhere else; they stay in memory, for a copy on the disk would
be personal data that nobody erases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from python_multipart import multipart
from python_multipart.exceptions import FormParserError

MOST_FIELDS: Final = 50
LONGEST: Final = 2_000
#: Characters of a field on a page that takes files: a whole notice may be pasted into it.
LONGEST_TEXT: Final = 60_000


class NotAForm(ValueError):
    """The body is no form, or no form of ours."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with a form."""

    name: str
    data: bytes


def fields(content_type: str, body: bytes) -> Mapping[str, list[str]]:
    """Every field with its values; an empty body is a form without fields. Raises NotAForm, for files too."""
    kind, _, _ = content_type.partition(";")
    match kind.strip().casefold():
        case "application/x-www-form-urlencoded":
            return _checked(_urlencoded(body))
        case "multipart/form-data":
            found, files = _multipart(content_type, body)
            if files:
                raise NotAForm("no files here")
            return _checked(found)
        case "" if not body:
            return {}
        case _:
            raise NotAForm("no form")


def fields_and_files(content_type: str, body: bytes) -> tuple[Mapping[str, list[str]], Mapping[str, Upload]]:
    """The same for a page that takes files: one of each name. A file that was not chosen is none."""
    kind, _, _ = content_type.partition(";")
    if kind.strip().casefold() != "multipart/form-data":
        return fields(content_type, body), {}
    found, files = _multipart(content_type, body)
    return _checked(found, LONGEST_TEXT), files


def _urlencoded(body: bytes) -> Mapping[str, list[str]]:
    try:
        text = body.decode("ascii")
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:  # not ASCII, not UTF-8 beneath the escapes, too many fields
        raise NotAForm("not urlencoded") from None


def _multipart(content_type: str, body: bytes) -> tuple[dict[str, list[str]], dict[str, Upload]]:
    found: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}

    def on_field(field: multipart.Field) -> None:
        name = (field.field_name or b"").decode("utf-8")
        found.setdefault(name, []).append((field.value or b"").decode("utf-8"))
        if sum(map(len, found.values())) > MOST_FIELDS:
            raise NotAForm("too many fields")

    def on_file(file: multipart.File) -> None:
        file.file_object.seek(0)
        name, data = (file.file_name or b"").decode("utf-8"), file.file_object.read()
        if name or data:
            files[(file.field_name or b"").decode("utf-8")] = Upload(name, data)
        if len(files) > MOST_FIELDS:
            raise NotAForm("too many files")

    headers = {"Content-Type": content_type.encode("latin-1")}
    in_memory = {"MAX_MEMORY_FILE_SIZE": len(body) + 1}
    try:
        parser = multipart.create_form_parser(headers, on_field, on_file, in_memory)
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise NotAForm("not multipart") from None
    return found, files


def _checked(found: Mapping[str, list[str]], longest: int = LONGEST) -> Mapping[str, list[str]]:
    if any(len(value) > longest for values in found.values() for value in values):
        raise NotAForm("too long")
    return found
