"""The request id of the mutation that made an event goes with it, so that one id finds both in every log."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_COLUMNS = "id, aggregatetype, aggregateid, type, payload, sequence, queue, traceparent"


def upgrade() -> None:
    """Add the column, and show it to the service's role, which may insert it."""
    op.execute(
        """ALTER TABLE customer_graph.outbox ADD COLUMN request_id text
           CHECK (length(request_id) BETWEEN 1 AND 128)"""
    )
    # A view may grow at its end while it is in use; its grants stay.
    op.execute(_view(f"CREATE OR REPLACE VIEW {{}} AS SELECT {_COLUMNS}, request_id"))


def downgrade() -> None:
    """Take it away; with it goes by which request id an event was caused."""
    op.execute("DROP VIEW customer_service.outbox")
    op.execute("ALTER TABLE customer_graph.outbox DROP COLUMN request_id")
    op.execute(_view(f"CREATE VIEW {{}} AS SELECT {_COLUMNS}"))
    op.execute("GRANT INSERT ON customer_service.outbox TO customer_app")


def _view(statement: str) -> str:
    return statement.format("customer_service.outbox WITH (security_barrier)") + " FROM customer_graph.outbox"
