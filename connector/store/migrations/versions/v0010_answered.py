"""A digest of what HubSpot answered last, so that an unchanged answer need not be taken apart. Frozen."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table

from connector.store import triggers

revision = "0010"
down_revision = "0009"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")
Table(
    "answered",
    metadata,
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("contact_id", Int, nullable=False, autoincrement=False),
    Column("print", LargeBinary, nullable=False),
    PrimaryKeyConstraint("portal", "contact_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """One table more."""
    metadata.create_all(op.get_bind(), checkfirst=False)
    triggers.recreate(op.get_bind())
