"""`demo`: the whole story runs, twice in the same folder, and leaves what it says."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs import cli


def tell(folder: Path) -> tuple[dict[str, str], str]:
    command = [sys.executable, "-m", "jobs", "demo", "--folder", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout), done.stderr


def test_it_tells_the_story_in_under_a_minute_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        started = time.monotonic()
        files, _ = tell(tmp_path / "demo")
        assert time.monotonic() - started < 60
        assert {"report", "receipt", "log"} <= files.keys()
        assert all(Path(path).stat().st_size > 500 for path in files.values())


def test_what_it_leaves_can_be_read(tmp_path: Path) -> None:
    files, told = tell(tmp_path / "demo")
    headers = json.loads(Path(files["log"]).read_text("utf-8"))
    assert [header["seq"] for header in headers] == list(range(1, len(headers) + 1))
    assert "Exempel AB" in Path(files["report"]).read_text("utf-8")
    receipt = Path(files["receipt"]).read_text("utf-8")
    assert "Jag kan när som helst återkalla mitt samtycke" in receipt
    assert "Last checkpoint" in receipt
    assert "none yet" not in receipt
    (note,) = (tmp_path / "demo" / "checkpoints").glob("checkpoint-*.txt")
    assert note.read_text("utf-8").startswith("consent-mirror/portal/")
    report = Path(files["report"]).read_text("utf-8")
    assert "never" not in report[report.index("Last checkpoint") :][:400]
    for chapter in ("WITHDRAWN", "CLAIMED", "vanished", "GRANTED"):
        assert chapter in told
    assert f"log show --json > {files['log']}" in told
    assert "The receipt shows what this person said yes to." in " ".join(told.replace("│", " ").split())


@pytest.mark.parametrize("name", ["mirror.keys", "mirror.db", "config.toml"])
def test_a_folder_with_somebodys_own_mirror_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[mirror]\n", "utf-8")
    assert cli.run(["demo", "--folder", str(tmp_path)]) == 2
    assert [each.name for each in tmp_path.iterdir()] == [name]
