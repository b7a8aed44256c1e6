"""What retention counts from, and who is about to leave the register."""

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0008"
down_revision = "0007"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")
moment = Table(
    "moment",
    metadata,
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("contact_id", Int, nullable=False, autoincrement=False),
    Column("dates", Text, nullable=False),
    Column("read_at", Int, nullable=False, autoincrement=False),
    PrimaryKeyConstraint("portal", "contact_id"),
    Index("moment_by_read", "portal", "read_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
leaving = Table(
    "leaving",
    metadata,
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("person_id", Int, nullable=False, autoincrement=False),
    Column("found_at", Int, nullable=False, autoincrement=False),
    Column("due_at", Int, nullable=False, autoincrement=False),
    Column("review", Int, nullable=True),
    Column("approved_by", Text, nullable=True),
    Column("declined_until", Int, nullable=True),
    PrimaryKeyConstraint("portal", "person_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """Make the two tables."""
    metadata.create_all(op.get_bind(), checkfirst=False)
