"""How good a yes can be at best, by the door that it came in through (consent-domain 3.1)."""

from connector.consent.events import Grade, Source
from mappings import bases
from mappings.words import LegalBasis

#: Doors where the wording shown is enough for E2: the person acted there, or signed.
WITH_WORDING = frozenset({Source.FORM, Source.PAPER, Source.API, Source.PREFPAGE, Source.MAIL_REPLY})


def recorded_grade(
    source: Source,
    *,
    wording: bool,
    signed: bool = False,
    address_control: bool = False,
    call_evidence: bool = False,
) -> Grade:
    """The grade of a yes that someone records (design 1.1, `record`).

    `wording`: the exact text is at hand. `signed`: by hand. `address_control`: the person proved the mailbox
    (double opt-in by POST, a session). `call_evidence`: a call note or a recording.
    """
    if source is Source.PHONE:
        return Grade.E2 if wording and call_evidence else Grade.E1
    if source not in WITH_WORDING or not wording:
        return Grade.E1
    return Grade.E3 if signed or address_control else Grade.E2


def hubspot_grade(basis: LegalBasis | str | None, explanation: str | None, at: int | None) -> Grade:
    """The grade of a SUBSCRIBED that stands alone: E0, or E1 with its date, a basis and an explanation."""
    if at is None or not (explanation or "").strip():
        return Grade.E0
    return bases.read(basis).cap


def imported_grade(claimed: Grade, *, artefact: bool, wording: bool) -> Grade:
    """The grade of an imported row: E1, and E2 only with a hashed artefact of its own and the wording."""
    best = Grade.E2 if artefact and wording else Grade.E1
    return min(claimed, best)
