"""Grades are capped by the door that a yes came in through."""

import pytest

from connector.consent.events import Grade, Source
from connector.consent.grades import hubspot_grade, imported_grade, recorded_grade
from mappings.words import LegalBasis

E0, E1, E2, E3 = Grade
DOORS = (Source.FORM, Source.PAPER, Source.API, Source.PREFPAGE, Source.MAIL_REPLY)


@pytest.mark.parametrize("source", DOORS)
def test_a_door_with_wording_gives_e2_and_with_control_e3(source):
    assert recorded_grade(source, wording=False, signed=True) is E1
    assert recorded_grade(source, wording=True) is E2
    assert recorded_grade(source, wording=True, signed=True) is E3
    assert recorded_grade(source, wording=True, address_control=True) is E3


@pytest.mark.parametrize(
    ("wording", "call", "grade"),
    [(True, True, E2), (True, False, E1), (False, True, E1), (False, False, E1)],
)
def test_a_call_needs_script_and_note(wording, call, grade):
    assert recorded_grade(Source.PHONE, wording=wording, call_evidence=call, signed=True) is grade


@pytest.mark.parametrize("source", sorted(set(Source) - {*DOORS, Source.PHONE}))
def test_any_other_door_gives_e1(source):
    assert recorded_grade(source, wording=True, signed=True, address_control=True) is E1


@pytest.mark.parametrize(
    ("basis", "explanation", "at", "grade"),
    [
        (None, None, 1, E0),
        (LegalBasis.CONSENT_WITH_NOTICE, None, 1, E0),
        (LegalBasis.CONSENT_WITH_NOTICE, "  ", 1, E0),
        (LegalBasis.CONSENT_WITH_NOTICE, "told us", None, E0),
        (LegalBasis.CONSENT_WITH_NOTICE, "told us", 1, E1),
        ("CONSENT_WITH_NOTICE", "told us", 1, E1),
        (LegalBasis.PERFORMANCE_OF_CONTRACT, "order", 1, E1),
        (LegalBasis.NON_GDPR, "told us", 1, E0),
        (LegalBasis.PROCESS_AND_STORE, "told us", 1, E0),
        ("SOMETHING_NEW", "told us", 1, E0),
    ],
)
def test_a_status_alone_never_passes_e1(basis, explanation, at, grade):
    assert hubspot_grade(basis, explanation, at) is grade


@pytest.mark.parametrize(
    ("claimed", "artefact", "wording", "grade"),
    [
        (E3, True, True, E2),
        (E3, False, True, E1),
        (E3, True, False, E1),
        (E0, True, True, E0),
        (E1, True, True, E1),
    ],
)
def test_an_import_needs_an_artefact_for_every_row(claimed, artefact, wording, grade):
    assert imported_grade(claimed, artefact=artefact, wording=wording) is grade
