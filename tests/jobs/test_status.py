"""`status` says how old what we know is, and what the day has cost."""

from connector.acts.under_way import SILENT_MS, next_of
from connector.sandbox.options import Tier
from jobs import reading
from jobs.due import local_day
from jobs.reading import Progress
from jobs.runner import RUNS_KEPT_MS, running
from jobs.tick import JOBS
from jobs.turn import Plan, turn
from tests.world import ANNA, BO, DAY, world

CARIN = "carin@example.org"


def test_ages_of_readings_and_calls_of_the_day(tmp_path):
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.sync()
        (found,) = w.cli("status", "--json").json["portals"]
        assert found["read_within"] == {"day": 2, "week": 0, "month": 0, "older": 0, "never": 0}
        assert found["calls"]["today"] == w.desk.hubspot.calls_made > 5
        assert found["calls"]["ours"] == found["calls"]["account"] * 4 // 5, "a fifth is left to other apps"
        w.wait(8 * DAY)
        w.create(CARIN)
        with w.mirror.write(w.desk.portal) as work:
            work.contacts.put([row._replace(id=99, statuses_read_at=None) for row in _rows(work)[:1]])
        (found,) = w.cli("status", "--json").json["portals"]
        assert found["read_within"] == {"day": 0, "week": 0, "month": 2, "older": 0, "never": 1}
        assert found["calls"]["today"] == 0, "another day"
        shown = w.cli("status").out
        assert "within a month: 2, older: 0, never: 1" in " ".join(shown.split())


def local(w):
    return local_day(w.clock.now(), w.desk.zone).isoformat()


def _rows(work):
    return list(work.contacts.by_ids(work.contacts.ids_between(0, None)).values())


def test_coverage_stands_beside_each_purpose(tmp_path):
    with world(tmp_path, contacts=(ANNA, BO), tier=Tier.PROFESSIONAL) as w:
        w.sync()
        w.create(CARIN)
        w.sandbox.person.unsubscribe(CARIN, 101)
        with w.mirror.write(w.desk.portal) as work:  # as where the day's single reads are used up
            work.meta.put("statuses_spent", {"day": local(w), "count": w.desk.statuses_per_day})
        w.wait(60_000)
        w.sync(full=True)
        (found,) = w.cli("status", "--json").json["portals"]
        by_purpose = {each["purpose"]: each for each in found["coverage"]}
        news, offers = by_purpose["newsletter"], by_purpose["offers"]
        assert (news["read"], news["total"], news["share"]) == (2, 3, 0.6667)
        assert news["read_within"] == offers["read_within"] == found["read_within"]
        assert (news["noes_only"], offers["noes_only"]) == (1, 0), "the property speaks of one type"
        assert found["statuses"] == {"left": 1, "batches": False, "per_day": 25_000, "days_left": 1}
        shown = " ".join(w.cli("status").out.split())
        assert "newsletter: 66.7% read in full, 1 never read are known to have said no." in shown
        assert "At 25,000 a day: 1 days." in shown


def test_a_reading_that_runs_is_seen_from_outside(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "TOGETHER", 1)  # the rate is told from the second group on
    with world(tmp_path, people=250) as w:
        w.sync()
        seen: list[dict] = []

        def listen(reached: Progress) -> None:
            w.clock.advance(10_000)
            (found,) = w.cli("status", "--json").json["portals"]
            if found["reading"]:
                seen.append(found["reading"])

        with running(w.desk, w.settings.mirror.database, "sweep", listen) as run:
            turn(w.desk, Plan(full=True), tell=run.tell, beat=run.beat)
        assert seen[-1]["stage"] == "sweep"
        assert 0 < seen[-1]["contacts"] <= seen[-1]["of"] == 251
        assert seen[-1]["a_second"] > 0
        assert seen[-1]["seconds_left"] is not None
        assert seen[-1]["calls"] > 0
        (after,) = w.cli("status", "--json").json["portals"]
        assert after["reading"] is None


def test_a_reading_that_was_killed_is_not_shown_for_ever(tmp_path):
    with world(tmp_path, people=3) as w:
        w.sync()
        with w.mirror.write(w.desk.portal) as work:
            run = work.runs.start("sweep", "r" * 32, w.clock.now())
            said = next_of(None, "sweep", done=2, total=4, calls=3, now=w.clock.now())
            work.runs.beat(run.id, w.clock.now(), said.figures())
        assert w.cli("status", "--json").json["portals"][0]["reading"]["contacts"] == 2
        assert "sweep under way, 2 of 4 contacts" in " ".join(w.cli("status").out.split())
        w.wait(SILENT_MS)
        assert w.cli("status", "--json").json["portals"][0]["reading"] is None


def test_a_sweep_and_single_reads_tell_how_far_they_are(tmp_path):
    with world(tmp_path, people=3, tier=Tier.PROFESSIONAL) as w:
        first = w.cli("backfill").err
        assert "backfill: 4 of 4 contacts" in first
        assert "statuses: 3 of 3 contacts" in first
        w.wait(DAY)
        swept = w.cli("sync", "--full").err
        assert "sweep: 4 of 4 contacts" in swept
        assert "of the day's" in swept
        assert " contacts" not in w.cli("sync", "--full", "--json").err


def test_the_nightly_sweep_forgets_old_runs_but_the_last_good_one_of_each_job(tmp_path):
    with world(tmp_path, people=1) as w:
        w.begin()
        JOBS["pull"](w.settings, w.desk, lambda: None)
        JOBS["forms"](w.settings, w.desk, lambda: None)
        w.wait(RUNS_KEPT_MS - DAY)
        JOBS["pull"](w.settings, w.desk, lambda: None)
        JOBS["sweep"](w.settings, w.desk, lambda: None)
        assert kinds(w) == ["forms", "pull", "pull", "sweep"], "as old as the charts reach, and kept"
        w.wait(2 * DAY)
        JOBS["sweep"](w.settings, w.desk, lambda: None)
        assert kinds(w) == ["forms", "pull", "sweep", "sweep"]


def kinds(w):
    with w.mirror.read(w.desk.portal) as work:
        return sorted(run.job for run in work.runs.recent(1_000))
