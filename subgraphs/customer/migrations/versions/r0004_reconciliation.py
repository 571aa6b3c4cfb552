"""What reconciliation needs: pages of the outbox without payloads, and sending events again.

The service's role gets two functions, no privilege on the table: it still cannot read payloads, mark events
as published, or touch more of them than it names.
"""

# ruff: noqa: S608 - the statements are put together from constants of this file

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, customer_graph, pg_temp"

_FUNCTIONS = {
    # Of a customer's profile events only the newest matters, since each holds the whole profile; what an
    # erasure wiped is nobody's to have.
    "outbox_events(text, timestamptz, bigint, integer)": f"""
        CREATE FUNCTION customer_service.outbox_events(
            p_queue text, p_published_before timestamptz, p_after bigint, p_limit integer)
        RETURNS TABLE ("position" bigint, id uuid, customer_id uuid, type text, sequence bigint)
        LANGUAGE sql STABLE {_DEFINER} AS $$
            SELECT o.position, o.id, o.aggregateid, o.type, o.sequence
              FROM customer_graph.outbox o
             WHERE o.queue = p_queue AND o.position > p_after AND o.published_at <= p_published_before
               AND (o.payload <> '{{}}' OR o.type = 'customer.erased.v1')
               AND (o.type <> 'customer.profile.v1' OR NOT EXISTS (
                    SELECT FROM customer_graph.outbox newer
                     WHERE newer.aggregateid = o.aggregateid AND newer.position > o.position
                       AND newer.queue = o.queue))
             ORDER BY o.position LIMIT p_limit
        $$""",
    "republish(uuid[])": f"""
        CREATE FUNCTION customer_service.republish(p_ids uuid[]) RETURNS integer
        LANGUAGE plpgsql {_DEFINER} AS $$
        DECLARE
            v_count integer;
        BEGIN
            UPDATE customer_graph.outbox SET published_at = NULL
             WHERE id = ANY (p_ids) AND published_at IS NOT NULL
               AND (payload <> '{{}}' OR type = 'customer.erased.v1');
            GET DIAGNOSTICS v_count = ROW_COUNT;
            PERFORM pg_notify('customer_outbox', '');
            RETURN v_count;
        END $$""",
}


def upgrade() -> None:
    """Create the index and both functions, and grant them to the service's role."""
    op.execute("CREATE INDEX outbox_by_position ON customer_graph.outbox (queue, position)")
    for signature, statement in _FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION customer_service.{signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION customer_service.{signature} TO customer_app")


def downgrade() -> None:
    """Take them away; no data is in them."""
    for signature in _FUNCTIONS:
        op.execute(f"DROP FUNCTION customer_service.{signature}")
    op.execute("DROP INDEX customer_graph.outbox_by_position")
