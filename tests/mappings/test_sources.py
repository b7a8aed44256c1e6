"""Whose act a status is: an allow-list for the person, unknown for everything unheard of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.sources import BY_TEXT, KINDS, SourceKind, kind_of, subject_texts


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("Self Service Resubscription", SourceKind.SUBJECT),
        ("self  service resubscription ", SourceKind.SUBJECT),
        ("SOURCE_RECIPIENT", SourceKind.SUBJECT),
        ("Form submission", SourceKind.SUBJECT),
        ("Public status API", SourceKind.API),
        ("Import", SourceKind.IMPORT),
        ("Workflow", SourceKind.WORKFLOW),
        ("Updated by user in HubSpot", SourceKind.STAFF),
        ("Integration", SourceKind.APP),
        ("Not specified", SourceKind.UNKNOWN),
        ("Form submission by a colleague", SourceKind.UNKNOWN),
        ("", SourceKind.UNKNOWN),
        (None, SourceKind.UNKNOWN),
    ],
)
def test_a_source_tells_whose_act_it_was(source, kind):
    assert kind_of(source) is kind


def test_an_operator_adds_what_was_proved_and_never_turns_a_known_text():
    also = subject_texts(["Vår sida", "Public status API", " "])
    assert kind_of("vår  SIDA", also) is SourceKind.SUBJECT
    assert kind_of("Public status API", also) is SourceKind.API
    assert kind_of("", also) is SourceKind.UNKNOWN


def test_no_text_means_two_things():
    assert len(BY_TEXT) == len({text.casefold() for texts in KINDS.values() for text in texts})


@given(st.text(max_size=40))
def test_a_text_nobody_listed_is_never_the_person(text):
    if " ".join(text.split()).casefold() not in BY_TEXT:
        assert kind_of(text) is SourceKind.UNKNOWN
