"""How far a first reading is: at a terminal, in a log file, for a program."""

from dataclasses import dataclass
from functools import partial

from jobs.progress import LINE_EVERY_S, Words, _lines
from jobs.reading import Progress as AnyProgress
from tests.world import WorldClock, world

Progress = partial(AnyProgress, "backfill")


@dataclass
class Today:
    used: int = 30
    ours: int | None = 200_000


def test_the_line_says_all_that_the_issue_asks_for() -> None:
    clock, day = WorldClock(), Today()
    words = Words(clock, lambda: day)
    said = words(Progress(50_000, 70_000, 3))
    assert said == "50,000 of 70,000 contacts, 0 a second, 3 calls, 0.0% of the day's 200,000"
    clock.advance(10_000)
    day.used = 10_000
    assert words(Progress(60_000, 70_000, 310)) == (
        "60,000 of 70,000 contacts, 1,000 a second, 10 s left, 310 calls, 5.0% of the day's 200,000"
    ), "an earlier run's contacts are no pace of this one"
    clock.advance(90_000)
    assert ", 1 h 15 min left, " in words(Progress(70_000, 970_000, 310))


def test_nobody_knows_how_many_there_are() -> None:
    words = Words(WorldClock(), lambda: Today(ours=None))
    assert words(Progress(100, None, 3)) == "100 contacts, 0 a second, 3 calls"


def test_more_than_were_counted_is_not_more_than_all() -> None:
    words = Words(WorldClock(), Today)
    assert words(Progress(110, 100, 3)).startswith("110 of 110 contacts")


def test_a_log_file_gets_a_line_now_and_then() -> None:
    clock, lines = WorldClock(), list[str]()
    tell = _lines(clock, Words(clock, Today), lines.append)
    for _ in range(61):
        tell(Progress(1, 2, 3))
        clock.advance(1_000)
    assert len(lines) == 1 + 60 // int(LINE_EVERY_S)
    assert lines[0].startswith("backfill: 1 of 2 contacts")


def test_the_command_tells_people_on_stderr_and_programs_nothing(tmp_path) -> None:
    with world(tmp_path, people=3) as w:
        spoken = w.cli("backfill")
        assert "4 of 4 contacts" in spoken.err
        assert "of the day's" in spoken.err
        silent = w.cli("backfill", "--fresh", "--json")
        assert silent.json["contacts"] == 4
        assert " contacts" not in silent.err
