"""Who is signed in to the dashboard."""

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

revision = "0006"
down_revision = "0005"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")
session = Table(
    "session",
    metadata,
    Column("hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Int, nullable=False, autoincrement=False),
    Column("seen_at", Int, nullable=False, autoincrement=False),
    PrimaryKeyConstraint("hash"),
    Index("session_by_name", "name"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """Make the table."""
    metadata.create_all(op.get_bind(), checkfirst=False)
