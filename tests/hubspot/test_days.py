"""HubSpot's times: one converter, and no guessing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.hubspot.days import LATEST_MS, iso, milliseconds, seconds_to_midnight

NOON = 1_790_000_000_000


@pytest.mark.parametrize(
    ("value", "at"),
    [
        pytest.param("2026-09-21T14:13:20Z", NOON, id="ISO"),
        pytest.param("2026-09-21T14:13:20.000Z", NOON, id="ISO with milliseconds"),
        pytest.param("2026-09-21T16:13:20+02:00", NOON, id="ISO in another zone"),
        pytest.param("1790000000000", NOON, id="epoch milliseconds as text"),
        pytest.param(NOON, NOON, id="epoch milliseconds"),
        pytest.param("2026-09-21T14:13:20", None, id="no zone"),
        pytest.param("2026-09-21", None, id="only a date"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
        pytest.param("yesterday", None, id="words"),
        pytest.param(0, None, id="zero"),
        pytest.param("0", None, id="zero as text"),
        pytest.param(-5, None, id="before the epoch"),
        pytest.param(True, None, id="a flag"),
        pytest.param("9" * 40, None, id="too many digits"),
        pytest.param(LATEST_MS + 1, None, id="after the year 9999"),
        pytest.param("1969-12-31T23:59:59Z", None, id="ISO before the epoch"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param({"a": 1}, None, id="a structure"),
    ],
)
def test_a_time_is_milliseconds_or_nothing(value: object, at: int | None) -> None:
    assert milliseconds(value) == at


@given(st.integers(1, LATEST_MS))
def test_iso_comes_back_as_it_went(at: int) -> None:
    assert milliseconds(iso(at)) == at


@given(st.text())
def test_no_text_breaks_the_converter(value: str) -> None:
    milliseconds(value)


@pytest.mark.parametrize(
    ("zone", "seconds"),
    [
        pytest.param("UTC", 35_200, id="UTC"),
        pytest.param("Europe/Stockholm", 28_000, id="two hours ahead"),
        pytest.param("America/New_York", 49_600, id="four hours behind"),
        pytest.param(None, 3_600, id="not known yet"),
        pytest.param("Nowhere/Land", 3_600, id="no such zone"),
        pytest.param("../etc/passwd", 3_600, id="no zone at all"),
    ],
)
def test_the_day_ends_at_the_portals_midnight(zone: str | None, seconds: float) -> None:
    assert seconds_to_midnight(NOON, zone) == seconds
