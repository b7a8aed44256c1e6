"""HubSpot's legal bases: what each proves when read, and what we ever write (I20)."""

import pytest

from mappings import bases
from mappings.terms import Basis, Grade
from mappings.words import LegalBasis

NEVER_WRITTEN = {LegalBasis.LEGITIMATE_INTEREST_PQL, LegalBasis.NON_GDPR, LegalBasis.PROCESS_AND_STORE}


@pytest.mark.parametrize(
    ("word", "basis", "cap"),
    [
        ("CONSENT_WITH_NOTICE", Basis.CONSENT, Grade.E1),
        ("LEGITIMATE_INTEREST_CLIENT", Basis.LEGITIMATE_INTEREST, Grade.E1),
        ("LEGITIMATE_INTEREST_PQL", Basis.LEGITIMATE_INTEREST, Grade.E1),
        ("LEGITIMATE_INTEREST_OTHER", Basis.LEGITIMATE_INTEREST, Grade.E1),
        ("PERFORMANCE_OF_CONTRACT", Basis.CONTRACT, Grade.E1),
        ("PROCESS_AND_STORE", Basis.CONSENT, Grade.E0),
        ("NON_GDPR", Basis.NONE, Grade.E0),
        (None, Basis.NONE, Grade.E0),
        ("", Basis.NONE, Grade.E0),
        ("A_NEW_ONE", Basis.NONE, Grade.E0),
    ],
)
def test_a_basis_read_is_an_assertion_at_most(word, basis, cap):
    told = bases.read(word)
    assert (told.basis, told.cap) == (basis, cap)
    assert told.known is (word != "A_NEW_ONE")
    assert told.storage_only is (word == "PROCESS_AND_STORE")


def test_every_word_of_hubspot_can_be_read():
    assert set(bases.READ) == set(LegalBasis)


@pytest.mark.parametrize("marketing", [True, False])
@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize("tested", [True, False])
def test_some_words_are_never_written(basis, marketing, tested):
    assert bases.to_write(basis, marketing=marketing, balancing_test=tested) not in NEVER_WRITTEN


@pytest.mark.parametrize(
    ("basis", "marketing", "service"),
    [
        (Basis.CONSENT, LegalBasis.CONSENT_WITH_NOTICE, LegalBasis.CONSENT_WITH_NOTICE),
        (Basis.SOFT_OPTIN, LegalBasis.LEGITIMATE_INTEREST_CLIENT, None),
        (Basis.CONTRACT, None, LegalBasis.PERFORMANCE_OF_CONTRACT),
        (Basis.LEGITIMATE_INTEREST, None, LegalBasis.LEGITIMATE_INTEREST_OTHER),
        (Basis.LEGAL_OBLIGATION, None, None),
        (Basis.VITAL, None, None),
        (Basis.PUBLIC_TASK, None, None),
        (Basis.NONE, None, None),
    ],
)
def test_what_is_written_for_marketing_and_for_service_messages(basis, marketing, service):
    assert bases.to_write(basis, marketing=True, balancing_test=True) is marketing
    assert bases.to_write(basis, marketing=False, balancing_test=True) is service


def test_legitimate_interest_needs_its_balancing_test():
    assert bases.to_write(Basis.LEGITIMATE_INTEREST, marketing=False) is None


def test_what_we_write_reads_back_as_ours_or_as_the_nearest_word_of_hubspot():
    for basis in (Basis.CONSENT, Basis.CONTRACT, Basis.LEGITIMATE_INTEREST):
        word = bases.to_write(basis, marketing=False, balancing_test=True)
        assert bases.read(word).basis is basis
        assert not bases.drifts(word, basis, marketing=False)


def test_a_basis_that_is_not_ours_has_drifted():
    assert bases.drifts("LEGITIMATE_INTEREST_PQL", Basis.CONSENT, marketing=True)
    assert bases.drifts(None, Basis.CONSENT, marketing=True)
    assert not bases.drifts("CONSENT_WITH_NOTICE", Basis.CONSENT, marketing=True)
