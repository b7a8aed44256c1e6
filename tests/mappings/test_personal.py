"""Names of properties that a person has to look at."""

import pytest

from mappings.office import PropertyInfo
from mappings.personal import Sort, sort_of


def info(
    name: str, label: str = "", *, ours: bool = True, sensitivity: str = "non_sensitive"
) -> PropertyInfo:
    return PropertyInfo(
        name=name, label=label or name, type="string", hubspot_defined=not ours, sensitivity=sensitivity
    )


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("personnummer", "Personnummer"),
        ("pnr", ""),
        ("kund_pnr", ""),
        ("halsotillstand", "Hälsotillstånd"),
        ("falt_1", "Hälsa"),
        ("health_notes", ""),
        ("religion", "Religion"),
        ("religious_belief", ""),
        ("fackligt_medlemskap", ""),
        ("trade_union", "Trade union"),
        ("social_security_number", ""),
        ("political_party", ""),
        ("allergier", "Allergier"),
    ],
)
def test_sensitive_names_are_seen_in_both_languages(name: str, label: str) -> None:
    assert sort_of(info(name, label)) is Sort.SENSITIVE


@pytest.mark.parametrize("name", ["shoe_size", "troja", "rast", "unionen_kod", "favoritfarg", "racerbil"])
def test_an_own_property_is_about_a_person_and_not_sensitive_by_chance(name: str) -> None:
    assert sort_of(info(name)) is Sort.PERSONAL


def test_hubspots_own_counters_are_technical_and_its_fields_personal() -> None:
    assert sort_of(info("hs_analytics_num_visits", ours=False)) is Sort.TECHNICAL
    assert sort_of(info("jobtitle", ours=False)) is Sort.PERSONAL


def test_hubspots_own_word_counts_whatever_the_name_says() -> None:
    assert sort_of(info("falt_7", sensitivity="highly_sensitive")) is Sort.SENSITIVE
