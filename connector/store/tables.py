"""The tables (design 3). Times: integer milliseconds UTC; hashes and references: raw bytes; flags: 0 or 1.

SQLite tables are STRICT, which knows INTEGER, TEXT and BLOB only (reliability 4). Tables whose key is not a
number of their own are clustered by that key (WITHOUT ROWID): one tree less to write for each row.
A change here needs a migration; a test compares a migrated database with these tables.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    text,
)

metadata = MetaData()
Int: Final = BigInteger().with_variant(Integer, "sqlite")
#: Person ids on PostgreSQL; SQLite has one writer and takes the next number.
person_number = Sequence("person_number", metadata=metadata)


def _table(name: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True)


def _clustered(name: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=False)


def _int(name: str) -> Column[int]:
    return Column(name, Int, nullable=False, autoincrement=False)


def _flag(name: str) -> Column[int]:
    return Column(name, Int, CheckConstraint(f"{name} IN (0, 1)"), nullable=False)


def _maybe_int(name: str) -> Column[int]:
    return Column(name, Int, nullable=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _maybe_text(name: str) -> Column[str]:
    return Column(name, Text, nullable=True)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _maybe_bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=True)


def _key(*names: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*names)


def _number() -> Column[int]:
    return Column("id", Int, Identity(), primary_key=True)


person = _table(
    "person",
    Column("id", Int, primary_key=True, autoincrement=False),
    _int("portal"),
    _bytes("ref"),
    _maybe_bytes("key"),  # wrapped by the master key; NULL once destroyed
    _maybe_text("overlay"),
    _int("created_at"),
    _maybe_int("merged_into"),
    Index("person_by_ref", "ref", unique=True),
    Index(
        "person_by_winner",
        "merged_into",
        sqlite_where=text("merged_into IS NOT NULL"),
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
)
address = _clustered(
    "address",
    _int("person_id"),
    _bytes("ref"),
    _int("portal"),
    _int("kind"),
    _bytes("sealed"),
    _key("person_id", "ref"),
    Index("address_by_ref", "ref", "person_id"),
)
contact = _clustered(
    "contact",
    _int("portal"),
    _int("id"),
    _maybe_int("person_id"),
    _bytes("fingerprint"),
    _maybe_text("object_source"),
    _maybe_int("created_at"),
    _maybe_int("modified_at"),
    _int("first_seen"),
    _maybe_int("statuses_read_at"),
    _flag("archived"),
    _maybe_int("gone_at"),
    _key("portal", "id"),
    Index("contact_by_person", "person_id"),
    Index("contact_by_read", "portal", "statuses_read_at"),
)
#: A keyed digest of what HubSpot answered about a record's addresses when nothing in it was new.
answered = _clustered(
    "answered", _int("portal"), _int("contact_id"), _bytes("print"), _key("portal", "contact_id")
)
alias = _clustered("alias", _int("portal"), _int("id"), _int("winner"), _key("portal", "id"))
observed = _clustered(
    "observed",
    _bytes("ref"),
    _int("subscription"),
    _int("portal"),
    _text("status"),
    _maybe_int("at"),
    _maybe_text("source"),
    _maybe_text("basis"),
    _maybe_text("observation"),
    _int("first_seen"),
    _int("read_at"),
    _flag("dated"),
    _key("ref", "subscription"),
)
entry = _clustered(
    "entry",
    _int("portal"),
    _int("seq"),
    _int("recorded_at"),
    _text("type"),
    _maybe_bytes("ref"),
    _text("purpose"),
    _text("basis"),
    _maybe_bytes("wording"),
    _maybe_bytes("notice"),
    _int("grade"),
    _bytes("commitment"),
    _bytes("hash"),
    _key("portal", "seq"),
)
payload = _clustered(
    "payload",
    _int("portal"),
    _int("seq"),
    _int("person_id"),  # 0: nobody's
    _maybe_bytes("source"),  # keyed index of the source_ref
    _bytes("sealed"),
    _key("portal", "seq"),
    Index("payload_by_source", "person_id", "source", unique=True),
)
head = _clustered(
    "head",
    _int("portal"),
    _int("size"),
    _bytes("hash"),
    _int("recorded_at"),
    _bytes("nodes"),
    _key("portal"),
)
checkpoint = _clustered(
    "checkpoint",
    _int("portal"),
    _int("size"),
    _int("at"),
    _bytes("root"),
    _text("note"),
    _key("portal", "size"),
)
state = _clustered(
    "state",
    _int("person_id"),
    _text("purpose"),
    _int("portal"),
    _text("state"),
    _maybe_int("since"),
    _maybe_int("last_no"),
    _int("grade"),
    _text("basis"),
    _flag("hold"),
    _flag("review"),
    _flag("sendable"),
    _maybe_int("expires_at"),
    _maybe_int("seq"),
    _maybe_int("row"),
    _key("person_id", "purpose"),
    Index(
        "state_by_expiry",
        "portal",
        "expires_at",
        sqlite_where=text("expires_at IS NOT NULL"),
        postgresql_where=text("expires_at IS NOT NULL"),
    ),
)
blob = _table("blob", _bytes("hash"), _text("kind"), _maybe_text("language"), _bytes("data"), _key("hash"))
blob_use = _clustered(
    "blob_use",
    _int("portal"),
    _bytes("hash"),
    _text("place"),
    _int("first_seen"),
    _int("last_seen"),
    _key("portal", "hash", "place"),
)
outbox = _table(
    "outbox",
    _int("portal"),
    _bytes("ref"),
    _int("subscription"),
    _text("status"),
    _text("origin"),
    _int("urgency"),
    _int("version"),
    _maybe_int("person_id"),
    _maybe_int("contact_id"),
    _maybe_bytes("sealed"),
    _maybe_text("basis"),
    _maybe_text("explanation"),
    _flag("resubscribe"),
    _text("purpose"),
    _maybe_int("row"),
    _maybe_int("seq"),
    _int("queued_at"),
    _int("next_try"),
    _int("attempts"),
    _maybe_int("first_sent_at"),
    _int("claimed_until"),
    _maybe_text("token"),
    _maybe_int("confirmed_at"),
    _maybe_text("parked"),
    _maybe_int("sent_id"),
    _key("portal", "ref", "subscription"),
    Index(
        "outbox_waiting",
        "portal",
        "urgency",
        "queued_at",
        sqlite_where=text("confirmed_at IS NULL"),
        postgresql_where=text("confirmed_at IS NULL"),
    ),
)
sent = _table(
    "sent",
    _number(),
    _int("portal"),
    _int("subscription"),
    _text("status"),
    _text("origin"),
    _int("queued_at"),
    _int("sent_at"),
    _maybe_int("confirmed_at"),
    Index("sent_by_time", "portal", "sent_at"),
)
review = _table(
    "review",
    _number(),
    _int("portal"),
    _text("kind"),
    _text("key"),
    _text("question"),
    _text("options"),
    _maybe_int("person_id"),
    _text("purpose"),
    _maybe_int("row"),
    _int("opened_at"),
    _maybe_bytes("sealed"),
    _text("approvals"),
    _maybe_int("decided_at"),
    _maybe_text("decision"),
    _maybe_text("decided_by"),
    Index("review_by_person", "person_id"),
    Index(
        "review_open",
        "portal",
        "key",
        unique=True,
        sqlite_where=text("decided_at IS NULL"),
        postgresql_where=text("decided_at IS NULL"),
    ),
)
suppression = _clustered(
    "suppression",
    _int("portal"),
    _bytes("hash"),
    _text("kind"),
    _text("scope"),
    _int("kid"),
    _text("month"),
    _text("review_month"),
    _key("portal", "hash", "kind", "scope"),
)
open_case = _clustered(
    "open_case",
    _int("portal"),
    _int("contact_id"),
    _text("kind"),
    _int("opened_at"),
    _maybe_int("hold_until"),
    _key("portal", "contact_id", "kind"),
)
run = _table(
    "run",
    _number(),
    _int("portal"),
    _text("job"),
    _text("run_ref"),
    _int("started_at"),
    _int("beat_at"),
    _maybe_int("ended_at"),
    _maybe_text("outcome"),
    _text("figures"),
    _maybe_text("error"),
    _int("pid"),
    Index("run_by_job", "portal", "job", "id"),
)
due = _clustered(
    "due",
    _int("portal"),
    _text("job"),
    _int("next_at"),
    _maybe_int("done_at"),
    _int("failures"),
    _maybe_int("running_since"),
    _flag("asked"),
    _key("portal", "job"),
)
#: Who works on a portal in a fleet: a paused worker can no longer write once `number` moved on (RE 2.4).
fence = _clustered(
    "fence",
    _int("portal"),
    _int("number"),
    _maybe_text("worker"),
    _maybe_int("beat_at"),
    _key("portal"),
)
cursor = _clustered("cursor", _int("portal"), _text("key"), _text("value"), _key("portal", "key"))
meta = _clustered("meta", _int("portal"), _text("key"), _text("value"), _key("portal", "key"))
report = _clustered(
    "report",
    _int("portal"),
    _text("date"),
    _int("made_at"),
    _text("message_id"),
    _text("document"),
    _maybe_int("sent_at"),
    _int("attempts"),
    _maybe_text("error"),
    _key("portal", "date"),
)
mail = _table(
    "mail",
    _number(),
    _int("portal"),
    _bytes("key"),  # keyed index of the letter's own key: one letter, however often it is queued
    _text("kind"),
    _text("message"),  # the local part of its Message-ID, the same for every try
    _maybe_int("person_id"),  # NULL: nobody's, sealed with the portal's own key
    _maybe_bytes("ref"),  # reference of the address
    _maybe_bytes("sealed"),  # address, texts, attachments; NULL once it is over
    _text("state"),
    _maybe_text("reason"),
    _int("queued_at"),
    _maybe_int("expires_at"),
    _int("next_try"),
    _int("attempts"),
    _maybe_int("first_try"),
    _int("claimed_until"),
    _maybe_text("token"),
    _maybe_int("ended_at"),
    Index("mail_by_key", "portal", "key", unique=True),
    Index("mail_by_person", "person_id"),
    Index(
        "mail_waiting",
        "portal",
        "next_try",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
account = _clustered("account", _text("name"), _text("role"), _text("hash"), _int("created_at"), _key("name"))
session = _clustered(
    "session",
    _bytes("hash"),  # of the cookie's value, which is nowhere else
    _text("name"),
    _int("created_at"),
    _int("seen_at"),
    _key("hash"),
    Index("session_by_name", "name"),
)
pace = _clustered("pace", _int("portal"), _text("state"), _key("portal"))
export = _table(
    "export",
    _number(),
    _int("portal"),
    _text("kind"),
    _text("purpose"),
    _text("made_by"),
    _int("made_at"),
    _int("destroy_by"),
    _maybe_bytes("path"),
    _maybe_int("person_id"),
    _maybe_int("people"),
    _maybe_bytes("sha256"),
    _maybe_int("ended_at"),
    _maybe_text("outcome"),
    _maybe_text("ended_by"),
    Index("export_by_person", "person_id"),
    Index(
        "export_standing",
        "portal",
        "destroy_by",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

#: The desk (Art. 12, 15-21). `sealed`: the address and what the person wrote; gone once it is settled.
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
#: What others have to be told or to change until they confirm: recipients (Art. 19), and HubSpot's own record
#: of a corrected datum (Art. 16). `cause` is what led to it: one errand for each cause, kind and target.
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

#: Which address a link is about (consent-domain 8).
link = _clustered(
    "link",
    _int("portal"),
    _bytes("id"),
    _bytes("ref"),
    _key("portal", "id"),
    Index("link_by_ref", "ref"),
)
#: Sign-ups that wait for their confirmation by mail: seven days at most.
signup = _clustered(
    "signup",
    _int("portal"),
    _bytes("id"),
    _bytes("ref"),
    _text("purpose"),
    _int("asked_at"),
    _int("ends_at"),
    _maybe_int("done_at"),
    _maybe_bytes("sealed"),
    _key("portal", "id"),
    Index("signup_by_ref", "portal", "ref"),
)
#: Records that HubSpot told us to look at again.
hint = _clustered(
    "hint",
    _int("portal"),
    _int("contact_id"),
    _text("kind"),
    _int("heard_at"),
    _int("first_at"),
    _int("next_try"),
    _int("attempts"),
    _key("portal", "contact_id", "kind"),
    Index("hint_due", "portal", "next_try"),
)
#: What retention counts from, per HubSpot record: names and times of the declared properties.
moment = _clustered(
    "moment",
    _int("portal"),
    _int("contact_id"),
    _text("dates"),
    _int("read_at"),
    _key("portal", "contact_id"),
    Index("moment_by_read", "portal", "read_at"),
)
#: Who is about to leave the register because every purpose's time is over; with a purpose: the proof of an
#: ended consent of somebody who stays.
leaving = _clustered(
    "leaving",
    _int("portal"),
    _int("person_id"),
    _text("purpose"),
    _int("found_at"),
    _int("due_at"),
    _maybe_int("review"),
    _maybe_text("approved_by"),
    _maybe_int("declined_until"),
    _key("portal", "person_id", "purpose"),
)
grantee = _table(
    "grantee",
    _number(),
    _int("portal"),
    _text("kind"),
    _bytes("ref"),  # keyed index of what it is: a user's number, a file's path
    _maybe_bytes("address"),  # keyed index of a user's address, by which an erasure finds the row
    _maybe_bytes("sealed"),
    _maybe_bytes("motive"),
    _int("first_seen"),
    _int("last_seen"),
    _maybe_int("last_login"),
    _maybe_int("gone_at"),
    _maybe_int("justified_at"),
    _maybe_text("justified_by"),
    _maybe_int("review_at"),
    Index("grantee_by_ref", "portal", "kind", "ref", unique=True),
    Index("grantee_by_address", "address"),
)
mailed = _clustered(
    "mailed",
    _int("portal"),
    _int("person_id"),
    _text("purpose"),
    _text("reason"),
    _int("sent_at"),
    _int("found_at"),
    _bytes("sealed"),  # the mail's name, under the person's key
    _key("portal", "person_id", "purpose"),
)

#: Never changed and never deleted, by nobody (consent-domain 9, threat 16).
APPEND_ONLY: Final = ("entry", "checkpoint")
