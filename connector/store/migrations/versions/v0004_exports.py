"""The ledger of files that we wrote."""

from alembic import op
from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, MetaData, Table, Text, text

revision = "0004"
down_revision = "0003"

metadata = MetaData()
Int = BigInteger().with_variant(Integer, "sqlite")
export = Table(
    "export",
    metadata,
    Column("id", Int, Identity(), primary_key=True),
    Column("portal", Int, nullable=False, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Int, nullable=False, autoincrement=False),
    Column("destroy_by", Int, nullable=False, autoincrement=False),
    Column("path", LargeBinary, nullable=True),
    Column("person_id", Int, nullable=True),
    Column("people", Int, nullable=True),
    Column("sha256", LargeBinary, nullable=True),
    Column("ended_at", Int, nullable=True),
    Column("outcome", Text, nullable=True),
    Column("ended_by", Text, nullable=True),
    Index("export_by_person", "person_id"),
    Index(
        "export_standing",
        "portal",
        "destroy_by",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_strict=True,
)


def upgrade() -> None:
    """Make the table."""
    metadata.create_all(op.get_bind(), checkfirst=False)
