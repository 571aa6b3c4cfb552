"""Reads of customers and what belongs to them: one statement for a whole batch of customers."""

# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

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
from subgraphs.customer.store.engine import Database
from subgraphs.customer.store.keys import Keys

__all__ = ["CUSTOMER_COLUMNS", "Reader", "customer_of", "read_assets", "read_debts", "read_incomes"]

_T = TypeVar("_T")

#: Columns of `customer_service.customer` that `customer_of` takes.
CUSTOMER_COLUMNS = "id, version, name, birth_date, total_debt, total_assets, created_at, updated_at"

_CUSTOMERS = text(
    f"SELECT {CUSTOMER_COLUMNS} FROM customer_service.customer WHERE id = ANY(:ids) AND erased_at IS NULL"
)
_ID_BY_CPF = text("SELECT customer_service.customer_id_by_cpf(:index)")
_CONTACTS = text("SELECT customer_id, cpf, email, phone FROM customer_service.contacts(:ids, :key)")
_ADDRESSES = text(
    "SELECT customer_id, street, number, complement, district, city, state, postal_code "
    "FROM customer_service.addresses(:ids, :key)"
)
_DEBTS = text(
    "SELECT customer_id, id, creditor, amount, contracted_on, due_on, settled_on "
    "FROM customer_service.debt WHERE customer_id = ANY(:ids) ORDER BY customer_id, id"
)
_ASSETS = text(
    "SELECT customer_id, id, kind, description, value, acquired_on FROM customer_service.asset "
    "WHERE customer_id = ANY(:ids) AND removed_at IS NULL ORDER BY customer_id, id"
)
_INCOMES = text(
    "SELECT customer_id, id, kind, source, monthly_amount, started_on, ended_on "
    "FROM customer_service.income WHERE customer_id = ANY(:ids) ORDER BY customer_id, id"
)


class Reader:
    """Reads for the graph. Every method takes a batch, runs one statement, and raises `StoreUnavailable`."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def customers(self, ids: Iterable[UUID]) -> Mapping[UUID, Customer]:
        """Those of `ids` that exist and are not erased."""
        async with self._database.reading() as connection:
            rows = await connection.execute(_CUSTOMERS, {"ids": list(ids)})
            return {row.id: customer_of(row) for row in rows}

    async def customer_id_by_cpf(self, cpf: str) -> UUID | None:
        """Whose CPF (eleven digits) it is; found by the blind index."""
        async with self._database.reading() as connection:
            found: UUID | None = await connection.scalar(_ID_BY_CPF, {"index": self._keys.cpf_index(cpf)})
            return found

    async def contacts(self, ids: Iterable[UUID]) -> Mapping[UUID, Contact]:
        """Decrypted CPF, e-mail and phone."""
        async with self._database.reading() as connection:
            rows = await connection.execute(_CONTACTS, {"ids": list(ids), "key": self._keys.encryption})
            return {row.customer_id: Contact(row.cpf, row.email, row.phone) for row in rows}

    async def addresses(self, ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Address]]:
        """Current addresses in the order in which they were given, streets decrypted."""
        async with self._database.reading() as connection:
            rows = await connection.execute(_ADDRESSES, {"ids": list(ids), "key": self._keys.encryption})
            return _grouped((row.customer_id, Address(*row[1:])) for row in rows)

    async def debts(self, ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Debt]]:
        """All debts, settled ones too, oldest entry first."""
        async with self._database.reading() as connection:
            return await read_debts(connection, ids)

    async def assets(self, ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Asset]]:
        """Assets that have not been removed, oldest entry first."""
        async with self._database.reading() as connection:
            return await read_assets(connection, ids)

    async def incomes(self, ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Income]]:
        """All incomes, ended ones too, oldest entry first."""
        async with self._database.reading() as connection:
            return await read_incomes(connection, ids)


def customer_of(row: Row[Any]) -> Customer:
    """The customer in a row of `CUSTOMER_COLUMNS`."""
    return Customer(
        id=row.id,
        version=row.version,
        name=row.name,
        birth_date=row.birth_date,
        total_debt=row.total_debt,
        total_assets=row.total_assets,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def read_debts(connection: AsyncConnection, ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Debt]]:
    """All debts of each customer, oldest entry first."""
    rows = await connection.execute(_DEBTS, {"ids": list(ids)})
    return _grouped((row.customer_id, Debt(*row[1:])) for row in rows)


async def read_assets(connection: AsyncConnection, ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Asset]]:
    """The assets of each customer that have not been removed, oldest entry first."""
    rows = await connection.execute(_ASSETS, {"ids": list(ids)})
    return _grouped(
        (row.customer_id, Asset(row.id, AssetKind(row.kind), row.description, row.value, row.acquired_on))
        for row in rows
    )


async def read_incomes(connection: AsyncConnection, ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Income]]:
    """All incomes of each customer, oldest entry first."""
    rows = await connection.execute(_INCOMES, {"ids": list(ids)})
    return _grouped((row.customer_id, Income(row.id, IncomeKind(row.kind), *row[3:])) for row in rows)


def _grouped(pairs: Iterable[tuple[UUID, _T]]) -> Mapping[UUID, Sequence[_T]]:
    groups: dict[UUID, list[_T]] = {}
    for owner, item in pairs:
        groups.setdefault(owner, []).append(item)
    return groups
