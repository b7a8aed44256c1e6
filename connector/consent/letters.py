"""Mail to people: what each kind is for, and who may not get it. Pure (consent-domain 2, T7; 7).

No letter ever has marketing in it. Two classes: what we send of our own accord (a notice, somebody's
receipt) stops at every no and every restriction; an answer to what the person asked for passes them, because
Art. 12(3) owes it, and stops only where there is nobody to answer any more.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from connector.consent.events import Overlay


class LetterKind(StrEnum):
    """What a letter is for."""

    NOTICE = "notice"  # Art. 13, 14: that we hold their data, and why
    RECEIPT = "receipt"  # their own copy of what they agreed to
    WITHDRAWN = "withdrawn"  # confirms a no
    DOI = "doi"  # asks somebody to confirm their sign-up
    LINKS = "links"  # the link to their own page, which they asked for
    REQUEST_RECEIVED = "request_received"  # Art. 12(3): we have it, and answer by then
    REQUEST_EXTENDED = "request_extended"  # Art. 12(3): two months more, and why
    REQUEST_ANSWERED = "request_answered"
    ERASURE_DONE = "erasure_done"  # the last letter somebody ever gets


class Stop(StrEnum):
    """Why a letter does not leave."""

    RESTRICTED = "restricted"
    ERASED = "erased"
    OBJECTED = "objected"
    COMPLAINT = "complaint"


_EVERY: Final = frozenset(Stop)
#: What stops each kind. A sign-up may come from somebody who was erased (row 35) or has objected: only their
#: new yes lifts that. Someone who called our mail spam gets none that a stranger can set off.
STOPS: Final[Mapping[LetterKind, frozenset[Stop]]] = {
    LetterKind.NOTICE: _EVERY,
    LetterKind.RECEIPT: _EVERY,
    LetterKind.WITHDRAWN: frozenset({Stop.RESTRICTED, Stop.ERASED, Stop.COMPLAINT}),
    LetterKind.DOI: frozenset({Stop.RESTRICTED, Stop.COMPLAINT}),
    LetterKind.LINKS: frozenset({Stop.ERASED}),
    LetterKind.REQUEST_RECEIVED: frozenset(),
    LetterKind.REQUEST_EXTENDED: frozenset(),
    LetterKind.REQUEST_ANSWERED: frozenset(),
    LetterKind.ERASURE_DONE: frozenset(),
}


def stopped(kind: LetterKind, overlay: Overlay | None, suppressed: Collection[str]) -> Stop | None:
    """Why this letter may not leave; None: it may.

    `overlay`: the person's; `suppressed`: the kinds under which the suppression list has the address.
    """
    found = {Stop(each) for each in suppressed}
    if overlay is not None:
        found.add(Stop.RESTRICTED if overlay is Overlay.RESTRICTED else Stop.ERASED)
    hit = found & STOPS[kind]
    return min(hit, key=list(Stop).index) if hit else None
