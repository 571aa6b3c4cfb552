"""The schema that migrations build is the one that the code's models describe, however it was reached."""

from __future__ import annotations

import asyncio
import re
import types
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from subgraphs.customer.domain.profile import (
    Address,
    Asset,
    AssetKind,
    Contact,
    Customer,
    Debt,
    Income,
    IncomeKind,
)
from subgraphs.customer.domain.values import MAX_AMOUNT, check_state
from subgraphs.customer.store.migrate import downgrade, head, upgrade
from subgraphs.customer.store.outbox_reader import OutboxEvent
from subgraphs.customer.store.provision import OWNER
from tests.kit.postgres import Cluster, CustomerDatabase

_TYPES = {
    uuid.UUID: "uuid",
    str: "text",
    int: "int4",
    Decimal: "numeric",
    date: "date",
    datetime: "timestamptz",
}
#: Encrypted in the store.
_SEALED = {"cpf": "cpf_ciphertext", "email": "email_ciphertext", "phone": "phone_ciphertext"}
#: An erased customer keeps its row: that these are there otherwise is a constraint of the whole row.
_NULL_WHEN_ERASED = {"name", "birth_date", "cpf_ciphertext"}
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_COLUMNS = """
    SELECT column_name AS name, udt_name AS kind, is_nullable = 'YES' AS nullable,
           numeric_precision AS digits, numeric_scale AS scale
      FROM information_schema.columns WHERE table_schema = 'customer_graph' AND table_name = $1
"""
_CHECKS = """
    SELECT pg_get_constraintdef(oid) AS line FROM pg_constraint
     WHERE contype = 'c' AND conrelid = ('customer_graph.' || $1::text)::regclass
"""


@pytest.fixture(params=["forward", "back and forward"])
async def migrated(postgres_cluster: Cluster, request: pytest.FixtureRequest) -> Any:
    """A schema at its newest revision, reached in one of two ways."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    database = postgres_cluster.database(name)
    await database_sql(postgres_cluster, f"CREATE DATABASE {name} OWNER {OWNER}")
    await upgrade(database.owner_url)
    if request.param == "back and forward":
        await downgrade(database.owner_url, "base")
        assert await upgrade(database.owner_url) == head()
    yield database
    await database_sql(postgres_cluster, f"DROP DATABASE {name} WITH (FORCE)")


async def database_sql(cluster: Cluster, statement: str) -> None:
    """One statement outside of a transaction, from within a running loop."""
    await asyncio.to_thread(cluster.sql, statement)


async def columns(database: CustomerDatabase, table: str) -> dict[str, Mapping[str, Any]]:
    """The table's columns by name."""
    return {str(row["name"]): row for row in await database.rows(_COLUMNS, table)}


async def allowed(database: CustomerDatabase, table: str, column: str) -> set[str]:
    """The texts that a constraint of the column lists."""
    lines = [str(row["line"]) for row in await database.rows(_CHECKS, table)]
    (line,) = (line for line in lines if re.match(rf"CHECK \(\({column} = ANY", line))
    return set(re.findall(r"'([^']+)'", line))


def described(model: type) -> Iterator[tuple[str, str, bool]]:
    """Name, type and nullability of the column for each field."""
    hints = get_type_hints(model)
    for field in fields(model):
        hint, nullable = hints[field.name], False
        if get_origin(hint) in (Union, types.UnionType):
            (hint,) = (each for each in get_args(hint) if each is not types.NoneType)
            nullable = True
        kind = "text" if issubclass(hint, Enum) else _TYPES[hint]
        yield field.name, kind, nullable


@pytest.mark.parametrize(
    ("table", "model"), [("customer", Customer), ("debt", Debt), ("asset", Asset), ("income", Income)]
)
async def test_each_field_is_a_column_of_its_type(
    migrated: CustomerDatabase, table: str, model: type
) -> None:
    """What may be missing in the model may be null in the table, and nothing else."""
    present = await columns(migrated, table)
    for name, kind, nullable in described(model):
        assert present[name]["kind"] == kind, name
        assert present[name]["nullable"] == (nullable or (table == "customer" and name in _NULL_WHEN_ERASED))


async def test_what_is_encrypted_has_a_column_of_ciphertext_and_no_other(migrated: CustomerDatabase) -> None:
    """CPF, e-mail, phone and street are nowhere in clear."""
    present = {**await columns(migrated, "customer"), **await columns(migrated, "address")}
    for name, _, nullable in described(Contact):
        sealed = _SEALED[name]
        assert present[sealed]["kind"] == "bytea"
        assert present[sealed]["nullable"] == (nullable or sealed in _NULL_WHEN_ERASED)
        assert name not in present
    address = await columns(migrated, "address")
    assert address["street_ciphertext"]["kind"] == "bytea"
    assert "street" not in address
    for name, kind, nullable in described(Address):
        if name != "street":
            assert (address[name]["kind"], address[name]["nullable"]) == (kind, nullable)


async def test_the_words_of_the_model_are_the_words_of_the_schema(migrated: CustomerDatabase) -> None:
    """Kinds of assets and incomes, and the states; neither side knows one more."""
    assert await allowed(migrated, "asset", "kind") == {kind.value for kind in AssetKind}
    assert await allowed(migrated, "income", "kind") == {kind.value for kind in IncomeKind}
    states = await allowed(migrated, "address", "state")
    assert len(states) == 27
    letters = [f"{one}{two}" for one in _ALPHABET for two in _ALPHABET]
    assert states == {text for text in letters if not list(check_state(text, ()))}


@pytest.mark.parametrize(
    ("table", "column"), [("debt", "amount"), ("asset", "value"), ("income", "monthly_amount")]
)
async def test_the_largest_amount_fits_and_no_larger_one(
    migrated: CustomerDatabase, table: str, column: str
) -> None:
    """The model's limit is the column's."""
    amount = (await columns(migrated, table))[column]
    assert Decimal(10) ** (amount["digits"] - amount["scale"]) - Decimal("0.01") == MAX_AMOUNT
    assert amount["scale"] == 2


async def test_what_the_relay_reads_is_there(migrated: CustomerDatabase) -> None:
    """Each field of its event is a column of the outbox."""
    present = await columns(migrated, "outbox")
    names = {"customer_id": "aggregateid"}
    kinds = {"payload": "jsonb", "sequence": "int8", "position": "int8"}
    for name, kind, nullable in described(OutboxEvent):
        column = present[names.get(name, name)]
        assert (column["kind"], column["nullable"]) == (kinds.get(name, kind), nullable), name
