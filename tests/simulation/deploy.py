"""A new version of the program starts on the mirror of an older one, and may die while it migrates it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, text

from connector.errors import DatabaseUnavailable
from connector.store.schema import NEWEST
from tests import older
from tests.simulation.invariants import Violated
from tests.simulation.mortal import Killed

if TYPE_CHECKING:
    from tests.simulation.product import Product

#: What a mirror may be taken back to. Earlier ones lack what a running mirror cannot lose honestly: letters
#: to people, sign-ups, links and requests that were acknowledged.
VERSIONS = ("0007", "0008", "0009")


@contextmanager
def dying(statements: int) -> Iterator[None]:
    """The process dies before so many more statements of SQLAlchemy's; 0: never."""
    left = [statements]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def deploy(product: "Product", version: str, statements: int) -> bool:
    """The mirror as `version` had it is brought forward by the product's own start. True: it died in that."""
    url, schema = product.settings.mirror.database, described(product)
    product.close()
    older.take_back(url, version)
    died = False
    try:
        with dying(statements):
            product.open()
    except Killed:
        died = True
    except DatabaseUnavailable:
        pass
    product.again()
    now = described(product)
    if now != schema:
        raise Violated(f"schema: {sorted(map(str, now ^ schema))[:3]}")
    return died


def described(product: "Product") -> set[tuple[Any, ...]]:
    """Everything that the schema consists of, and its version."""
    engine = create_engine(product.settings.mirror.database)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master"))
        found = {tuple(row) for row in rows}
        found.add(
            ("version", connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        )
    engine.dispose()
    assert ("version", NEWEST) in found
    return found
