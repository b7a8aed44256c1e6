"""The simulation sees it when notices are not minded, or bad ones are."""

from typing import Any

import pytest

from connector import wiring_web
from connector.store.hints import Hints
from connector.store.work import Work
from jobs import journal, tick
from tests.simulation.deeds import Deed, history
from tests.simulation.run import play
from tests.world import HOUR, MINUTE

HOOKED, JOURNALLED, DAYS = 5, 2, 40  # seeds with webhooks and with the pull journal, and days of them


def test_notices_come_late_doubled_and_bad_and_do_no_harm() -> None:
    ended = play(HOOKED, history(HOOKED, DAYS))
    assert ended.problem is None
    for kind in ("prompt", "twice", "lost", "forged", "altered", "malformed", "about nobody"):
        assert ended.seen[f"notice {kind}"] > 0, kind
    assert ended.seen["notices answered 200"] > 0


def test_a_notice_that_is_settled_unread_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def settled_only(desk: Any, tally: Any, **_: Any) -> int:
        with desk.mirror.write(desk.portal) as work:
            work.hints.settle(work.hints.due(desk.clock.now(), 100))
        return 0

    monkeypatch.setattr(tick, "look_again", settled_only)
    assert (play(HOOKED, history(HOOKED, DAYS)).problem or "").startswith("I23")


def test_a_notice_that_is_answered_and_not_kept_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hints, "add", lambda *_: 0)
    assert (play(HOOKED, history(HOOKED, DAYS)).problem or "").startswith("I23")


def test_a_signature_that_is_not_checked_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring_web, "checked", lambda *_: "good")
    assert (play(HOOKED, history(HOOKED, DAYS)).problem or "").startswith("I17")


def test_a_journal_file_that_is_passed_without_its_hints_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(desk: Any, work: Work, page: Any, now: int) -> None:
        del desk, work, page, now

    monkeypatch.setattr(journal, "_hint", nothing)
    deeds = [Deed("nothing", HOUR), Deed("created", 5 * MINUTE), Deed("created", 5 * MINUTE)]
    assert (play(JOURNALLED, deeds).problem or "").startswith("I23")
