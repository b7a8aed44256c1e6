"""Canonical JSON: sorted keys, no spaces, UTF-8, integers only (consent-domain 6)."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


def canon(value: Any) -> bytes:
    """The one spelling of a JSON value.

    Raises ValueError for floats, keys that are no text, integers beyond 64 bits and anything that JSON lacks:
    two programs would not spell those alike.
    """
    refuse(value)
    return encode(value)


def refuse(value: Any) -> None:
    """Raises ValueError where `value` has no canonical spelling."""
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return
    if isinstance(value, dict):
        _refuse_keys(value)
        for each in value.values():
            refuse(each)
    elif isinstance(value, list | tuple):
        for each in value:
            refuse(each)
    elif isinstance(value, int):
        _refuse_size(value)
    elif not isinstance(value, str):  # subclasses such as StrEnum are spelled as what they are
        raise ValueError(f"{kind.__name__} has no canonical spelling")


def _refuse_keys(value: dict[Any, Any]) -> None:
    for key in value:
        if not isinstance(key, str):
            raise ValueError("a key that is no text has no canonical spelling")


def _refuse_size(value: int) -> None:
    if not -(2**63) <= value < 2**64:
        raise ValueError("an integer beyond 64 bits has no canonical spelling")


def encode(value: Any) -> bytes:
    """`canon` for values that our own code built and that are known to hold no floats."""
    try:
        return _encoder.encode(value)
    except (OverflowError, UnicodeEncodeError, TypeError) as error:
        raise ValueError(f"no canonical spelling: {type(error).__name__}") from None


def decode(data: bytes) -> Any:
    """Read JSON. Raises ValueError on anything else."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:  # nested deeper than anything of ours
        raise ValueError("not JSON") from error
