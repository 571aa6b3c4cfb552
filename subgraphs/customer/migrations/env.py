"""Alembic's entry point: runs the revisions on the connection that `store.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

#: Any number will do as long as it stays: two migrations at once would run one after the other.
_LOCK = 7_264_401_993


def _run(connection: Connection) -> None:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS customer_graph"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    context.configure(connection=connection, version_table_schema="customer_graph")
    context.run_migrations()


_run(context.config.attributes["connection"])
