"""Short codes for HubSpot's words, which stand in millions of rows; unknown words stay as they came."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Generic, TypeVar

from mappings.words import LegalBasis, Status

Word = TypeVar("Word", bound=StrEnum)


class Codes(Generic[Word]):
    """Word <-> code. An unknown word is stored behind `=`, so that it never looks like a code."""

    def __init__(self, codes: Mapping[str, Word]) -> None:
        self._words = dict(codes)
        self._codes: dict[str, str] = {str(word): code for code, word in codes.items()}

    def code(self, word: str) -> str:
        """As stored."""
        return self._codes.get(word) or f"={word}"

    def word(self, code: str) -> Word | str:
        """As HubSpot said it."""
        return self._words.get(code) or code.removeprefix("=")


STATUSES: Final = Codes({"S": Status.SUBSCRIBED, "U": Status.UNSUBSCRIBED, "N": Status.NOT_SPECIFIED})
BASES: Final = Codes(
    {
        "LP": LegalBasis.LEGITIMATE_INTEREST_PQL,
        "LC": LegalBasis.LEGITIMATE_INTEREST_CLIENT,
        "LO": LegalBasis.LEGITIMATE_INTEREST_OTHER,
        "PC": LegalBasis.PERFORMANCE_OF_CONTRACT,
        "CN": LegalBasis.CONSENT_WITH_NOTICE,
        "NG": LegalBasis.NON_GDPR,
        "PS": LegalBasis.PROCESS_AND_STORE,
    }
)

PRIMARY: Final = 0  # an address's kind as stored: the place in people.AddressKind
