"""A fresh mirror tells of its first night, and of none before it."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

from connector.report.archive import stored
from jobs.tick import tick
from tests.world import ANNA, World, world


def ticked(w: World) -> None:
    tick(w.settings, w.desk, threading.Event(), lambda: None)


def reports(w: World) -> list[str]:
    """The local days that have one, of today and the two days around it."""
    today = datetime.fromtimestamp(w.now / 1000, w.desk.zone).date()
    days = [today + timedelta(days=each) for each in (-1, 0, 1)]
    with w.mirror.read(w.desk.portal) as work:
        return [day.isoformat() for day in days if stored(work, day) is not None]


def test_the_first_morning_after_a_mirror_began_has_its_report(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA,)) as w:
        assert w.cli("backfill").code == 0
        ticked(w)
        assert reports(w) == [], "the morning before it began was none of its own"
        began = datetime.fromtimestamp(w.now / 1000, w.desk.zone)
        morning = (began + timedelta(days=1)).replace(hour=6, minute=0, second=5)
        w.wait(int(morning.timestamp() * 1000) - w.now)
        ticked(w)
        assert reports(w) == [morning.date().isoformat()]
