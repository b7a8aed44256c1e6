"""Run by Alembic: every step in the caller's one transaction, triggers made anew at the end."""

from alembic import context

from connector.store import triggers
from connector.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=False,  # the caller's transaction is the one; SQLite's DDL rolls back in it as well
)
if connection.dialect.name == "postgresql":
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4271990)")  # two programs that start at once
context.run_migrations()
triggers.recreate(connection)
