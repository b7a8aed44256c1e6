"""A command's room is loaded when the command is asked for, and each command is found in its room."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from jobs import cli
from jobs.commands import ROOMS, made

ROOT = Path(__file__).parent.parent.parent
#: What a job without pages, fleet or sandbox has no use for: 20 MiB.
HEAVY = ("connector.web", "connector.sandbox", "procrastinate", "psycopg", "uvicorn", "alembic", "openpyxl")


@pytest.mark.parametrize("rooms", sorted(set(ROOMS.values())), ids="+".join)
def test_a_room_has_the_commands_that_are_looked_for_in_it(rooms: tuple[str, ...]) -> None:
    assert set(made(rooms)) == {name for name, where in ROOMS.items() if where[0] == rooms[0]}


def test_no_room_is_left_out() -> None:
    rooms = {path.stem for path in (ROOT / "jobs").glob("cli_*.py")}
    assert rooms == {room for where in ROOMS.values() for room in where}


def test_a_command_is_made_once() -> None:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, typer.core.TyperGroup)
    assert group.commands["check"] is group.commands["check"]
    assert list(group.commands) == list(ROOMS)
    assert group.commands.get("nothing") is None


@pytest.mark.parametrize(
    ("word", "allowed"),
    [
        ("--version", ()),
        ("check", ()),
        ("withdraw", ()),
        ("backfill", ()),
        ("sync", ()),
        ("sandbox", ("connector.sandbox", "uvicorn")),
    ],
)
def test_a_command_loads_what_it_needs(word: str, allowed: tuple[str, ...]) -> None:
    words = [word] if word.startswith("--") else [word, "--help"]
    script = f"import sys\nfrom jobs import cli\ncli.run({words!r})\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {heavy for heavy in HEAVY for name in done.stderr.split() if f"{name}.".startswith(f"{heavy}.")}
    assert loaded == set(allowed)
