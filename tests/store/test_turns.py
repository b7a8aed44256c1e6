"""What a person waits for is written before bulk work, also while that writes all the time."""

import threading
import time
from pathlib import Path

from connector.store.turns import GIVE_WAY_S, Turns


def test_others_give_way_while_somebody_is_first_and_not_for_ever(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "mirror.db")
    turns.give_way()  # nobody is first: at once
    with turns.first():
        started = time.monotonic()
        turns.give_way()
        assert time.monotonic() - started >= GIVE_WAY_S * 0.9
    released = threading.Event()

    def hold() -> None:
        with turns.first():
            released.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    released.set()
    holder.join()
    turns.give_way()
    assert (tmp_path / "mirror.db.turn").stat().st_mode & 0o077 == 0


def test_postgresql_has_no_file() -> None:
    turns = Turns(None)
    turns.give_way()
    with turns.first():
        pass
