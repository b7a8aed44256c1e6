"""Texts are shared by all portals: two that write the same one at once do not disturb each other."""

import threading

from connector.clock import SeededChance
from connector.store.mirror import Mirror
from tests.store.conftest import KEYS, PORTAL, HandClock


def test_two_portals_that_write_the_same_text_at_once_both_have_it(url: str) -> None:
    mirror = Mirror.open(url, KEYS, HandClock(), SeededChance(1))
    failed: list[BaseException] = []
    with mirror.write(PORTAL) as first:
        hashed = first.blobs.put("wording", b"Yes, send me the newsletter.", "en")

        def other() -> None:
            try:
                with mirror.write(PORTAL + 1) as second:
                    second.blobs.put("wording", b"Yes, send me the newsletter.", "en")
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.3)  # it waits for the first one's commit
    thread.join(10)
    assert not failed
    with mirror.read(PORTAL + 1) as work:
        assert work.blobs.get([hashed])[hashed].language == "en"
    mirror.close()
