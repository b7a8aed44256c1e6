"""`status` says how old what we know is, and what the day has cost."""

from tests.world import ANNA, BO, DAY, world


def test_ages_of_readings_and_calls_of_the_day(tmp_path):
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.sync()
        (found,) = w.cli("status", "--json").json["portals"]
        assert found["read_within"] == {"day": 2, "week": 0, "month": 0, "older": 0, "never": 0}
        assert found["calls"]["today"] == w.desk.hubspot.calls_made > 5
        assert found["calls"]["ours"] == found["calls"]["account"] * 4 // 5, "a fifth is left to other apps"
        w.wait(8 * DAY)
        w.create("carin@example.org")
        with w.mirror.write(w.desk.portal) as work:
            work.contacts.put([row._replace(id=99, statuses_read_at=None) for row in _rows(work)[:1]])
        (found,) = w.cli("status", "--json").json["portals"]
        assert found["read_within"] == {"day": 0, "week": 0, "month": 2, "older": 0, "never": 1}
        assert found["calls"]["today"] == 0, "another day"
        shown = w.cli("status").out
        assert "within a month: 2, older: 0, never: 1" in " ".join(shown.split())


def _rows(work):
    return list(work.contacts.by_ids(work.contacts.ids_between(0, None)).values())
