"""Which contact properties hold data about a person, and which of them are of a special kind. By name; pure.

A name is a hint and nothing more: the list is for a person to read through, and decides nothing.
"""

import re
import unicodedata
from enum import StrEnum
from itertools import pairwise
from typing import Final

from mappings.office import PropertyInfo


class Sort(StrEnum):
    """What a property seems to hold."""

    SENSITIVE = "sensitive"  # Art. 9 and 10, and the national number (Art. 87, dataskyddslagen 3:10)
    PERSONAL = "personal"
    TECHNICAL = "technical"  # HubSpot's own counters and states


#: Beginnings of words that tell of special categories, without their accents.
SENSITIVE: Final = (
    "personnummer", "personnr", "samordningsnummer", "ssn", "socialsecurity", "nationalid", "passnummer",
    "passport", "halso", "halsa", "health", "sjuk", "diagnos", "medicin", "medical", "allerg", "funktionsned",
    "disab", "gravid", "pregnan", "relig", "trosuppfatt", "faith", "facklig", "fackforen", "tradeunion",
    "politi", "partitillh", "etni", "ethnic", "sexu", "laggning", "genetik", "genetic", "biometr", "brott",
    "criminal", "kriminal",
)  # fmt: skip
#: Whole words of the same kind that are too short to be a beginning.
SENSITIVE_WORDS: Final = frozenset({"pnr", "ras", "race", "tro", "union", "diet", "specialkost"})
#: HubSpot's own properties that a person fills with what they know of somebody.
HUBSPOTS_PERSONAL: Final = frozenset(
    {
        "email", "work_email", "hs_additional_emails", "firstname", "lastname", "salutation", "phone",
        "mobilephone", "fax", "address", "city", "zip", "state", "country", "company", "jobtitle",
        "job_function", "seniority", "date_of_birth", "gender", "marital_status", "relationship_status",
        "military_status",
        "degree", "field_of_study", "school", "graduation_date", "start_date", "twitterhandle", "linkedinbio",
        "hs_linkedin_url", "hs_facebookid", "hs_language", "message", "hs_content_membership_notes",
        "ip_city", "ip_country", "ip_zipcode", "annualrevenue", "industry", "website", "notes_last_contacted",
    }
)  # fmt: skip


def sort_of(info: PropertyInfo) -> Sort:
    """What the property seems to hold; one of the portal's own on a contact is about a person."""
    if info.sensitivity != "non_sensitive" or _is_sensitive(f"{info.name} {info.label}"):
        return Sort.SENSITIVE
    if info.hubspot_defined and info.name not in HUBSPOTS_PERSONAL:
        return Sort.TECHNICAL
    return Sort.PERSONAL


def _is_sensitive(text: str) -> bool:
    words = re.split(r"[^a-z0-9]+", _folded(text))
    pairs = [first + second for first, second in pairwise(words)]
    return any(word in SENSITIVE_WORDS or word.startswith(SENSITIVE) for word in words) or any(
        pair.startswith(("socialsecurity", "nationalid", "tradeunion")) for pair in pairs
    )


def _folded(text: str) -> str:
    """Lower case without accents: `Hälsa` and `halsa` are one word."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
