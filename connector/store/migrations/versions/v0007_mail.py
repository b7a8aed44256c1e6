"""Letters to people. Frozen: later changes are steps of their own."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

revision = "0007"
down_revision = "0006"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")

mail = Table(
    "mail",
    metadata,
    Column("id", Int, Identity(), primary_key=True),
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("person_id", Int, nullable=True),
    Column("ref", LargeBinary, nullable=True),
    Column("sealed", LargeBinary, nullable=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=True),
    Column("queued_at", Int, nullable=False, autoincrement=False),
    Column("expires_at", Int, nullable=True),
    Column("next_try", Int, nullable=False, autoincrement=False),
    Column("attempts", Int, nullable=False, autoincrement=False),
    Column("first_try", Int, nullable=True),
    Column("claimed_until", Int, nullable=False, autoincrement=False),
    Column("token", Text, nullable=True),
    Column("ended_at", Int, nullable=True),
    Index("mail_by_key", "portal", "key", unique=True),
    Index("mail_by_person", "person_id"),
    Index(
        "mail_waiting",
        "portal",
        "next_try",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    sqlite_strict=True,
)


def upgrade() -> None:
    """Make the table."""
    mail.create(op.get_bind(), checkfirst=False)
