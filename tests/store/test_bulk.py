"""Many rows at once: the shorter ways of PostgreSQL say the same as the plain ones."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event, select

from connector.store import bulk
from connector.store.arrays import array_of
from connector.store.tables import address, observed, person, state

from .conftest import PORTAL

OTHERS = PORTAL + 1
COLUMNS = tuple(column.name for column in observed.columns)
#: What PostgreSQL's texts cannot hold: the zero character and halves of pairs.
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
ODD = st.sampled_from(
    ["", "NULL", "null", '"', "\\", "{}", "{a,b}", "a,b", " a ", "å\n\t", "None", "%s", "\\x41"]
)


@pytest.fixture(scope="module")
def server(postgresql_url):
    engine = create_engine(postgresql_url)
    yield engine
    engine.dispose()


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("column", "values"),
    [
        pytest.param(person.c.id, st.none() | st.integers(-(2**63), 2**63 - 1), id="numbers"),
        pytest.param(state.c.basis, st.none() | ODD | WORDS, id="texts"),
        pytest.param(address.c.ref, st.none() | st.binary(max_size=40), id="bytes"),
    ],
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_list_arrives_as_it_was(server, column, values, data) -> None:
    given_ = data.draw(st.lists(values, max_size=30))
    kind, spelled = array_of(column)
    with server.connect() as connection:
        asked = f"SELECT * FROM unnest(%s::{kind}[]) WITH ORDINALITY ORDER BY 2"
        found = connection.exec_driver_sql(asked, (spelled(given_),)).all()
    assert [row[0] for row in found] == given_


def _row(ref: int, subscription: int, portal: int, status: str, first_seen: int) -> tuple[object, ...]:
    values = {
        "ref": ref.to_bytes(16, "big"),
        "subscription": subscription,
        "portal": portal,
        "status": status,
        "at": None,
        "source": 'a "b" \\c',
        "basis": None,
        "observation": None,
        "first_seen": first_seen,
        "read_at": first_seen,
        "dated": 1,
    }
    return tuple(values[name] for name in COLUMNS)


#: Some of them known to this portal, one to another, one told twice.
KNOWN = [_row(ref, 101, PORTAL, "old", 1) for ref in range(0, 60, 7)] + [_row(59, 102, OTHERS, "theirs", 1)]
TOLD = [_row(ref, 101, PORTAL, "new", 2) for ref in range(60)] + [
    _row(59, 102, PORTAL, "new", 2),
    _row(1, 101, PORTAL, "newest", 3),
]


@pytest.mark.parametrize("known", [pytest.param([], id="all new"), pytest.param(KNOWN, id="some known")])
def test_filling_says_the_same_as_one_row_after_the_other(mirror, known) -> None:
    with mirror.write(PORTAL) as work:
        connection = work.scope.connection
        found = []
        for one_by_one in (True, False):
            bulk.insert(connection, observed, COLUMNS, known)
            if one_by_one:
                for row in TOLD:
                    bulk.upsert(connection, observed, COLUMNS, [row], keep=("first_seen",), within="portal")
            else:
                bulk.fill(connection, observed, COLUMNS, TOLD, "ref", keep=("first_seen",), within="portal")
            found.append(set(map(tuple, connection.execute(select(observed)))))
            connection.execute(observed.delete())
    one, other = ({row[:8] for row in each} for each in found)
    assert one == other
    kept = [{row[:2]: row[8] for row in each if row[:2] in {k[:2] for k in known}} for each in found]
    assert kept[0] == kept[1]


@pytest.mark.postgresql
def test_no_row_is_compared_with_each_value_in_turn(server) -> None:
    """What a planner without statistics does with an array: 27 ms for 100 values among 10,000 rows."""
    spelled = bulk.Lookup(select(observed.c.ref).where(observed.c.portal == bulk.PORTAL), observed.c.ref)
    with server.connect() as connection:
        refs = array_of(observed.c.ref).spelled(row[0] for row in TOLD)
        given_ = {"portal": PORTAL, "chunk": refs}
        plans = [
            connection.exec_driver_sql(f"EXPLAIN {spelled._text(connection, 0)}", given_).scalars().all(),
            connection.exec_driver_sql(f"EXPLAIN {bulk._present(observed, 'ref')}", (refs,)).scalars().all(),
        ]
    assert not any("ANY" in step for plan in plans for step in plan)


@pytest.mark.postgresql
def test_a_portal_that_is_read_first_is_copied_and_not_merged(postgresql_url, server) -> None:
    """A merge costs PostgreSQL twice as much: no row of a new table may be sent by one."""
    said: list[str] = []
    event.listen(server, "before_cursor_execute", lambda *args: said.append(args[2]))
    with server.connect() as connection:
        bulk.fill(connection, observed, COLUMNS, TOLD[:50], "ref", within="portal")
        assert connection.execute(select(observed)).all()
        connection.rollback()
    assert not any("ON CONFLICT" in each for each in said)
