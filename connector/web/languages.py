"""Which language a page speaks: the chosen one, else the one that the browser prefers, else our first."""

from collections.abc import Iterator, Sequence
from typing import Final

#: A header longer than this is nobody's browser.
LONGEST: Final = 200


def chosen(wanted: str | None, accepted: str | None, spoken: Sequence[str]) -> str:
    """`wanted`: ?lang=; `accepted`: Accept-Language (RFC 9110, 12.5.4); `spoken`: ours, the default first."""
    if wanted is not None and wanted in spoken:
        return wanted
    ranked = sorted(_ranked((accepted or "")[:LONGEST]), key=lambda each: -each[1])
    for tag, weight in ranked:
        primary = tag.partition("-")[0].casefold()
        if weight > 0 and primary in spoken:
            return primary
    return spoken[0]


def _ranked(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        tag, _, parameter = part.strip().partition(";")
        yield tag.strip(), _weight(parameter)


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
