"""The breaker counts what destroys or subscribes; nothing about a no is ever counted."""

import inspect

import pytest

from connector.consent import breaker
from connector.consent.breaker import Limits, erasures_allowed, read_is_plausible, subscribes_allowed

USUAL = Limits()


@pytest.mark.parametrize(
    ("register", "done", "wanted", "allowed"),
    [(10, 0, 3, True), (10, 3, 1, False), (10, 0, 4, False), (1_000, 9, 1, True), (1_000, 10, 1, False)],
)
def test_erasures_stop_above_three_or_one_percent(register, done, wanted, allowed):
    assert erasures_allowed(USUAL, register=register, in_window=done, wanted=wanted) is allowed


@pytest.mark.parametrize(
    ("register", "done", "wanted", "allowed"),
    [(10, 0, 20, True), (10, 20, 1, False), (5_000, 49, 1, True), (5_000, 50, 1, False)],
)
def test_subscribes_stop_above_twenty_or_one_percent(register, done, wanted, allowed):
    assert subscribes_allowed(USUAL, register=register, in_window=done, wanted=wanted) is allowed


@pytest.mark.parametrize(
    ("read", "vanished", "plausible"),
    [
        (1, 1, True),
        (100, 5, True),
        (100, 6, False),
        (10, 3, True),
        (10, 4, False),
        (1_000, 50, True),
        (0, 0, True),
    ],
)
def test_a_read_in_which_many_vanish_is_not_believed(read, vanished, plausible):
    assert read_is_plausible(USUAL, read=read, vanished=vanished) is plausible


def test_limits_of_nothing_stop_the_first_one():
    none = Limits(erasures=0, subscribes=0, share=0.0, vanished=0.01)
    assert not erasures_allowed(none, register=1_000, in_window=0)
    assert not subscribes_allowed(none, register=1_000, in_window=0)
    assert not read_is_plausible(none, read=10, vanished=1)


def test_no_question_of_the_breaker_is_about_a_no():
    names = [name for name, _ in inspect.getmembers(breaker, inspect.isfunction) if not name.startswith("_")]
    assert sorted(names) == ["dataclass", "erasures_allowed", "read_is_plausible", "subscribes_allowed"]
