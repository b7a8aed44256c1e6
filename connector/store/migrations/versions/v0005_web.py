"""Links, sign-ups and hints. Frozen: later changes are steps of their own."""

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from connector.store import triggers

revision = "0005"
down_revision = "0004"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")


def _clustered(name: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=False)


def _int(name: str) -> Column[int]:
    return Column(name, Int, nullable=False, autoincrement=False)


_clustered(
    "link",
    _int("portal"),
    Column("id", LargeBinary, nullable=False),
    Column("ref", LargeBinary, nullable=False),
    PrimaryKeyConstraint("portal", "id"),
    Index("link_by_ref", "ref"),
)
_clustered(
    "signup",
    _int("portal"),
    Column("id", LargeBinary, nullable=False),
    Column("ref", LargeBinary, nullable=False),
    Column("purpose", Text, nullable=False),
    _int("asked_at"),
    _int("ends_at"),
    Column("done_at", Int, nullable=True),
    Column("sealed", LargeBinary, nullable=True),
    PrimaryKeyConstraint("portal", "id"),
    Index("signup_by_ref", "portal", "ref"),
)
_clustered(
    "hint",
    _int("portal"),
    _int("contact_id"),
    Column("kind", Text, nullable=False),
    _int("heard_at"),
    _int("first_at"),
    _int("next_try"),
    _int("attempts"),
    PrimaryKeyConstraint("portal", "contact_id", "kind"),
    Index("hint_due", "portal", "next_try"),
)


def upgrade() -> None:
    """Three tables more."""
    metadata.create_all(op.get_bind(), checkfirst=False)
    triggers.recreate(op.get_bind())
