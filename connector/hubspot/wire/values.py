"""HubSpot's loose values, made definite (HQ 12)."""

import unicodedata
from typing import Final

import idna

LONGEST_ID: Final = 18  # digits; larger numbers do not fit the mirror's columns


def identifier(value: object) -> int | None:
    """A positive record or subscription id, sent as number or digits (HQ 33); None for anything else."""
    if isinstance(value, str):
        digits = value.isascii() and value.isdigit() and len(value) <= LONGEST_ID
        return (int(value) or None) if digits else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 < value < 10**LONGEST_ID else None
    return None


def identifiers(value: str | None) -> tuple[int, ...]:
    """A `;` list of record ids; what is none is left out."""
    if not value:
        return ()
    return tuple(found for part in value.split(";") if (found := identifier(part.strip())))


def text(value: object) -> str | None:
    """A string with something in it; None for anything else."""
    return value if isinstance(value, str) and value else None


def word(value: object) -> str:
    """An enum word as HubSpot spelled it; "" for what is no string, so that it matches no rule."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """An integer, 0 included (a business unit's id); None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def folded(address: str) -> str:
    """An address for comparing what was asked with what was answered: case, Unicode form and IDNA aside.

    Only for that: the identity of people is decided by mappings, never here (HQ 15, 24).
    """
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local.casefold()}{at}{_domain(domain)}"


def _domain(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain.casefold()
