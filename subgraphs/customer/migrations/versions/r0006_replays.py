"""An event that is sent again says so, so that SQS does not take it for a repetition and drop it.

SQS drops a message whose de-duplication id it has seen within five minutes. Whoever lets events wait for the
relay once more gives them the id of that wish; relay and queue tell the two sendings apart by it.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_REPUBLISH = """
    CREATE OR REPLACE FUNCTION customer_service.republish(p_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customer_graph, pg_temp AS $$
    DECLARE
        v_count integer;
    BEGIN
        UPDATE customer_graph.outbox SET published_at = NULL{also}
         WHERE id = ANY (p_ids) AND published_at IS NOT NULL
           AND (payload <> '{{}}' OR type = 'customer.erased.v1');
        GET DIAGNOSTICS v_count = ROW_COUNT;
        PERFORM pg_notify('customer_outbox', '');
        RETURN v_count;
    END $$
"""


def upgrade() -> None:
    """Add the column, let the relay's role set it, and let reconciliation use it."""
    op.execute("ALTER TABLE customer_graph.outbox ADD COLUMN replay uuid")
    op.execute("GRANT UPDATE (replay) ON customer_graph.outbox TO customer_relay")
    op.execute(_REPUBLISH.format(also=", replay = gen_random_uuid()"))


def downgrade() -> None:
    """Take it away; events that wait are sent by their own ids again."""
    op.execute(_REPUBLISH.format(also=""))
    op.execute("ALTER TABLE customer_graph.outbox DROP COLUMN replay")
