"""Tables, constraints, indexes and the triggers that guard them, in the schema `customer_graph`.

Only the owner role may name what is in here, but for the outbox, which the relay reads.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

_STATES = "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO"
_STATE_LIST = ", ".join(f"'{state}'" for state in _STATES.split())

_TABLES = (
    "CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA customer_graph",
    # An erased customer keeps its id and version, as the tombstone that later events are told by.
    """
    CREATE TABLE customer_graph.customer (
        id uuid PRIMARY KEY,
        version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
        name text CHECK (length(name) BETWEEN 1 AND 200),
        birth_date date CHECK (birth_date >= '1890-01-01'),
        cpf_ciphertext bytea,
        cpf_index bytea CONSTRAINT customer_cpf_unique UNIQUE CHECK (octet_length(cpf_index) = 32),
        email_ciphertext bytea,
        phone_ciphertext bytea,
        total_debt numeric(16, 2) NOT NULL DEFAULT 0 CHECK (total_debt >= 0),
        total_assets numeric(16, 2) NOT NULL DEFAULT 0 CHECK (total_assets >= 0),
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        erased_at timestamptz,
        CONSTRAINT customer_whole_or_erased CHECK (
            CASE WHEN erased_at IS NULL
                 THEN num_nulls(name, birth_date, cpf_ciphertext, cpf_index) = 0
                 ELSE num_nonnulls(name, birth_date, cpf_ciphertext, cpf_index,
                                   email_ciphertext, phone_ciphertext) = 0 END)
    )
    """,
    f"""
    CREATE TABLE customer_graph.address (
        id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer_graph.customer (id),
        position smallint NOT NULL CHECK (position >= 0),
        street_ciphertext bytea NOT NULL,
        number text NOT NULL CHECK (length(number) BETWEEN 1 AND 60),
        complement text CHECK (length(complement) BETWEEN 1 AND 200),
        district text NOT NULL CHECK (length(district) BETWEEN 1 AND 200),
        city text NOT NULL CHECK (length(city) BETWEEN 1 AND 200),
        state text NOT NULL CHECK (state IN ({_STATE_LIST})),
        postal_code text NOT NULL CHECK (postal_code ~ '^[0-9]{{5}}-[0-9]{{3}}$'),
        retired_at timestamptz
    )
    """,
    """
    CREATE TABLE customer_graph.debt (
        id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer_graph.customer (id),
        creditor text NOT NULL CHECK (length(creditor) BETWEEN 1 AND 200),
        amount numeric(14, 2) NOT NULL CHECK (amount > 0),
        contracted_on date NOT NULL CHECK (contracted_on >= '1900-01-01'),
        due_on date NOT NULL CHECK (due_on < '2200-01-01'),
        settled_on date,
        CONSTRAINT debt_due_after_contract CHECK (due_on >= contracted_on),
        CONSTRAINT debt_settled_after_contract CHECK (settled_on >= contracted_on)
    )
    """,
    """
    CREATE TABLE customer_graph.asset (
        id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer_graph.customer (id),
        kind text NOT NULL CHECK (kind IN ('REAL_ESTATE', 'VEHICLE', 'INVESTMENT', 'OTHER')),
        description text NOT NULL CHECK (length(description) BETWEEN 1 AND 500),
        value numeric(14, 2) NOT NULL CHECK (value > 0),
        acquired_on date CHECK (acquired_on >= '1900-01-01'),
        removed_at timestamptz
    )
    """,
    """
    CREATE TABLE customer_graph.income (
        id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer_graph.customer (id),
        kind text NOT NULL
            CHECK (kind IN ('SALARY', 'SELF_EMPLOYED', 'RENT', 'PENSION', 'INVESTMENT', 'OTHER')),
        source text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
        monthly_amount numeric(14, 2) NOT NULL CHECK (monthly_amount > 0),
        started_on date NOT NULL CHECK (started_on >= '1900-01-01'),
        ended_on date,
        CONSTRAINT income_ended_after_start CHECK (ended_on >= started_on)
    )
    """,
    # Neither the key nor the input is kept, only their keyed hashes: callers put personal data into both.
    """
    CREATE TABLE customer_graph.idempotency (
        principal text NOT NULL,
        key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
        input_hash bytea NOT NULL CHECK (octet_length(input_hash) = 32),
        customer_id uuid NOT NULL,
        event_id uuid NOT NULL,
        version integer NOT NULL,
        targets text[] NOT NULL,
        accepted_at timestamptz NOT NULL,
        PRIMARY KEY (principal, key_hash)
    )
    """,
    """
    CREATE TABLE customer_graph.erasure (
        customer_id uuid PRIMARY KEY REFERENCES customer_graph.customer (id),
        reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
        requested_by text NOT NULL,
        event_id uuid NOT NULL,
        version integer NOT NULL,
        erased_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    # Columns after Debezium's outbox. The payload bound is SQS's 256 KiB less the envelope.
    """
    CREATE TABLE customer_graph.outbox (
        id uuid PRIMARY KEY,
        aggregatetype text NOT NULL,
        aggregateid uuid NOT NULL REFERENCES customer_graph.customer (id),
        type text NOT NULL,
        payload jsonb NOT NULL
            CONSTRAINT outbox_payload_fits_message CHECK (octet_length(payload::text) <= 250000),
        sequence bigint NOT NULL CHECK (sequence >= 1),
        queue text NOT NULL,
        traceparent text,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        published_at timestamptz,
        position bigint GENERATED ALWAYS AS IDENTITY
    )
    """,
    """
    CREATE TABLE customer_graph.relay_queue (
        queue text PRIMARY KEY,
        incarnation text,
        drained_at timestamptz,
        in_flight integer NOT NULL DEFAULT 0 CHECK (in_flight >= 0),
        dead_lettered integer NOT NULL DEFAULT 0 CHECK (dead_lettered >= 0),
        observed_at timestamptz,
        last_published_at timestamptz
    )
    """,
    """
    CREATE TABLE customer_graph.access_log (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        request_id text NOT NULL,
        subject text,
        operation_type text,
        operation_name text,
        customer_ids uuid[] NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('OK', 'USER_ERROR', 'PARTIAL', 'ERROR')),
        status smallint NOT NULL,
        duration_ms double precision NOT NULL CHECK (duration_ms >= 0)
    )
    """,
)

_INDEXES = (
    "CREATE INDEX customer_by_creation ON customer_graph.customer (created_at, id) WHERE erased_at IS NULL",
    "CREATE INDEX customer_by_update ON customer_graph.customer (updated_at, id) WHERE erased_at IS NULL",
    "CREATE INDEX customer_by_total_debt ON customer_graph.customer (total_debt, id) WHERE erased_at IS NULL",
    "CREATE INDEX address_of_customer ON customer_graph.address (customer_id, position)",
    """CREATE INDEX address_by_place ON customer_graph.address (state, lower(city), customer_id)
       WHERE retired_at IS NULL""",
    "CREATE INDEX debt_of_customer ON customer_graph.debt (customer_id, id)",
    "CREATE INDEX debt_by_due_date ON customer_graph.debt (customer_id, due_on) WHERE settled_on IS NULL",
    "CREATE INDEX asset_of_customer ON customer_graph.asset (customer_id, id)",
    "CREATE INDEX income_of_customer ON customer_graph.income (customer_id, id)",
    "CREATE INDEX outbox_pending ON customer_graph.outbox (queue, position) WHERE published_at IS NULL",
    """CREATE INDEX outbox_pending_of_aggregate ON customer_graph.outbox (queue, aggregateid, position)
       WHERE published_at IS NULL""",
    "CREATE INDEX outbox_of_aggregate ON customer_graph.outbox (aggregateid, position)",
    "CREATE INDEX outbox_of_queue ON customer_graph.outbox (queue, published_at)",
    """CREATE UNIQUE INDEX outbox_one_profile_a_version ON customer_graph.outbox (aggregateid, sequence)
       WHERE type = 'customer.profile.v1'""",
    "CREATE INDEX access_log_by_time ON customer_graph.access_log (at)",
    "CREATE INDEX access_log_by_customer ON customer_graph.access_log USING gin (customer_ids)",
)

_TRIGGERS = (
    # A forgotten WHERE must not reach a second customer.
    """
    CREATE FUNCTION customer_graph.refuse_mass_update() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_user = 'customer_app' AND (SELECT count(*) FROM changed) > 1 THEN
            RAISE EXCEPTION 'an update of the service must not change two customers'
                USING ERRCODE = 'triggered_action_exception';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION customer_graph.refuse_mass_child_update() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_user = 'customer_app' AND (SELECT count(DISTINCT customer_id) FROM changed) > 1 THEN
            RAISE EXCEPTION 'an update of the service must not change two customers'
                USING ERRCODE = 'triggered_action_exception';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER one_customer_an_update AFTER UPDATE ON customer_graph.customer
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
        EXECUTE FUNCTION customer_graph.refuse_mass_update()
    """,
    *(
        f"""
        CREATE TRIGGER one_customer_an_update AFTER UPDATE ON customer_graph.{table}
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
            EXECUTE FUNCTION customer_graph.refuse_mass_child_update()
        """
        for table in ("address", "debt", "asset", "income")
    ),
    """
    CREATE FUNCTION customer_graph.require_next_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.version <> OLD.version + 1 THEN
            RAISE EXCEPTION 'a change of a customer must raise its version by one'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER version_grows_by_one BEFORE UPDATE ON customer_graph.customer
        FOR EACH ROW EXECUTE FUNCTION customer_graph.require_next_version()
    """,
    """
    CREATE FUNCTION customer_graph.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON customer_graph.access_log
        FOR EACH STATEMENT EXECUTE FUNCTION customer_graph.refuse_change()
    """,
    # Erasure empties payloads; whatever republishes rows later must not send an empty one.
    """
    CREATE FUNCTION customer_graph.keep_wiped_row_published() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.published_at := OLD.published_at;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER wiped_stays_published BEFORE UPDATE OF published_at ON customer_graph.outbox
        FOR EACH ROW
        WHEN (NEW.published_at IS NULL AND OLD.payload = '{}' AND OLD.type <> 'customer.erased.v1')
        EXECUTE FUNCTION customer_graph.keep_wiped_row_published()
    """,
    """
    CREATE FUNCTION customer_graph.announce_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('customer_outbox', '');
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER announced AFTER INSERT ON customer_graph.outbox
        FOR EACH STATEMENT EXECUTE FUNCTION customer_graph.announce_outbox()
    """,
)

_RELAY_GRANTS = (
    "GRANT USAGE ON SCHEMA customer_graph TO customer_relay",
    "GRANT SELECT, UPDATE (published_at) ON customer_graph.outbox TO customer_relay",
    "GRANT SELECT, INSERT, UPDATE ON customer_graph.relay_queue TO customer_relay",
)

_DOWN = (
    *(
        f"DROP TABLE customer_graph.{table}"
        for table in (
            "access_log", "relay_queue", "outbox", "erasure", "idempotency", "income", "asset", "debt",
            "address", "customer",
        )
    ),
    *(
        f"DROP FUNCTION customer_graph.{function}()"
        for function in (
            "announce_outbox", "keep_wiped_row_published", "refuse_change", "require_next_version",
            "refuse_mass_child_update", "refuse_mass_update",
        )
    ),
    "DROP EXTENSION pgcrypto",
    "REVOKE USAGE ON SCHEMA customer_graph FROM customer_relay",
)  # fmt: skip


def upgrade() -> None:
    """Create everything; the roles must exist (see `store.provision`)."""
    for statement in (*_TABLES, *_INDEXES, *_TRIGGERS, *_RELAY_GRANTS):
        op.execute(statement)


def downgrade() -> None:
    """Drop everything, data included."""
    for statement in _DOWN:
        op.execute(statement)
