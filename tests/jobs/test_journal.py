"""The pull journal over HTTP: a change becomes a hint and is read again; nothing is skipped."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.acts.tally import Tally
from connector.errors import ConnectorError, HubSpotBusy
from connector.sandbox import face_journal
from connector.sandbox.engine import Delivery
from connector.sandbox.face_journal import FILES
from connector.sandbox.journal import Entry
from connector.sandbox.replies import Reply, json_reply
from connector.store.due import DueRow, DueTable
from connector.store.hints import HintKind
from connector.store.keyed import Keyed
from jobs.hints import look_again
from jobs.journal import CURSOR, read_journal
from jobs.tick import JOBS
from tests.world import ANNA, BO, CARIN, DAY, HOUR, World, world

PORTAL = 'journal_client_id = "app-1"\njournal_client_secret_env = "JOURNAL_TEST_SECRET"\n'


@pytest.fixture
def w(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("JOURNAL_TEST_SECRET", "s" * 36)
    with world(tmp_path, portal=PORTAL, contacts=(ANNA, BO)) as made:
        made.begin()
        read_journal(made.desk)
        look_again(made.desk, Tally())
        sweep_done(made)
        yield made


def sweep_done(w: World) -> None:
    """The sweep that the beginning asked for is done."""
    with w.mirror.write(w.desk.portal) as work:
        work.due.put(DueRow(job="sweep", next_at=w.now + DAY, done_at=w.now))


def sweep_asked(w: World) -> bool:
    with w.mirror.read(w.desk.portal) as work:
        row = work.due.get("sweep")
    return row is not None and row.asked


def hints(w: World) -> dict[int, str]:
    with w.mirror.read(w.desk.portal) as work:
        return {each.contact_id: str(each.kind) for each in work.hints.due(w.now, 100)}


def place(w: World) -> Any:
    with w.mirror.read(w.desk.portal) as work:
        return work.cursors.get(CURSOR)


def change(w: World, address: str) -> None:
    w.sandbox.colleague.edit(w.contact_ids[address], {"firstname": f"At {w.now}"})


def asked(w: World, route: str) -> list[Any]:
    return [each for each in w.sandbox.machine.requests(0) if route in each["route"]]


def test_the_first_reading_begins_at_the_newest_and_asks_for_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_TEST_SECRET", "s" * 36)
    with world(tmp_path, portal=PORTAL, contacts=(ANNA, BO)) as made:
        made.begin()
        assert read_journal(made.desk) == 1
        assert sweep_asked(made)
        assert hints(made) == {made.contact_ids[BO]: "changed"}


def test_a_change_is_heard_of_and_read_again_within_one_turn(w: World) -> None:
    carin = w.create(CARIN)
    change(w, ANNA)
    JOBS["journal"](w.settings, w.desk, lambda: None)
    assert hints(w) == {carin: "changed", w.contact_ids[ANNA]: "changed"}
    JOBS["hints"](w.settings, w.desk, lambda: None)
    assert w.person(CARIN) is not None
    assert hints(w) == {}
    assert not sweep_asked(w)
    assert read_journal(w.desk) == 0


def test_a_privacy_deletion_is_told_as_one(w: World) -> None:
    w.sandbox.colleague.privacy_delete(w.contact_ids[ANNA])
    read_journal(w.desk)
    assert hints(w) == {w.contact_ids[ANNA]: str(HintKind.ERASED)}
    JOBS["hints"](w.settings, w.desk, lambda: None)
    assert hints(w) == {}
    assert not w.may_send(ANNA)


@pytest.mark.parametrize("aged", ["not_found", "bad_request", "silent"])
def test_a_place_that_is_gone_is_a_gap_and_asks_for_a_sweep(w: World, aged: str) -> None:
    change(w, ANNA)
    w.wait(3 * DAY + HOUR)
    change(w, BO)
    w.sandbox.machine.options(journal_aged=aged)
    read_journal(w.desk)
    assert sweep_asked(w)
    assert hints(w) == {w.contact_ids[BO]: "changed"}
    sweep_done(w)
    assert read_journal(w.desk) == 0
    assert not sweep_asked(w)


def test_a_foreign_portals_event_is_dropped(w: World) -> None:
    journal = w.sandbox.engine.rooms.portal.journal
    journal.add(w.now, "GDPR_DELETE", w.contact_ids[ANNA], portal=w.desk.portal + 1)
    before = place(w)
    assert read_journal(w.desk) == 1
    assert place(w) != before
    assert hints(w) == {}


def test_no_token_reaches_the_place_of_the_files(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, dict[str, str]]] = []
    answer = w.sandbox.engine.answer

    def listening(call: Any) -> Any:
        seen.append((call.raw_path, dict(call.headers)))
        return answer(call)

    monkeypatch.setattr(w.sandbox.engine, "answer", listening)
    change(w, ANNA)
    assert read_journal(w.desk) == 1
    files = [headers for path, headers in seen if path.startswith(FILES)]
    assert len(files) == 1
    assert not {"authorization", "cookie"} & files[0].keys()
    others = [headers for path, headers in seen if path.startswith("/webhooks-journal")]
    assert others
    assert all("authorization" in headers for headers in others)


def test_the_token_is_renewed_by_its_end_and_once_when_refused(w: World) -> None:
    assert len(asked(w, "/oauth/")) == 1
    w.wait(1_700_000)
    read_journal(w.desk)
    assert len(asked(w, "/oauth/")) == 1
    w.wait(100_000)
    read_journal(w.desk)
    assert len(asked(w, "/oauth/")) == 2
    w.sandbox.machine.rotate_token("app-1")
    change(w, ANNA)
    assert read_journal(w.desk) == 1
    assert len(asked(w, "/oauth/")) == 3


def test_a_crash_between_hints_and_place_keeps_neither(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = place(w)
    change(w, ANNA)
    with monkeypatch.context() as broken:
        broken.setattr(Keyed, "put", _crash)
        with pytest.raises(ZeroDivisionError):
            read_journal(w.desk)
    assert (hints(w), place(w)) == ({}, before)
    w.wait(3 * DAY + HOUR)
    with monkeypatch.context() as broken:
        broken.setattr(DueTable, "ask", _crash)
        with pytest.raises(ZeroDivisionError):
            read_journal(w.desk)
    assert place(w) == before
    read_journal(w.desk)
    assert sweep_asked(w)


def _crash(*_: object) -> None:
    raise ZeroDivisionError


def test_a_wait_that_hubspot_asks_for_is_kept(w: World) -> None:
    change(w, ANNA)
    w.sandbox.machine.fault(effect="status", status=429, path="/webhooks-journal/*", count=1, retry_after=40)
    with pytest.raises(HubSpotBusy):
        read_journal(w.desk)
    calls = len(asked(w, "/webhooks-journal/"))
    with pytest.raises(HubSpotBusy):
        read_journal(w.desk)
    assert len(asked(w, "/webhooks-journal/")) == calls
    w.wait(41_000)
    assert read_journal(w.desk) == 1


@pytest.mark.parametrize(
    "url",
    ["http://files.example/1", "ftp://127.0.0.1/1", "https://u:p@files.example/1", "http://10.0.0.1/x", ""],
)
def test_a_file_is_fetched_over_https_only(w: World, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change(w, ANNA)
    before = place(w)
    answer = json_reply({"url": url, "expiresAt": "", "currentOffset": "99"})
    monkeypatch.setattr(face_journal, "_place", lambda *_: answer)
    with pytest.raises(ConnectorError, match="file_url_not_https"):
        read_journal(w.desk)
    assert place(w) == before


def test_without_settings_nothing_is_asked(w: World) -> None:
    calls = len(w.sandbox.machine.requests(0))
    assert read_journal(replace(w.desk, journal=None)) == 0
    assert len(w.sandbox.machine.requests(0)) == calls


@pytest.mark.parametrize("action", ["archive", "restore", "merge"])
def test_other_news_of_a_record_is_a_hint_too(w: World, action: str) -> None:
    colleague, anna, bo = w.sandbox.colleague, w.contact_ids[ANNA], w.contact_ids[BO]
    if action == "merge":
        colleague.merge(anna, bo)
    else:
        colleague.archive(anna)
    if action == "restore":
        colleague.restore(anna)
    read_journal(w.desk)
    expected = {anna, bo} if action == "merge" else {anna}
    assert hints(w) == dict.fromkeys(expected, "changed")


@pytest.mark.parametrize("body", [b"<html>", b'{"journalEvents": 1}', b'{"journalEvents": [{"action": 1}]}'])
def test_a_file_that_cannot_be_read_is_passed_over_and_swept(
    w: World, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place(w)
    change(w, ANNA)
    with monkeypatch.context() as broken:
        broken.setattr(Entry, "document", lambda *_: msgspec.Raw(body))
        assert read_journal(w.desk) == 1
    assert sweep_asked(w)
    assert place(w) != before
    assert read_journal(w.desk) == 0


def test_a_redirect_and_a_file_too_large_are_not_followed(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = place(w)
    change(w, ANNA)
    answer = w.sandbox.engine.answer
    away = Reply(302, b"", {"Location": f"{w.server.base_url}/elsewhere"})

    def moved(call: Any) -> Any:
        return Delivery(away) if call.raw_path.startswith(FILES) else answer(call)

    with monkeypatch.context() as broken:
        broken.setattr(w.sandbox.engine, "answer", moved)
        with pytest.raises(ConnectorError, match="status_302"):
            read_journal(w.desk)
    assert place(w) == before
    assert not asked(w, "/elsewhere")
    monkeypatch.setattr("connector.hubspot.journal.LARGEST_FILE", 10)
    assert read_journal(w.desk) == 1
    assert sweep_asked(w)


def test_a_run_reads_so_many_files_and_the_next_goes_on(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.journal.FILES", 2)
    for _ in range(3):
        w.wait(1_000)
        change(w, ANNA)
    assert [read_journal(w.desk) for _ in range(3)] == [2, 1, 0]
