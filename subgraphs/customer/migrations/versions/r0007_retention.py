"""Old rows of the access log may be deleted, but only on purpose, and never young ones.

`customer expire` says so for its own transaction (`customer_graph.retention`); a DELETE without that is still
refused, and so is, for everybody, a row of the last 180 days: Brazil's Marco Civil da Internet (Lei 12.965 of
2014, art. 15) has providers keep records of access for six months.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

_REFUSE = """
    CREATE OR REPLACE FUNCTION customer_graph.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN{unless}
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$
"""
_UNLESS = """
        IF TG_OP = 'DELETE' AND current_setting('customer_graph.retention', true) = 'on' THEN
            RETURN NULL;
        END IF;"""

_KEEP = """
    CREATE FUNCTION customer_graph.keep_young_access() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.at >= now() - interval '180 days' THEN
            RAISE EXCEPTION 'rows of the last 180 days are kept by law'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN OLD;
    END $$
"""


def upgrade() -> None:
    """Let the owner delete old rows on purpose."""
    op.execute(_REFUSE.format(unless=_UNLESS))
    op.execute(_KEEP)
    op.execute(
        """CREATE TRIGGER young_rows_stay BEFORE DELETE ON customer_graph.access_log
           FOR EACH ROW EXECUTE FUNCTION customer_graph.keep_young_access()"""
    )


def downgrade() -> None:
    """Nobody deletes anything again."""
    op.execute("DROP TRIGGER young_rows_stay ON customer_graph.access_log")
    op.execute("DROP FUNCTION customer_graph.keep_young_access()")
    op.execute(_REFUSE.format(unless=""))
