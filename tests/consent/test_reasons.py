"""Each row has its reason in both languages, a short sentence with its article."""

import re

import pytest

from connector.consent.reasons import REASONS, why
from connector.consent.table import ROWS


def test_every_row_has_a_reason():
    assert set(REASONS) == {row.number for row in ROWS} == set(range(1, 46))
    assert len({row.why for row in ROWS}) == 45


@pytest.mark.parametrize("number", range(1, 46))
@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_reason_is_one_sentence_with_its_article(number, language):
    text = why(number, language)
    assert 30 <= len(text) <= 130
    assert text[0].isupper() and text.endswith(").")
    assert re.search(r"\((art\.|Art\.|MFL|ePrivacy) ?\d+", text)


def test_a_language_that_we_do_not_speak_gets_english():
    assert why(9, "fi") == why(9, "en")


def test_a_number_outside_the_table_is_an_error():
    with pytest.raises(KeyError):
        why(46)
