"""HubSpot's `legalBasis` and ours (consent-domain 5): what each proves when read, and what we may write."""

from dataclasses import dataclass
from typing import Final

from mappings.terms import Basis, Grade
from mappings.words import LegalBasis


@dataclass(frozen=True, slots=True)
class BasisRead:
    """What a `legalBasis` found in HubSpot says: never more than an assertion.

    `cap` is the best grade that a status with this basis and an explanation reaches. `storage_only`: the
    person let us keep data, not mail them. `known`: False is reported (row 45 looks at statuses only).
    """

    basis: Basis
    cap: Grade
    known: bool = True
    storage_only: bool = False


NOT_GIVEN: Final = BasisRead(Basis.NONE, Grade.E0)
UNKNOWN_WORD: Final = BasisRead(Basis.NONE, Grade.E0, known=False)

READ: Final = {
    LegalBasis.CONSENT_WITH_NOTICE: BasisRead(Basis.CONSENT, Grade.E1),
    LegalBasis.LEGITIMATE_INTEREST_CLIENT: BasisRead(Basis.LEGITIMATE_INTEREST, Grade.E1),
    LegalBasis.LEGITIMATE_INTEREST_PQL: BasisRead(Basis.LEGITIMATE_INTEREST, Grade.E1),
    LegalBasis.LEGITIMATE_INTEREST_OTHER: BasisRead(Basis.LEGITIMATE_INTEREST, Grade.E1),
    LegalBasis.PERFORMANCE_OF_CONTRACT: BasisRead(Basis.CONTRACT, Grade.E1),
    LegalBasis.PROCESS_AND_STORE: BasisRead(Basis.CONSENT, Grade.E0, storage_only=True),
    LegalBasis.NON_GDPR: NOT_GIVEN,
}

WRITTEN: Final = {
    Basis.CONSENT: LegalBasis.CONSENT_WITH_NOTICE,
    Basis.SOFT_OPTIN: LegalBasis.LEGITIMATE_INTEREST_CLIENT,
}
WRITTEN_FOR_SERVICE: Final = {
    Basis.CONSENT: LegalBasis.CONSENT_WITH_NOTICE,
    Basis.CONTRACT: LegalBasis.PERFORMANCE_OF_CONTRACT,
    Basis.LEGITIMATE_INTEREST: LegalBasis.LEGITIMATE_INTEREST_OTHER,
}


def read(word: LegalBasis | str | None) -> BasisRead:
    """What HubSpot's basis says. Never raises: a word that we do not know is no basis, and is reported."""
    if word is None or word == "":
        return NOT_GIVEN
    try:
        return READ[LegalBasis(word)]
    except ValueError:
        return UNKNOWN_WORD


def to_write(basis: Basis, *, marketing: bool, balancing_test: bool = False) -> LegalBasis | None:
    """The word to send with a SUBSCRIBED; None where we write none, and then nothing is pushed.

    Never LEGITIMATE_INTEREST_PQL (refused for e-mail marketing, MFL 19 §), PROCESS_AND_STORE or NON_GDPR.
    Legitimate interest needs the reference of a balancing test; contract is for service messages only.
    """
    if basis is Basis.LEGITIMATE_INTEREST and not balancing_test:
        return None
    return (WRITTEN if marketing else WRITTEN_FOR_SERVICE).get(basis)


def drifts(word: LegalBasis | str | None, ours: Basis, *, marketing: bool) -> bool:
    """True where HubSpot holds another basis than we would write for the same yes (row 13)."""
    return word != to_write(ours, marketing=marketing, balancing_test=True)
