"""Triggers that refuse to change or delete what is append-only.

Alembic's batch mode copies a table and drops its triggers, so that every migration ends by `recreate`.
They stop mistakes and casual edits; who owns the database can drop them, and then the chain tells.
"""

from sqlalchemy import Connection, bindparam, text

from connector.store.tables import APPEND_ONLY, metadata

_NAME = "consent_mirror_append_only"
_BODY = " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END "
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS
$${_BODY.replace("%", "%%")}$$
"""
#: What PostgreSQL keeps of such a trigger: for each statement, before UPDATE, DELETE and TRUNCATE (58), in
#: force, without columns and without a condition.
_SHAPE = "58 O   "


def recreate(connection: Connection) -> None:
    """Drop and create the triggers of every append-only table."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_FUNCTION)
    for table in APPEND_ONLY:
        statements = _postgresql(table) if connection.dialect.name == "postgresql" else _sqlite(table)
        for statement in statements:
            connection.exec_driver_sql(statement)


def _sqlite(table: str) -> list[str]:
    statements = []
    for verb in ("UPDATE", "DELETE"):
        name = f"{table}_no_{verb.lower()}"
        statements += [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        ]
    return statements


def _postgresql(table: str) -> list[str]:
    return [
        f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_NAME}()",
    ]


#: On PostgreSQL other programs' tables may stand beside ours (procrastinate's): only ours are looked at.
_PRESENT = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :tables",
    "postgresql": (
        "SELECT tgname, "
        "concat_ws(' ', tgtype, tgenabled, tgattr, coalesce(tgqual::text, ''), proname, prosrc) "
        "FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid "
        "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace "
        "AND tgenabled <> 'D' AND relname IN :tables"
    ),
}


def present(connection: Connection) -> dict[str, str]:
    """The triggers that act on our tables now: name and text (PostgreSQL: when they act, what they run)."""
    statement = text(_PRESENT[connection.dialect.name]).bindparams(bindparam("tables", expanding=True))
    rows = connection.execute(statement, {"tables": sorted(metadata.tables)})
    return {str(name): str(sql) for name, sql in rows}


def expected(connection: Connection) -> dict[str, str]:
    """The same for a database as we make it."""
    if connection.dialect.name == "postgresql":
        return {f"{table}_append_only": f"{_SHAPE}{_NAME} {_BODY}" for table in APPEND_ONLY}
    made = [each for table in APPEND_ONLY for each in _sqlite(table) if each.startswith("CREATE")]
    return {each.split()[2]: each for each in made}
