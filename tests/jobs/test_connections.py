"""A process that is at many portals holds a few connections to PostgreSQL, not a few for each portal."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from connector import wiring
from connector.clock import SeededChance
from connector.errors import ConnectorError
from connector.settings import Settings, load
from tests.store.conftest import postgresql_database
from tests.world import TOKEN, WorldClock, _toml, on

PORTALS = 12


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv(TOKEN, "pat-test-token")
    given = wiring.Tools(clock=WorldClock(), chance=SeededChance("connections"))
    monkeypatch.setattr(wiring, "tools", lambda: given)
    more = "".join(
        f'[[portals]]\nname = "p{number}"\nportal_id = {number}\ntoken_env = "{TOKEN}"\n'
        'api = "http://127.0.0.1:9"\n'
        for number in range(2, PORTALS + 1)
    )
    with postgresql_database("cm_connections") as url:
        told = _toml(tmp_path, 1, "http://127.0.0.1:9", extra=more)
        (tmp_path / "config.toml").write_text(on(url, tmp_path, told), "utf-8")
        made = load(tmp_path / "config.toml")
        wiring.prepare(made)
        yield made


def connections(url: str) -> int:
    engine = create_engine(url)
    asked = text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()")
    try:
        with engine.connect() as connection:
            return int(connection.execute(asked, {"name": make_url(url).database}).scalar_one())
    finally:
        engine.dispose()


@pytest.mark.postgresql
def test_the_limits_of_many_portals_stand_in_one_place(settings: Settings) -> None:
    with wiring.lasting(settings, threading.Event()) as given:
        portals = [wiring.portal_of(settings, portal, given) for portal in settings.portals]
        for portal in portals:
            with suppress(ConnectorError):  # nobody listens there; the limiter is asked before
                portal.details()
        assert 1 <= connections(settings.mirror.database) <= 3
    until = time.monotonic() + 10  # the server takes a moment to see that a session has ended
    while connections(settings.mirror.database) and time.monotonic() < until:
        time.sleep(0.05)
    assert connections(settings.mirror.database) == 0
