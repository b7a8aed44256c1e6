"""Findings from night to night: every one is counted, none is counted twice, nobody can be read from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.report.discrepancies import (
    KIND_OF_ROW,
    URGENCY,
    Before,
    Discrepancy,
    Found,
    Kind,
    compare,
    found,
    masked_only,
)
from connector.report.languages import WORDS
from tests.report.examples import CLAIMS, LATE, MISSING, NOW, RESUBSCRIBED, REVIEW, finding

KINDS = st.sampled_from(list(Kind))
FINDINGS = st.builds(
    finding,
    KINDS,
    st.integers(1, 30),
    hours=st.integers(0, 500),
    purpose=st.sampled_from(["newsletter", "*", ""]),
)


def kept(items):
    return {str(group.kind): group.kept() for group in compare(found(items), {}, None)}


@pytest.mark.parametrize(
    ("today", "yesterday", "new", "unchanged", "resolved"),
    [
        pytest.param([], [], 0, 0, 0, id="two quiet nights"),
        pytest.param([LATE], [], 1, 0, 0, id="new"),
        pytest.param([LATE], [LATE], 0, 1, 0, id="unchanged"),
        pytest.param([], [LATE], 0, 0, 1, id="resolved"),
        pytest.param([CLAIMS[0], CLAIMS[1]], [CLAIMS[1], CLAIMS[2]], 1, 1, 1, id="one of each"),
        pytest.param([LATE], [RESUBSCRIBED], 1, 0, 1, id="another kind is another discrepancy"),
        pytest.param([LATE, LATE], [LATE], 0, 1, 0, id="a double is one"),
        pytest.param(
            [finding(Kind.MISSING_IN_HUBSPOT, 900, hours=1, purpose="")],
            [MISSING],
            0,
            1,
            0,
            id="a later time is the same one",
        ),
    ],
)
def test_each_discrepancy_is_new_unchanged_or_resolved(today, yesterday, new, unchanged, resolved):
    groups = compare(found(today), kept(yesterday), NOW)
    assert sum(group.new for group in groups) == new
    assert sum(group.unchanged for group in groups) == unchanged
    assert sum(group.resolved for group in groups) == resolved


@given(st.lists(FINDINGS), st.lists(FINDINGS))
def test_new_and_unchanged_make_the_count_and_unchanged_and_resolved_make_yesterdays(today, yesterday):
    before = kept(yesterday)
    groups = {str(group.kind): group for group in compare(found(today), before, NOW)}
    keys = {item.key for item in today}
    assert sum(group.count for group in groups.values()) == len(keys)
    for kind in {*groups, *before}:
        group = groups[kind]
        assert group.new + group.unchanged == group.count == len(group.items)
        assert group.unchanged + group.resolved == before.get(kind, Before(count=0)).count
        assert sum(item.new for item in group.items) == group.new


@given(st.lists(FINDINGS), st.randoms())
def test_the_order_of_findings_never_matters(items, random):
    shuffled = items[:]
    random.shuffle(shuffled)
    assert [(each.kind, each.count, each.oldest) for each in found(items)] == [
        (each.kind, each.count, each.oldest) for each in found(shuffled)
    ]


@given(st.integers(11, 10**6), st.integers(0, 10**6), st.one_of(st.none(), st.integers(0, 10**6)))
def test_too_many_to_keep_are_still_all_counted(count, before, since_last):
    items = tuple(finding(Kind.STATUS_WITHOUT_EVIDENCE, each, hours=1 + each) for each in range(10))
    today = Found(
        kind=Kind.STATUS_WITHOUT_EVIDENCE, count=count, oldest=0, items=items, since_last=since_last
    )
    (group,) = compare([today], {"status_without_evidence": Before(count=before)}, NOW - 10)
    assert group.new + group.unchanged == count
    assert group.new >= count - before
    assert group.resolved == before - group.unchanged
    assert group.resolved >= 0


def test_the_oldest_is_the_earliest_of_all():
    (group,) = compare(found(CLAIMS), {}, None)
    assert group.oldest == min(item.since for item in CLAIMS)


def test_new_ones_come_first_then_the_oldest():
    (group,) = compare(found(CLAIMS[:4]), kept(CLAIMS[1:3]), NOW)
    assert [item.key for item in group.items] == [CLAIMS[each].key for each in (3, 0, 2, 1)]


def test_the_worst_kind_comes_first():
    groups = compare(found([MISSING, CLAIMS[0], REVIEW, LATE, RESUBSCRIBED]), {}, None)
    assert [group.kind.urgency for group in groups] == sorted(group.kind.urgency for group in groups)
    assert groups[0].kind is Kind.RESUBSCRIBED_AGAINST_NO


def test_every_kind_has_an_urgency_and_words_in_both_languages():
    assert set(URGENCY) == set(Kind)
    for words in WORDS.values():
        assert set(words.kinds) == set(Kind)
        for said in words.kinds.values():
            assert said.command.startswith("consent-mirror ")
            assert said.means.endswith(".") and said.do.endswith(".")
            assert "." not in said.means[:-1].replace("Art. ", "")  # one sentence


def test_both_languages_say_the_same_things():
    swedish, english = WORDS["sv"], WORDS["en"]
    assert set(swedish.texts) == set(english.texts)
    assert set(swedish.states) == set(english.states)
    assert set(swedish.bases) == set(english.bases)
    for kind in Kind:
        assert swedish.kinds[kind].command.split()[:3] == english.kinds[kind].command.split()[:3]


def test_every_kind_of_a_table_row_is_known():
    assert {KIND_OF_ROW[row] for row in (14, 15, 16, 18, 41, 43)} == {Kind.RESUBSCRIBED_AGAINST_NO}


@pytest.mark.parametrize(
    "text", ["anna@exempel.se", "anna@e•••.se", "a•••@exempel.se", "anna", "a•••@e•••.se, bo@x.se"]
)
def test_what_is_not_masked_never_gets_in(text):
    made = Discrepancy(kind=Kind.UNKNOWN_VALUE, since=0, address=text)
    assert made.address == "•••"


@pytest.mark.parametrize("text", ["", "•••", "a•••@e•••.se", "ö•••@å•••.example"])
def test_what_is_masked_stays(text):
    assert masked_only(text) == text


@given(st.text())
def test_no_reference_carries_an_address_or_a_sentence(text):
    made = Discrepancy(kind=Kind.UNKNOWN_VALUE, since=0, reference=text)
    assert "@" not in made.reference
    assert " " not in made.reference
    assert len(made.reference) <= 80


def test_what_is_stored_for_tomorrow_names_nobody():
    stored = str(kept([LATE, REVIEW, *CLAIMS]))
    assert LATE.subject_ref not in stored
    assert "•••" not in stored
    assert "51000" not in stored
