"""Who works on a portal in a fleet. Frozen: later changes are steps of their own."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from connector.store import triggers

revision = "0003"
down_revision = "0002"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")
Table(
    "fence",
    metadata,
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("number", Int, nullable=False, autoincrement=False),
    Column("worker", Text, nullable=True),
    Column("beat_at", Int, nullable=True),
    PrimaryKeyConstraint("portal"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """One table more."""
    metadata.create_all(op.get_bind(), checkfirst=False)
    triggers.recreate(op.get_bind())
