"""Switches: each is tried by a test, a wrong one is named, all can be set while the portal runs."""

from dataclasses import fields
from pathlib import Path

import pytest

from connector.sandbox import Options
from tests.sandbox.conftest import Portal

TESTS = "".join(
    file.read_text() for file in Path(__file__).parent.glob("test_*.py") if file != Path(__file__)
)


@pytest.mark.parametrize("name", [field.name for field in fields(Options)])
def test_every_switch_is_tried_by_a_test(name: str) -> None:
    assert name in TESTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gravity", 1),
        ("latency_ms", "x"),
        ("limits", 1),
        ("unseen_address", "maybe"),
        ("required_properties", "email"),
    ],
)
def test_a_wrong_switch_is_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Options().changed(**{name: value})


def test_a_running_portal_can_be_switched(portal: Portal) -> None:
    portal.create(email="new@example.com")
    assert len(portal.statuses("new@example.com")) == 4
    answer = portal.sandbox.machine.options(untouched_rows=False, required_properties=["lastname"])
    assert (answer["untouched_rows"], answer["required_properties"]) == (False, ("lastname",))
    assert portal.statuses("new@example.com") == {}
