"""Which values a client may give a contact's properties."""

import re
from collections.abc import Mapping
from typing import Any

from connector.sandbox import replies
from connector.sandbox.properties import Definition
from connector.sandbox.records import Properties
from connector.sandbox.times import parse
from mappings.words import EMAIL

_EMAIL = re.compile(
    r"[^@\s\x00-\x1f\x7f\"(),:;<>\[\]\\]+@[^@\s\x00-\x1f\x7f\"(),:;<>\[\]\\.]+(\.[^@\s\x00-\x1f\x7f\"(),:;<>\[\]\\.]+)+"
)
#: What one property value may hold, in characters.
_LONGEST = 65_536


def checked(definitions: Mapping[str, Definition], given: Any) -> Properties:
    """The values as HubSpot stores them: strings. Refusal 400 names each property that cannot be."""
    if not isinstance(given, Mapping):
        raise replies.invalid("Invalid input JSON: properties must be an object")
    found = (_problem(definitions.get(name), name, value) for name, value in given.items())
    problems = [problem for problem in found if problem is not None]
    if problems:
        messages = ", ".join(problem["message"] for problem in problems)
        raise replies.invalid(f"Property values were not valid: [{messages}]", *problems)
    return {name: _text(value) for name, value in given.items()}


def _problem(definition: Definition | None, name: str, value: Any) -> replies.Json | None:
    if definition is None:
        return replies.detail(f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST", name=name)
    if definition["modificationMetadata"]["readOnlyValue"]:
        return replies.detail(f'"{name}" is a read only property', "READ_ONLY_VALUE", name=name)
    if value is None or value == "":
        return None
    return _bad_value(name, definition, value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _bad_value(name: str, definition: Definition, value: Any) -> replies.Json | None:
    text = _text(value) or ""
    if len(text) > _LONGEST:
        return replies.detail(
            f"{name} is longer than {_LONGEST} characters", "PROPERTY_VALUE_TOO_LONG", name=name
        )
    if name == EMAIL and not _EMAIL.fullmatch(text):
        return replies.detail(f"Email address {text} is invalid", "INVALID_EMAIL", name=name)
    options = {option["value"] for option in definition["options"]}
    wrong = [part for part in text.split(";") if part and options and part not in options]
    if wrong:
        return replies.detail(f"{wrong[0]} was not one of the allowed options", "INVALID_OPTION", name=name)
    if definition["type"] == "number" and not _is_number(text):
        return replies.detail(f"{text} was not a valid number", "INVALID_NUMBER", name=name)
    if definition["type"] in {"date", "datetime"} and parse(text) is None:
        return replies.detail(f"{text} was not a valid date", "INVALID_DATE", name=name)
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
