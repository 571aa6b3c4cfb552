"""What the role `customer_app` may do: the views and functions of `customer_service`, nothing else.

The role holds no privilege in `customer_graph`. Views are security barriers, privileges are by column,
ciphertext can be written but not read, and there is no DELETE or TRUNCATE at all.
"""

# ruff: noqa: S608 - the statements are put together from constants of this file

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, customer_graph, pg_temp"

#: Cipher AES-256. The key is random, so stretching it (s2k-mode 3) would only cost time on every read.
_CIPHER = "cipher-algo=aes256, s2k-mode=1"

_VIEWS = {
    "customer": """
        SELECT id, version, name, birth_date, cpf_ciphertext, cpf_index, email_ciphertext,
               phone_ciphertext, total_debt, total_assets, created_at, updated_at, erased_at
          FROM customer_graph.customer""",
    "address": """
        SELECT id, customer_id, position, street_ciphertext, number, complement, district, city, state,
               postal_code, retired_at FROM customer_graph.address""",
    "debt": """
        SELECT id, customer_id, creditor, amount, contracted_on, due_on, settled_on
          FROM customer_graph.debt""",
    "asset": """
        SELECT id, customer_id, kind, description, value, acquired_on, removed_at
          FROM customer_graph.asset""",
    "income": """
        SELECT id, customer_id, kind, source, monthly_amount, started_on, ended_on
          FROM customer_graph.income""",
    "idempotency": "SELECT * FROM customer_graph.idempotency",
    "erasure": "SELECT customer_id, event_id, version, erased_at FROM customer_graph.erasure",
    "outbox": """
        SELECT id, aggregatetype, aggregateid, type, payload, sequence, queue, traceparent
          FROM customer_graph.outbox""",
    "outbox_pending": """
        SELECT queue, count(*) AS pending, min(created_at) AS oldest_at FROM customer_graph.outbox
         WHERE published_at IS NULL GROUP BY queue""",
    "relay_queue": """
        SELECT queue, in_flight, dead_lettered, last_published_at FROM customer_graph.relay_queue""",
    "access_log": """
        SELECT at, request_id, subject, operation_type, operation_name, customer_ids, outcome, status,
               duration_ms FROM customer_graph.access_log""",
}

_GRANTS = (
    "GRANT USAGE ON SCHEMA customer_service TO customer_app",
    """GRANT SELECT (id, version, name, birth_date, total_debt, total_assets, created_at, updated_at,
                     erased_at),
             INSERT (id, name, birth_date, cpf_ciphertext, cpf_index, email_ciphertext, phone_ciphertext,
                     total_debt, total_assets),
             UPDATE (version, name, email_ciphertext, phone_ciphertext, total_debt, total_assets, updated_at)
          ON customer_service.customer TO customer_app""",
    """GRANT SELECT (id, customer_id, position, city, state, retired_at),
             INSERT (id, customer_id, position, street_ciphertext, number, complement, district, city, state,
                     postal_code),
             UPDATE (retired_at)
          ON customer_service.address TO customer_app""",
    """GRANT SELECT, INSERT, UPDATE (settled_on) ON customer_service.debt TO customer_app""",
    """GRANT SELECT, INSERT (id, customer_id, kind, description, value, acquired_on), UPDATE (removed_at)
          ON customer_service.asset TO customer_app""",
    """GRANT SELECT, INSERT (id, customer_id, kind, source, monthly_amount, started_on), UPDATE (ended_on)
          ON customer_service.income TO customer_app""",
    "GRANT SELECT, INSERT ON customer_service.idempotency TO customer_app",
    "GRANT SELECT ON customer_service.erasure TO customer_app",
    "GRANT INSERT ON customer_service.outbox TO customer_app",
    "GRANT SELECT ON customer_service.outbox_pending, customer_service.relay_queue TO customer_app",
    "GRANT INSERT ON customer_service.access_log TO customer_app",
)

_FUNCTIONS = {
    "is_cpf(text)": """
        CREATE FUNCTION customer_service.is_cpf(p_cpf text) RETURNS boolean
        LANGUAGE sql IMMUTABLE STRICT AS $$
            SELECT p_cpf ~ '^[0-9]{11}$' AND p_cpf !~ '^(.)\\1{10}$' AND (
                SELECT bool_and(sums.total * 10 % 11 % 10 = substr(p_cpf, sums.checked, 1)::int)
                  FROM (SELECT checked, sum(substr(p_cpf, place, 1)::int * (checked + 1 - place)) AS total
                          FROM generate_series(10, 11) AS checked, generate_series(1, checked - 1) AS place
                         GROUP BY checked) AS sums)
        $$""",
    "seal(text, text)": f"""
        CREATE FUNCTION customer_service.seal(p_plain text, p_key text) RETURNS bytea
        LANGUAGE sql STRICT {_DEFINER} AS $$
            SELECT customer_graph.pgp_sym_encrypt(p_plain, p_key, '{_CIPHER}')
        $$""",
    "seal_cpf(text, text)": f"""
        CREATE FUNCTION customer_service.seal_cpf(p_cpf text, p_key text) RETURNS bytea
        LANGUAGE plpgsql STRICT {_DEFINER} AS $$
        BEGIN
            IF NOT customer_service.is_cpf(p_cpf) THEN
                RAISE EXCEPTION 'check digits of a CPF are wrong' USING ERRCODE = 'check_violation';
            END IF;
            RETURN customer_graph.pgp_sym_encrypt(p_cpf, p_key, '{_CIPHER}');
        END $$""",
    "contacts(uuid[], text)": f"""
        CREATE FUNCTION customer_service.contacts(p_ids uuid[], p_key text)
        RETURNS TABLE (customer_id uuid, cpf text, email text, phone text)
        LANGUAGE sql STABLE {_DEFINER} AS $$
            SELECT id, customer_graph.pgp_sym_decrypt(cpf_ciphertext, p_key),
                   customer_graph.pgp_sym_decrypt(email_ciphertext, p_key),
                   customer_graph.pgp_sym_decrypt(phone_ciphertext, p_key)
              FROM customer_graph.customer WHERE id = ANY (p_ids) AND erased_at IS NULL
        $$""",
    "addresses(uuid[], text)": f"""
        CREATE FUNCTION customer_service.addresses(p_ids uuid[], p_key text)
        RETURNS TABLE (customer_id uuid, street text, number text, complement text, district text, city text,
                       state text, postal_code text)
        LANGUAGE sql STABLE {_DEFINER} AS $$
            SELECT customer_id, customer_graph.pgp_sym_decrypt(street_ciphertext, p_key), number, complement,
                   district, city, state, postal_code
              FROM customer_graph.address WHERE customer_id = ANY (p_ids) AND retired_at IS NULL
             ORDER BY customer_id, position
        $$""",
    "customer_id_by_cpf(bytea)": f"""
        CREATE FUNCTION customer_service.customer_id_by_cpf(p_index bytea) RETURNS uuid
        LANGUAGE sql STABLE {_DEFINER} AS $$
            SELECT id FROM customer_graph.customer WHERE cpf_index = p_index
        $$""",
    # Debts, assets and incomes are personal data too. Events not yet published are superseded by the erasure.
    "erase_customer(uuid, text, text, uuid)": f"""
        CREATE FUNCTION customer_service.erase_customer(
            p_id uuid, p_reason text, p_requested_by text, p_event_id uuid)
        RETURNS integer LANGUAGE plpgsql {_DEFINER} AS $$
        DECLARE
            v_version integer;
        BEGIN
            UPDATE customer_graph.customer
               SET version = version + 1, name = NULL, birth_date = NULL, cpf_ciphertext = NULL,
                   cpf_index = NULL, email_ciphertext = NULL, phone_ciphertext = NULL, total_debt = 0,
                   total_assets = 0, updated_at = clock_timestamp(), erased_at = clock_timestamp()
             WHERE id = p_id AND erased_at IS NULL RETURNING version INTO STRICT v_version;
            DELETE FROM customer_graph.address WHERE customer_id = p_id;
            DELETE FROM customer_graph.debt WHERE customer_id = p_id;
            DELETE FROM customer_graph.asset WHERE customer_id = p_id;
            DELETE FROM customer_graph.income WHERE customer_id = p_id;
            UPDATE customer_graph.outbox
               SET payload = '{{}}', published_at = coalesce(published_at, clock_timestamp())
             WHERE aggregateid = p_id;
            INSERT INTO customer_graph.erasure (customer_id, reason, requested_by, event_id, version)
            VALUES (p_id, p_reason, p_requested_by, p_event_id, v_version);
            RETURN v_version;
        END $$""",
}


def upgrade() -> None:
    """Create views and functions and grant them to the service's role."""
    op.execute("CREATE SCHEMA customer_service")
    for name, query in _VIEWS.items():
        op.execute(f"CREATE VIEW customer_service.{name} WITH (security_barrier) AS {query}")
    for signature, statement in _FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION customer_service.{signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION customer_service.{signature} TO customer_app")
    for statement in _GRANTS:
        op.execute(statement)


def downgrade() -> None:
    """Take the surface away; no data is in it."""
    op.execute("DROP SCHEMA customer_service CASCADE")
