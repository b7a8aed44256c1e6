"""The desk: requests of people, and what others have to be told or to change until they confirm it."""

from typing import Any, Final

from alembic import op
from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, MetaData, Table, Text, text

revision = "0002"
down_revision = "0001"

metadata = MetaData()
Int: Final = BigInteger().with_variant(Integer, "sqlite")


def _table(name: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True)


def _int(name: str) -> Column[int]:
    return Column(name, Int, nullable=False, autoincrement=False)


def _maybe_int(name: str) -> Column[int]:
    return Column(name, Int, nullable=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _maybe_text(name: str) -> Column[str]:
    return Column(name, Text, nullable=True)


def _maybe_bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=True)


def _number() -> Column[int]:
    return Column("id", Int, Identity(), primary_key=True)


request = _table(
    "request",
    _number(),
    _int("portal"),
    _text("kind"),
    _text("via"),
    _int("received_at"),
    _int("due_at"),
    _maybe_int("extended_at"),
    _text("identity"),
    _maybe_text("owner"),
    _maybe_int("person_id"),
    _maybe_text("erasure"),
    _int("opened_at"),
    _text("opened_by"),
    _maybe_int("carried_out_at"),
    _maybe_int("settled_at"),
    _maybe_text("outcome"),
    _maybe_text("settled_by"),
    _maybe_bytes("sealed"),
    Index("request_by_person", "person_id"),
    Index(
        "request_open",
        "portal",
        "due_at",
        sqlite_where=text("settled_at IS NULL"),
        postgresql_where=text("settled_at IS NULL"),
    ),
)
errand = _table(
    "errand",
    _number(),
    _int("portal"),
    _text("target"),
    _text("kind"),
    _text("cause"),
    _maybe_int("person_id"),
    _int("queued_at"),
    _int("next_try"),
    _int("attempts"),
    _int("claimed_until"),
    _maybe_text("token"),
    _maybe_int("confirmed_at"),
    _maybe_text("parked"),
    _maybe_bytes("sealed"),
    Index("errand_of_cause", "portal", "cause", "kind", "target", unique=True),
    Index("errand_by_person", "person_id"),
    Index(
        "errand_waiting",
        "portal",
        "next_try",
        sqlite_where=text("confirmed_at IS NULL"),
        postgresql_where=text("confirmed_at IS NULL"),
    ),
)


def upgrade() -> None:
    """Make the two tables."""
    metadata.create_all(op.get_bind(), checkfirst=False)
