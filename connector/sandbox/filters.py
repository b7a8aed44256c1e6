"""One filter of a contact search: what its operator means for a value (hubspot-api, 6)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from connector.sandbox import replies
from connector.sandbox.properties import Definition
from connector.sandbox.times import parse

Test = Callable[[str | None], bool]

_NEEDS_VALUE = frozenset(
    {"EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}
)
_NEEDS_VALUES = frozenset({"IN", "NOT_IN"})
OPERATORS = _NEEDS_VALUE | _NEEDS_VALUES | {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}
_WORDS = re.compile(r"[\w*]+")


@dataclass(frozen=True, slots=True)
class Filter:
    """A property, an operator, and the values as the client wrote them."""

    name: str
    operator: str
    kind: str  # type of the property: string, number, datetime, bool, enumeration
    value: str = ""
    high: str = ""
    values: tuple[str, ...] = ()

    def bound(self) -> float | None:
        """The value as a number, for properties that are numbers or times."""
        return number(self.kind, self.value)

    def test(self) -> Test:
        """The filter as a question to a value. A record without value answers only NOT_HAS_PROPERTY."""
        if self.operator == "HAS_PROPERTY":
            return lambda value: value not in {None, ""}
        if self.operator == "NOT_HAS_PROPERTY":
            return lambda value: value in {None, ""}
        compare = _ranged(self) if self.kind in {"number", "date", "datetime"} else _worded(self)
        return lambda value: value is not None and value != "" and compare(value)


def parsed(document: Any, definitions: dict[str, Definition]) -> Filter:
    """A filter of the request. Refusal 400 for unknown operators and properties and for missing values."""
    if not isinstance(document, dict):
        raise replies.invalid("Invalid input JSON: a filter must be an object")
    name, operator = document.get("propertyName"), document.get("operator")
    if operator not in OPERATORS:
        raise replies.invalid(
            f"Invalid input JSON: unknown operator {operator!r}, allowed are {sorted(OPERATORS)}"
        )
    definition = definitions.get(name) if isinstance(name, str) else None
    if definition is None:
        raise replies.invalid(f"There was a problem with the request. Property {name!r} does not exist")
    made = Filter(
        name=definition["name"],
        operator=operator,
        kind=definition["type"],
        value=_one(document.get("value"), operator, "value", needed=operator in _NEEDS_VALUE),
        high=_one(document.get("highValue"), operator, "highValue", needed=operator == "BETWEEN"),
        values=_many(document.get("values"), operator),
    )
    _check_numbers(made)
    return made


def number(kind: str, text: str) -> float | None:
    """Milliseconds of a time, the value of a number; None when the text is neither."""
    if kind in {"date", "datetime"}:
        return parse(text)
    try:
        return float(text)
    except ValueError:
        return None


def _one(value: Any, operator: str, key: str, *, needed: bool) -> str:
    if value is None or value == "":
        if needed:
            raise replies.invalid(f"operator {operator} requires {key}")
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _many(values: Any, operator: str) -> tuple[str, ...]:
    if operator not in _NEEDS_VALUES:
        return ()
    if not isinstance(values, list) or not values:
        raise replies.invalid(f"operator {operator} requires values")
    return tuple(str(value) for value in values)


def _check_numbers(made: Filter) -> None:
    if made.kind not in {"number", "date", "datetime"} or made.operator in {
        "CONTAINS_TOKEN",
        "NOT_CONTAINS_TOKEN",
    }:
        return
    given = [text for text in (made.value, made.high, *made.values) if text]
    for text in given:
        if number(made.kind, text) is None:
            raise replies.invalid(f"{text!r} is not a valid {made.kind} for {made.name}")


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "EQ": lambda a, b: a == b,
    "NEQ": lambda a, b: a != b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
}


def _ranged(made: Filter) -> Callable[[str], bool]:
    kind, operator = made.kind, made.operator
    if operator in _NEEDS_VALUES:
        wanted = {number(kind, text) for text in made.values}
        return lambda value: (number(kind, value) in wanted) == (operator == "IN")
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return _worded(made)
    low, high = number(kind, made.value) or 0.0, number(kind, made.high) or 0.0
    if operator == "BETWEEN":
        return lambda value: low <= _known(kind, value) <= high
    compare = _COMPARE[operator]
    return lambda value: compare(_known(kind, value), low)


def _known(kind: str, value: str) -> float:
    known = number(kind, value)
    return float("nan") if known is None else known


def _worded(made: Filter) -> Callable[[str], bool]:
    operator, wanted = made.operator, made.value.lower()
    if operator in _NEEDS_VALUES:
        # HubSpot asks for lower-case values here and compares them as they came (HA 6).
        return lambda value: (
            any(part in made.values for part in value.lower().split(";")) == (operator == "IN")
        )
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return lambda value: has_token(value.lower(), wanted) == (operator == "CONTAINS_TOKEN")
    if operator == "BETWEEN":
        return lambda value: wanted <= value.lower() <= made.high.lower()
    compare: Callable[[Any, Any], bool] = _COMPARE[operator]
    return lambda value: compare(value.lower(), wanted)


def has_token(text: str, pattern: str) -> bool:
    """Every word of the pattern, `*` standing for anything, is a word of the text, or all matches."""
    if fnmatchcase(text, pattern):
        return True
    tokens = _WORDS.findall(text)
    asked = _WORDS.findall(pattern)
    return bool(asked) and all(any(fnmatchcase(token, word) for token in tokens) for word in asked)
