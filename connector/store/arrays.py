"""Lists of values as PostgreSQL writes arrays: a text for the whole list.

The driver asks every value of a list how it wants to be sent, 2 microseconds each: more than the server takes
to store it.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Column, LargeBinary, Text


class Array(NamedTuple):
    """How the values of a column are sent: the array's type, and what spells it."""

    type: str
    spelled: Callable[[Iterable[Any]], str]


def array_of(column: Column[Any]) -> Array:
    """For the values of this column, None among them."""
    return _ARRAYS[type(column.type)]


def _numbers(values: Iterable[int | None]) -> str:
    """Nothing but digits, so that None can be put right at the end."""
    return f"{{{','.join(map(str, values))}}}".replace("None", "NULL")


def _texts(values: Iterable[str | None]) -> str:
    """In quotes, whatever stands in them: what is not quoted may mean something to the server."""
    return f"{{{','.join(['NULL' if each is None else _quoted(each) for each in values])}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bytes(values: Iterable[bytes | None]) -> str:
    r"""The server's \x and two digits a byte; the backslash is doubled within an array."""
    spelled = ["NULL" if each is None else f'"\\\\x{each.hex()}"' for each in values]
    return f"{{{','.join(spelled)}}}"


_ARRAYS: Final = {
    BigInteger: Array("bigint", _numbers),
    Text: Array("text", _texts),
    LargeBinary: Array("bytea", _bytes),
}
