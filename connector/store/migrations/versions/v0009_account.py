"""Who can reach the register, with a motive; and mails that left without consent. Frozen."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from connector.store import triggers

revision = "0009"
down_revision = "0008"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")
Table(
    "grantee",
    metadata,
    Column("id", Int, Identity(), primary_key=True),
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("ref", LargeBinary, nullable=False),
    Column("address", LargeBinary, nullable=True),
    Column("sealed", LargeBinary, nullable=True),
    Column("motive", LargeBinary, nullable=True),
    Column("first_seen", Int, nullable=False, autoincrement=False),
    Column("last_seen", Int, nullable=False, autoincrement=False),
    Column("last_login", Int, nullable=True),
    Column("gone_at", Int, nullable=True),
    Column("justified_at", Int, nullable=True),
    Column("justified_by", Text, nullable=True),
    Column("review_at", Int, nullable=True),
    Index("grantee_by_ref", "portal", "kind", "ref", unique=True),
    Index("grantee_by_address", "address"),
    sqlite_strict=True,
)
Table(
    "mailed",
    metadata,
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("person_id", Int, nullable=False, autoincrement=False),
    Column("purpose", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sent_at", Int, nullable=False, autoincrement=False),
    Column("found_at", Int, nullable=False, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("portal", "person_id", "purpose"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """Two tables more."""
    metadata.create_all(op.get_bind(), checkfirst=False)
    triggers.recreate(op.get_bind())
