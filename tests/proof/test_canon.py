"""The canonical bytes: what anyone's JSON library makes of them, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.consent.events import Basis
from connector.proof.canon import canon, decode

INTEGERS = st.integers(-(2**63), 2**64 - 1)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_it_is_what_the_standard_library_writes_with_sorted_keys_and_no_spaces(value):
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canon(value) == plain.encode()


@given(VALUES)
def test_reading_it_back_gives_the_value(value):
    assert decode(canon(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(1.0, id="float"),
        pytest.param({"a": [1, {"b": 0.5}]}, id="float inside"),
        pytest.param({1: "a"}, id="key that is no text"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param({1, 2}, id="set"),
        pytest.param(2**64, id="65 bits"),
        pytest.param("\ud800", id="half a character"),
    ],
)
def test_what_two_programs_could_spell_differently_is_refused(value):
    with pytest.raises(ValueError, match="spelling"):
        canon(value)


def test_our_words_are_written_as_their_text():
    assert canon({"basis": Basis.CONSENT}) == b'{"basis":"consent"}'


def test_what_is_no_json_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        decode(b"{")
