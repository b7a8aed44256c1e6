"""The figures and the document of `report --json`."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.report.figures import HOUR_MS, Coverage, Pending, Report, iso, latency
from tests.report.examples import NOW, report


@pytest.mark.parametrize(
    ("waits", "p50", "p95", "over"),
    [
        pytest.param([], None, None, 0, id="none confirmed"),
        pytest.param([700], 700, 700, 0, id="one"),
        pytest.param([10, 20, 30, 40], 20, 40, 0, id="the rank rounds up"),
        pytest.param(list(range(1, 101)), 50, 95, 0, id="a hundred"),
        pytest.param([HOUR_MS - 1, HOUR_MS], HOUR_MS - 1, HOUR_MS, 1, id="an hour is over"),
    ],
)
def test_latency_is_the_nearest_rank(waits, p50, p95, over):
    made = latency(waits)
    assert (made.count, made.p50, made.p95, made.over_1_h) == (len(waits), p50, p95, over)


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_at_least_the_share_lies_within_a_percentile(waits):
    made = latency(waits)
    assert sum(each <= made.p95 for each in waits) >= 0.95 * len(waits)
    assert sum(each <= made.p50 for each in waits) >= 0.5 * len(waits)


@pytest.mark.parametrize(
    ("oldest_no", "late"),
    [(None, False), (NOW, False), (NOW - HOUR_MS + 1, False), (NOW - HOUR_MS, True)],
    ids=["nothing waits", "just queued", "not yet an hour", "an hour"],
)
def test_a_no_that_waits_an_hour_is_an_alarm(oldest_no, late):
    pending = Pending(count=1, noes=1, oldest=NOW - 9 * HOUR_MS, oldest_no=oldest_no)
    assert pending.late(NOW) is late


def test_nothing_to_read_is_all_read():
    assert Coverage(purpose="p", read=0, total=0).share == 1.0


def test_times_are_spelled_as_the_contract_spells_them():
    assert iso(NOW + 999) == "2026-11-24T05:00:00Z"
    assert iso(None) is None


def test_the_document_has_the_keys_of_the_contract():
    document = report().document()
    assert {"date", "discrepancies", "pending", "pushed", "erased"} <= set(document)
    first = document["discrepancies"][0]
    assert first["kind"] == "resubscribed_against_no"
    assert {"kind", "count", "oldest", "items"} <= set(first)
    assert (
        first["items"][0]["what_to_do"] == "consent-mirror log show --subject " + first["items"][0]["subject"]
    )
    assert document["pending"] == {"count": 3, "noes": 2, "oldest": "2026-11-24T03:00:00Z", "late": True}


def test_the_document_is_json():
    document = report().document()
    assert msgspec.json.decode(msgspec.json.encode(document)) == document


def test_a_report_survives_being_stored():
    made = report().without_people()
    assert msgspec.json.decode(msgspec.json.encode(made), type=Report) == made


def test_what_is_stored_names_nobody():
    stored = msgspec.json.encode(report().without_people()).decode()
    assert "•••" not in stored
    assert "51000" not in stored
    assert "0000000047" not in stored


def test_commands_name_the_portal_where_there_are_several():
    item = report(several_portals=True).document()["discrepancies"][0]["items"][0]
    assert item["what_to_do"].endswith(" --portal main")
