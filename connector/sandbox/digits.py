"""Whole numbers as HubSpot reads them from a path, a cursor or a text: a Java long in plain digits."""

import re

_LONG = re.compile(r"-?[0-9]{1,18}")


def whole(text: str) -> int | None:
    """None for what is no number: other scripts' digits, superscripts, and more digits than a long holds."""
    return int(text) if _LONG.fullmatch(text) else None


def natural(text: str) -> int | None:
    """The same, without negative ones: ids, offsets."""
    number = whole(text)
    return number if number is not None and number >= 0 else None
