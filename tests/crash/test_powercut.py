"""No acknowledged entry is lost when the power goes, at any acknowledgement of a recorded run."""

import shutil
from pathlib import Path

import pytest

from connector.clock import SeededChance, SystemChance, SystemClock
from connector.proof import keys
from connector.store.mirror import Mirror
from tests.crash.powercut import appending, replayed, traced

ROOT = Path(__file__).parent.parent.parent
COMMITS = 200


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_what_was_acknowledged_survives_a_power_cut(tmp_path: Path) -> None:
    place, begin = tmp_path / "place", tmp_path / "begin"
    place.mkdir()
    url = f"sqlite:///{place}/mirror.db"
    Mirror.create(url, keys.generate(SeededChance("store")), SystemClock(), SystemChance()).close()
    shutil.copytree(place, begin)
    try:
        traced(appending(url, COMMITS), tmp_path / "trace", ROOT)
    except RuntimeError as error:
        if "ptrace" in str(error) or "Operation not permitted" in str(error):
            pytest.skip(f"tracing is forbidden here: {error}")
        raise
    cuts, lost, broken = replayed(tmp_path / "trace", tmp_path / "image", "mirror.db", begin)
    assert cuts >= COMMITS
    assert (lost, broken) == (0, 0)
