"""Beside people, proofs of ended consents that are about to be destroyed: a purpose in `leaving`. Frozen."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, MetaData, PrimaryKeyConstraint, Table, Text, insert, text

from connector.store import triggers

revision = "0011"
down_revision = "0010"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")
leaving = Table(
    "leaving",
    metadata,
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("person_id", Int, nullable=False, autoincrement=False),
    Column("purpose", Text, nullable=False),
    Column("found_at", Int, nullable=False, autoincrement=False),
    Column("due_at", Int, nullable=False, autoincrement=False),
    Column("review", Int, nullable=True),
    Column("approved_by", Text, nullable=True),
    Column("declined_until", Int, nullable=True),
    PrimaryKeyConstraint("portal", "person_id", "purpose"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
OLD = "portal, person_id, found_at, due_at, review, approved_by, declined_until"


def upgrade() -> None:
    """The table anew with its rows: neither SQLite nor we change a primary key in place."""
    bind = op.get_bind()
    rows = [dict(row) for row in bind.execute(text(f"SELECT {OLD} FROM leaving")).mappings()]  # noqa: S608 - our own names
    op.drop_table("leaving")
    metadata.create_all(bind, checkfirst=False)
    if rows:
        bind.execute(insert(leaving), [{**row, "purpose": ""} for row in rows])
    triggers.recreate(bind)
