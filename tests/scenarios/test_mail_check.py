"""Mail without consent: found from HubSpot's own record of what it sent, told with the mail's name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.consent.events import EventType
from connector.sandbox.options import Tier
from connector.store.mailed import MailedRow
from jobs.watch import check_mails
from tests.world import ANNA, BO, CARIN, DAVID, DAY, HOUR, NEWSLETTER, OFFERS, World, world


def nothing() -> None:
    """No beat is needed."""


@pytest.fixture(params=[Tier.PROFESSIONAL, Tier.STARTER], ids=["events", "properties only"])
def w(request: Any, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO, CARIN, DAVID), tier=request.param) as made:
        made.begin()
        made.grant(ANNA)
        made.wait()
        yield made


def found(made: World) -> list[MailedRow]:
    check_mails(made.desk, nothing)
    with made.mirror.read(made.desk.portal) as work:
        return work.mailed.since(0, 100)


def who(made: World, row: MailedRow) -> str:
    return next(a for a in made.contact_ids if (p := made.person(a)) is not None and p.id == row.person_id)


def told(made: World) -> dict[str, list[dict[str, Any]]]:
    report = made.cli("report", "--json").json
    return {
        each["kind"]: each["items"] for each in report["discrepancies"] if each["kind"].startswith("mailed_")
    }


def test_a_lawful_mail_is_no_finding(w: World) -> None:
    w.sandbox.office.mail("Juni", [ANNA], NEWSLETTER)
    assert found(w) == []


def test_a_mail_after_a_no_is_a_discrepancy_with_its_name(w: World) -> None:
    w.withdraw(ANNA)
    w.wait()
    w.sandbox.office.mail("Juni: nyheter åt alla", [ANNA], NEWSLETTER, against_a_no=True)
    (row,) = found(w)
    assert (who(w, row), str(row.reason), row.name) == (ANNA, "after_no", "Juni: nyheter åt alla")
    items = told(w)["mailed_after_no"]
    assert [each["reference"] for each in items] == ["Juni: nyheter åt alla"]
    text = w.cli("report").out
    assert "Mailed after a no" in text
    assert "Juni: nyheter åt alla" in text
    assert ANNA not in text


def test_a_mail_that_left_before_the_no_is_none(w: World) -> None:
    w.sandbox.office.mail("Juni", [ANNA], NEWSLETTER)
    w.wait()
    w.withdraw(ANNA)
    assert found(w) == []


def test_a_no_that_only_the_mirror_knows_counts(w: World) -> None:
    """The person rang; HubSpot was down and mailed on."""
    w.sandbox.machine.fault(effect="status", status=503, path="*/communication-preferences/*", name="down")
    w.withdraw(ANNA, "newsletter")
    w.wait()
    w.sandbox.office.mail("Juni", [ANNA], NEWSLETTER)
    w.sandbox.machine.clear_faults()
    (row,) = found(w)
    asked = "*" if w.sandbox.engine.rooms.access.tier is Tier.STARTER else "newsletter"
    assert (row.purpose, str(row.reason)) == (asked, "after_no")


def test_a_mail_for_a_purpose_that_nobody_gave(w: World) -> None:
    w.sandbox.office.mail("Rea", [BO], OFFERS)
    (row,) = found(w)
    assert (who(w, row), str(row.reason)) == (BO, "not_given")
    assert row.purpose == ("*" if w.sandbox.engine.rooms.access.tier is Tier.STARTER else "offers")
    assert list(told(w)) == ["mailed_without_consent"]


def test_a_claim_is_not_told_twice(w: World) -> None:
    w.add(CARIN, EventType.CLAIM, t_lo=w.now, t_hi=w.now)
    w.sandbox.office.mail("Juni", [CARIN], NEWSLETTER)
    assert found(w) == []
    assert w.state(CARIN) == "CLAIMED"


def test_the_check_goes_on_from_where_it_was_and_finds_nothing_twice(w: World) -> None:
    w.sandbox.office.mail("Rea", [BO], OFFERS)
    assert len(found(w)) == 1
    w.wait(12 * HOUR)
    assert check_mails(w.desk, nothing)["mails_wrong"] == 0, (
        "read again, for search lags, and not found again"
    )
    w.wait(12 * HOUR)
    assert check_mails(w.desk, nothing)["mails"] == 0
    w.sandbox.office.mail("Rea 2", [BO], OFFERS)
    assert [row.name for row in found(w)] == ["Rea 2"], "the last one stands for the person and purpose"


def test_a_quiet_night_costs_a_handful_of_calls(w: World) -> None:
    check_mails(w.desk, nothing)
    w.wait(DAY)
    before = w.desk.hubspot.calls_made
    check_mails(w.desk, nothing)
    assert w.desk.hubspot.calls_made - before <= 3


def test_a_finding_is_told_for_thirty_days_and_then_dropped(w: World) -> None:
    w.sandbox.office.mail("Rea", [BO], OFFERS)
    assert len(found(w)) == 1
    w.wait(31 * DAY)
    assert told(w) == {}
    w.wait(31 * DAY)
    assert found(w) == []


def test_who_is_erased_takes_the_findings_along(w: World) -> None:
    w.sandbox.office.mail("Rea", [BO], OFFERS)
    assert len(found(w)) == 1
    assert w.cli("erase", BO, "--confirm").code == 0
    with w.mirror.read(w.desk.portal) as work:
        assert work.mailed.since(0, 100) == []
    assert found(w) == [], "nobody who was erased gets a row again"


def test_a_name_that_could_name_somebody_is_not_shown(w: World) -> None:
    w.sandbox.office.mail(f"Hej {BO}", [BO], OFFERS)
    found(w)
    out = w.cli("report", "--json").out
    assert BO not in out
    assert told(w)["mailed_without_consent"][0]["reference"] == "•••"


def test_every_mail_is_seen_where_the_events_are_shown_and_not_only_the_last(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as made:
        made.begin()
        made.grant(ANNA)
        made.wait()
        made.sandbox.office.mail("Rea", [ANNA], OFFERS)
        made.wait()
        made.sandbox.office.mail("Juni", [ANNA], NEWSLETTER)
        assert [(row.purpose, row.name) for row in found(made)] == [("offers", "Rea")]
