"""The statements of a mutation, constant texts with bound parameters."""

# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

__all__ = [
    "APPEND",
    "CPF_OF",
    "END_INCOME",
    "ERASE",
    "ERASURE_OF",
    "FIRST_PLACE",
    "HOLD_TO_CHANGE",
    "HOLD_TO_REFER",
    "INSERT_ADDRESS",
    "INSERT_ASSET",
    "INSERT_CUSTOMER",
    "INSERT_DEBT",
    "INSERT_INCOME",
    "PROBE",
    "RECALL",
    "REMEMBER",
    "REMOVE_ASSET",
    "RETIRE_ADDRESSES",
    "SETTLE_DEBT",
    "raise_version",
]

_HOLD = "SELECT id, version, name, birth_date, erased_at FROM customer_service.customer WHERE id = :id"
HOLD_TO_CHANGE = text(f"{_HOLD} FOR UPDATE")
HOLD_TO_REFER = text(f"{_HOLD} FOR SHARE")
REMEMBER = text(
    "INSERT INTO customer_service.idempotency "
    "(principal, key_hash, input_hash, customer_id, event_id, version, targets, accepted_at) VALUES "
    "(:principal, :key_hash, :input_hash, :customer_id, :event_id, :version, :targets, :accepted_at) "
    "ON CONFLICT DO NOTHING"
)
RECALL = text(
    "SELECT input_hash, customer_id, event_id, version, targets, accepted_at "
    "FROM customer_service.idempotency WHERE principal = :principal AND key_hash = :key_hash"
)
INSERT_CUSTOMER = text(
    "INSERT INTO customer_service.customer (id, name, birth_date, cpf_ciphertext, cpf_index, "
    "email_ciphertext, phone_ciphertext, total_debt, total_assets) VALUES (:id, :name, :birth_date, "
    "customer_service.seal_cpf(:cpf, :key), :cpf_index, customer_service.seal(:email, :key), "
    "customer_service.seal(:phone, :key), :total_debt, :total_assets)"
)
INSERT_ADDRESS = text(
    "INSERT INTO customer_service.address (id, customer_id, position, street_ciphertext, number, complement, "
    "district, city, state, postal_code) VALUES (:id, :customer_id, :position, "
    "customer_service.seal(:street, :key), :number, :complement, :district, :city, :state, :postal_code)"
)
INSERT_DEBT = text(
    "INSERT INTO customer_service.debt (id, customer_id, creditor, amount, contracted_on, due_on) "
    "VALUES (:id, :customer_id, :creditor, :amount, :contracted_on, :due_on)"
)
INSERT_ASSET = text(
    "INSERT INTO customer_service.asset (id, customer_id, kind, description, value, acquired_on) "
    "VALUES (:id, :customer_id, :kind, :description, :value, :acquired_on)"
)
INSERT_INCOME = text(
    "INSERT INTO customer_service.income (id, customer_id, kind, source, monthly_amount, started_on) "
    "VALUES (:id, :customer_id, :kind, :source, :monthly_amount, :started_on)"
)
RETIRE_ADDRESSES = text(
    "UPDATE customer_service.address SET retired_at = clock_timestamp() "
    "WHERE customer_id = :customer_id AND retired_at IS NULL"
)
SETTLE_DEBT = text(
    "UPDATE customer_service.debt SET settled_on = :day WHERE id = :id AND customer_id = :customer_id"
)
REMOVE_ASSET = text(
    "UPDATE customer_service.asset SET removed_at = clock_timestamp() "
    "WHERE id = :id AND customer_id = :customer_id AND removed_at IS NULL"
)
END_INCOME = text(
    "UPDATE customer_service.income SET ended_on = :day WHERE id = :id AND customer_id = :customer_id"
)
FIRST_PLACE = text(
    "SELECT state, city FROM customer_service.address "
    "WHERE customer_id = :id AND retired_at IS NULL ORDER BY position LIMIT 1"
)
_ASSIGNMENTS = {
    "name": "name = :name",
    "email": "email_ciphertext = customer_service.seal(:email, :key)",
    "phone": "phone_ciphertext = customer_service.seal(:phone, :key)",
}


def raise_version(changed: Collection[str]) -> TextClause:
    """The one UPDATE of a customer's row that a change makes; `changed` are out of name, email, phone.

    Put together from constants: ciphertext that stays cannot be named, since the role may not read it.
    """
    own = "".join(f", {assignment}" for name, assignment in _ASSIGNMENTS.items() if name in changed)
    return text(
        "UPDATE customer_service.customer SET version = :version, total_debt = :total_debt, "
        f"total_assets = :total_assets, updated_at = clock_timestamp(){own} WHERE id = :id"
    )


CPF_OF = text("SELECT cpf FROM customer_service.contacts(ARRAY[CAST(:id AS uuid)], :key)")
ERASE = text("SELECT customer_service.erase_customer(:id, :reason, :requested_by, :event_id)")
ERASURE_OF = text("SELECT event_id, version, erased_at FROM customer_service.erasure WHERE customer_id = :id")
APPEND = text(
    "INSERT INTO customer_service.outbox "
    "(id, aggregatetype, aggregateid, type, payload, sequence, queue, traceparent, request_id) "
    "VALUES (:id, 'customer', :customer_id, :type, :payload, :sequence, :queue, :traceparent, :request_id)"
).bindparams(bindparam("payload", type_=JSONB))
#: Waits for whoever is inserting the same event; inserts nothing when it is there.
PROBE = text(
    "INSERT INTO customer_service.outbox (id, aggregatetype, aggregateid, type, payload, sequence, queue) "
    "VALUES (:id, 'customer', :customer_id, 'probe', '{}', 1, 'probe') ON CONFLICT DO NOTHING"
)
