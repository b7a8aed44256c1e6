"""Our own words that HubSpot's are mapped to (consent-domain 3.1)."""

from enum import IntEnum, StrEnum


class Grade(IntEnum):
    """How well a yes is proved (consent-domain 3.1)."""

    E0 = 0  # status only, or undated
    E1 = 1  # dated assertion without wording
    E2 = 2  # who, when, how and the exact wording
    E3 = 3  # E2 and verified control of the address

    def __str__(self) -> str:
        return self.name


class Basis(StrEnum):
    """The legal basis of processing for one purpose (Art. 6(1); ePrivacy 13(2) for soft_optin)."""

    CONSENT = "consent"
    SOFT_OPTIN = "soft_optin"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL = "vital"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"
    NONE = "none"


#: E-mail marketing to natural persons rests on one of these (ePrivacy 13; MFL 19 §; C-654/23).
MARKETING_BASES = frozenset({Basis.CONSENT, Basis.SOFT_OPTIN})
