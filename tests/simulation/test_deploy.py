"""A new version on an older version's mirror in the middle of a life, and a death in the middle of that."""

import pytest
from sqlalchemy import create_engine

from tests import older
from tests.simulation.deeds import Deed
from tests.simulation.deploy import VERSIONS
from tests.simulation.run import play
from tests.world import DAY, HOUR

HISTORY = [
    Deed("consents", HOUR, 1, 0),
    Deed("withdraws", DAY, 3, 1),
    Deed("asks_to_be_erased", HOUR, 2),
    Deed("opts_out", DAY, 1, 0),
]
AFTER = [Deed("withdraws", HOUR, 5, 0), Deed("consents", HOUR, 4, 1), Deed("comes_back", DAY, 0, 1)]
STATEMENTS = 60


def deploys(version: str, dies_at: int) -> Deed:
    """The deed that takes the mirror back to this version, and dies at this statement (0: not)."""
    a = next(n for n in range(100) if n % 4 and VERSIONS[n % len(VERSIONS)] == version)
    return Deed("deploy", DAY, a, max(0, dies_at - 1), int(dies_at > 0))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_mirror_goes_on_where_it_was(version: str) -> None:
    ended = play(4, [*HISTORY, deploys(version, 0), *AFTER])
    assert ended.problem is None
    assert ended.seen["deploys"] == 1
    assert not ended.seen["deaths in a migration"]


def test_a_death_in_the_migration_leaves_a_mirror_that_the_next_start_migrates() -> None:
    moments = range(2, STATEMENTS, 7)
    ended = play(4, [*HISTORY, *(deploys(VERSIONS[0], at) for at in moments), *AFTER])
    assert ended.problem is None
    assert ended.seen["deploys"] == len(moments)
    assert ended.seen["deaths in a migration"] >= 4


def test_a_migration_that_leaves_another_schema_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = older.take_back

    def further(url: str, version: str) -> None:
        """An index is lost that no migration makes again."""
        taken(url, version)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP INDEX contact_by_read")
        engine.dispose()

    monkeypatch.setattr(older, "take_back", further)
    assert (play(4, [*HISTORY, deploys("0007", 0)]).problem or "").startswith("schema")
