"""What the dashboard's forms do: the same as the commands, with the same entries and refusals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.acts.breakers import KIND as BREAKER
from connector.acts.exports import FileKind, Wanted, write
from connector.consent.events import EventType, Source
from tests.web.office import AT, Office, ask, office, post
from tests.world import ANNA, BO, CARIN, HOUR


@pytest.fixture(name="o")
def _o(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def place(o: Office, address: str = ANNA) -> str:
    found = o.w.person(address)
    assert found is not None
    return f"{AT}/people/{found.ref}"


def test_a_search_finds_by_address_and_the_address_is_in_no_url(o: Office) -> None:
    answer = post(o.signed_in("olle"), f"{AT}/search", address=" ANNA@Example.org ")
    assert answer.headers["location"] == place(o)
    assert "anna" not in answer.headers["location"].casefold()


@pytest.mark.parametrize(("typed", "status"), [("nobody@example.org", 200), ("no address", 400)])
def test_a_stranger_leaves_nothing(o: Office, typed: str, status: int) -> None:
    with o.w.mirror.read(o.w.desk.portal) as work:
        before = work.log.size()
    answer = post(o.signed_in("olle"), f"{AT}/search", address=typed)
    assert answer.status_code == status
    with o.w.mirror.read(o.w.desk.portal) as work:
        assert work.log.size() == before


def test_each_look_is_an_entry_with_the_users_name_and_the_door(o: Office) -> None:
    client = o.signed_in("olle")
    post(client, f"{AT}/search", address=ANNA)
    client.get(place(o))
    client.get(f"{place(o)}/receipt")
    seen = [event for event in o.w.log(ANNA) if event.type is EventType.ACCESSED]
    assert [event.detail["command"] for event in seen] == ["search", "page", "receipt"]
    assert {(event.actor, event.source) for event in seen} == {("staff:olle", Source.DASHBOARD)}


def test_a_look_by_the_requests_page_came_by_the_dashboard_too(o: Office) -> None:
    assert o.signed_in("dora").get(f"{AT}/requests/1").status_code == 200
    look = next(event for event in reversed(o.w.log(ANNA)) if event.type is EventType.ACCESSED)
    assert (look.detail["command"], look.actor, look.source) == ("request", "staff:dora", Source.DASHBOARD)


def test_whatever_staff_does_here_came_by_the_dashboard(o: Office) -> None:
    client, before = o.signed_in("dora"), len(o.w.log(ANNA))
    post(client, f"{place(o)}/hold", place(o), reason="a claim")
    post(client, f"{place(o)}/restrict", place(o), reason="doubt")
    post(client, f"{place(o)}/unrestrict", place(o))
    post(client, f"{AT}/requests/1", act="refused", reason="none of theirs")
    said = [event for event in o.w.log(ANNA)[before:] if event.actor == "staff:dora"]
    assert {EventType.HOLD, EventType.RESTRICT, EventType.UNRESTRICT, EventType.RIGHT_SETTLED} <= {
        event.type for event in said
    }
    assert {event.source for event in said} == {Source.DASHBOARD}


def test_a_no_is_recorded_pushed_and_read_back(o: Office) -> None:
    answer = post(o.signed_in("olle"), f"{place(o)}/withdraw", place(o), purpose="newsletter", own="yes")
    assert answer.headers["location"].endswith("done=withdrawn")
    assert (o.w.state(ANNA), o.w.hubspot(ANNA, 101)) == ("WITHDRAWN", "UNSUBSCRIBED")
    event = next(each for each in reversed(o.w.log(ANNA)) if each.is_no)
    assert (event.actor, event.source) == ("subject", Source.DASHBOARD)


def test_a_restriction_and_its_end_and_a_hold(o: Office) -> None:
    client, here = o.signed_in("dora"), place(o)
    post(client, f"{here}/restrict", here, reason="disputes a purchase")
    assert "Processing is restricted" in client.get(here).text
    assert not o.w.may_send(ANNA)
    post(client, f"{here}/unrestrict", here)
    assert o.w.types(ANNA)[-2] == EventType.UNRESTRICT or EventType.UNRESTRICT in o.w.types(ANNA)
    assert post(client, f"{here}/hold", here, reason="").status_code == 400
    post(client, f"{here}/hold", here, reason="case T 123-26")
    assert "legal claim" in client.get(f"{here}/erase").text
    post(client, f"{here}/hold", here, reason="settled", end="yes")
    assert o.w.types(ANNA).count(EventType.HOLD_REMOVED) == 1


def test_an_erasure_is_a_dry_run_until_the_box_is_ticked(o: Office) -> None:
    client, here = o.signed_in("dora"), place(o)
    answer = post(client, f"{here}/erase", reason="asked by letter")
    assert answer.status_code == 200
    assert o.w.person(ANNA) is not None
    answer = post(client, f"{here}/erase", reason="asked by letter", sure="yes")
    assert answer.status_code == 303
    assert o.w.person(ANNA) is None
    page = client.get(here)
    assert "The person&#39;s data is erased" in page.text
    assert ANNA not in page.text
    assert client.get(f"{here}/receipt").status_code == 404
    assert "blocked after an erasure" in post(client, f"{AT}/search", address=ANNA).text


def test_an_interrupted_import_is_finished_before_somebody_is_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it still holds of the person would outlive them; the command does the same."""
    finished: list[bool] = []
    monkeypatch.setattr("jobs.lending.roll_forward", lambda settings, desk: finished.append(True))
    with office(tmp_path) as o:
        client, here = o.signed_in("dora"), place(o)
        post(client, f"{here}/erase", reason="asked by letter")
        assert finished == []
        post(client, f"{here}/erase", reason="asked by letter", sure="yes")
        assert finished == [True]


def test_a_review_is_decided_with_a_reason_and_only_once(o: Office) -> None:
    client, number = o.signed_in("dora"), o.w.reviews()[0].id
    here = f"{AT}/reviews/{number}"
    assert post(client, here, answer="reject").status_code == 400
    assert post(client, here, answer="maybe", reason="x").status_code == 400
    assert post(client, here, answer="reject", reason="spoke with Bo").status_code == 303
    assert o.w.reviews() == []
    assert "Decided" in client.get(here).text
    decided = next(event for event in o.w.log(BO) if event.type is EventType.REVIEW_DECIDED)
    assert decided.actor == "staff:dora"


def test_what_needs_two_people_waits_for_the_second(o: Office) -> None:
    number = ask(o.w, None, BREAKER)
    here = f"{AT}/reviews/{number}"
    first, second = o.signed_in("dora"), o.signed_in("eva")
    done = post(first, here, answer="approve", reason="looked at it")
    assert done.headers["location"].endswith("done=decided_waits")
    again = post(first, here, answer="approve", reason="once more")
    assert again.headers["location"].endswith("done=decided_waits")
    assert number in {each.id for each in o.w.reviews()}
    post(second, here, answer="approve", reason="agreed")
    assert number not in {each.id for each in o.w.reviews()}


def test_a_no_is_annulled_by_two_and_only_where_it_is(o: Office) -> None:
    event = next(each for each in o.w.log(CARIN) if each.is_no)
    first, second, here = o.signed_in("dora"), o.signed_in("eva"), place(o, CARIN)
    fields = {"event": event.id, "reason": "wrong Carin"}
    assert post(first, f"{place(o)}/annul", place(o), **fields).status_code == 404
    post(first, f"{here}/annul", here, **fields)
    assert o.w.state(CARIN) == "WITHDRAWN"
    done = post(second, f"{here}/annul", here, **fields)
    assert done.headers["location"].endswith("done=annulled")
    assert EventType.ANNUL in o.w.types(CARIN)


def test_a_request_is_taken_extended_and_settled_with_a_reason(o: Office) -> None:
    client, here = o.signed_in("dora"), f"{AT}/requests/1"
    assert ANNA not in client.get(f"{AT}/requests").text
    assert "Send it by letter" in client.get(here).text
    assert post(client, here, act="take").status_code == 303
    assert post(client, here, act="extend").status_code == 400
    assert post(client, here, act="extend", reason="many systems").status_code == 303
    assert post(client, here, act="refused").status_code == 400
    assert post(client, here, act="refused", reason="asked twice a week").status_code == 303
    told = client.get(here).text
    assert "refused" in told
    assert "Send it by letter" not in told
    assert [event.detail["command"] for event in o.w.log(ANNA) if event.type is EventType.ACCESSED]


def test_the_log_is_verified_at_the_press_of_a_button(o: Office) -> None:
    answer = post(o.signed_in("olle"), f"{AT}/log", payloads="yes")
    assert "The log is what it was." in answer.text
    with o.w.mirror.read(o.w.desk.portal) as work:
        assert work.meta.get("verified")["ok"] == 1


def test_a_file_is_destroyed_only_if_it_is_the_one_that_was_written(o: Office) -> None:
    for name in ("one.csv", "two.csv"):
        wanted = Wanted(path=o.w.folder / name, kind=FileKind.AUDIENCE, by="staff:olle")
        write(o.w.desk, wanted, b"address\n")
    (o.w.folder / "two.csv").write_bytes(b"something else")
    client = o.signed_in("dora")
    assert post(client, f"{AT}/exports/1", f"{AT}/exports").status_code == 303
    assert not (o.w.folder / "one.csv").exists()
    assert post(client, f"{AT}/exports/2", f"{AT}/exports").status_code == 409
    assert (o.w.folder / "two.csv").exists()


def test_a_viewer_sees_counts_and_nobody(o: Office) -> None:
    client = o.signed_in("vera")
    for path in ("", "/discrepancies", "/pushes", "/runs", "/wordings"):
        text = client.get(AT + path).text
        assert "@example.org" not in text
        assert "e•••" not in text
        assert "/people/" not in text


def test_a_person_of_another_portal_is_nobody_here(o: Office) -> None:
    """The same reference, asked for at a desk of another portal (ASVS 5.0, 8.4.1)."""
    client = o.signed_in("adam")
    for path in ("", "/receipt", "/erase"):
        strange = f"{AT}/people/{'0' * 32}{path}"
        assert client.get(strange).status_code == 404
    assert client.get(f"{AT}/reviews/999").status_code == 404
    assert post(client, f"{AT}/people/{'0' * 32}/withdraw", AT).status_code == 404


@pytest.mark.sqlite
def test_a_locked_database_is_told_and_nothing_is_half_done(o: Office) -> None:
    import sqlite3

    client, here = o.signed_in("olle"), place(o)
    page = client.get(here)
    assert page.status_code == 200
    before = o.w.types(ANNA)
    other = sqlite3.connect(o.w.folder / "mirror.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = post(client, f"{here}/withdraw", f"{AT}/search", purpose="newsletter")
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert answer.status_code == 503
    assert [each for each in o.w.types(ANNA) if each != EventType.ACCESSED] == [
        each for each in before if each != EventType.ACCESSED
    ]


def test_a_users_language_is_remembered(o: Office) -> None:
    client = o.signed_in("vera", "en")
    assert '<html lang="sv">' in client.get(f"{AT}/runs?lang=sv").text
    o.w.wait(HOUR // 60)
    assert '<html lang="sv">' in client.get(AT).text
