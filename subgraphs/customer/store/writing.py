"""Writes of one mutation, all on the connection of its one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.telemetry import Trace
from subgraphs.customer.domain.drafts import Change, Registration, new_uuid
from subgraphs.customer.domain.problems import Path, Problem, ProblemCode, Rejected
from subgraphs.customer.domain.profile import (
    Address,
    Asset,
    Debt,
    Income,
    Profile,
    total_assets,
    total_debt,
)
from subgraphs.customer.outbox import OutboxEvent
from subgraphs.customer.store import statements
from subgraphs.customer.store.engine import Database
from subgraphs.customer.store.keys import Keys
from subgraphs.customer.store.reading import read_assets, read_debts, read_incomes

__all__ = ["Held", "Intent", "Receipt", "Transaction", "committed"]

_CPF_CONSTRAINT = "customer_cpf_unique"


@dataclass(frozen=True, slots=True)
class Intent:
    """Who asks for a mutation, and how to recognise that it is asked again."""

    principal: str
    #: The trace that the mutation's events belong to.
    trace: Trace
    idempotency_key: str | None
    #: The operation and its input in a canonical spelling, without the key.
    canonical_input: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a mutation committed."""

    event_id: UUID
    customer_id: UUID
    version: int
    targets: tuple[str, ...]
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A customer's row, locked until the transaction ends."""

    id: UUID
    version: int
    erased: bool
    #: None once erased.
    name: str | None
    birth_date: date | None


class Transaction:
    """The open transaction of one mutation. Nothing is visible to others before its owner commits it."""

    def __init__(self, connection: AsyncConnection, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys

    async def hold(self, customer_id: UUID, *, to_change: bool = True) -> Held | None:
        """Lock the customer's row, or only hold it against changes; None when there is no such customer."""
        statement = statements.HOLD_TO_CHANGE if to_change else statements.HOLD_TO_REFER
        row = (await self._connection.execute(statement, {"id": customer_id})).one_or_none()
        if row is None:
            return None
        return Held(row.id, row.version, row.erased_at is not None, row.name, row.birth_date)

    async def remember(self, intent: Intent, receipt: Receipt) -> Receipt | None:
        """Bind the idempotency key to `receipt`; when it is bound already, the first receipt is returned.

        Waits for another transaction that uses the same key. Raises Rejected (IDEMPOTENCY_CONFLICT) when the
        key was used for another input.
        """
        if intent.idempotency_key is None:
            return None
        key = {
            "principal": intent.principal,
            "key_hash": self._keys.idempotency_key(intent.idempotency_key),
        }
        input_hash = self._keys.fingerprint(intent.canonical_input)
        inserted = await self._connection.execute(
            statements.REMEMBER,
            {
                **key,
                "input_hash": input_hash,
                "customer_id": receipt.customer_id,
                "event_id": receipt.event_id,
                "version": receipt.version,
                "targets": list(receipt.targets),
                "accepted_at": receipt.accepted_at,
            },
        )
        if inserted.rowcount == 1:
            return None
        first = (await self._connection.execute(statements.RECALL, key)).one()
        if first.input_hash != input_hash:
            raise Rejected(
                Problem(
                    ProblemCode.IDEMPOTENCY_CONFLICT,
                    "this idempotency key was used for another input",
                    ("input", "idempotencyKey"),
                )
            )
        return Receipt(
            first.event_id, first.customer_id, first.version, tuple(first.targets), first.accepted_at
        )

    async def insert_customer(self, customer_id: UUID, draft: Registration, path: Path) -> None:
        """A customer of version 1 with all that it brings. Raises Rejected (DUPLICATE_CPF)."""
        values = {
            "id": customer_id,
            "name": draft.name,
            "birth_date": draft.birth_date,
            "cpf": draft.cpf,
            "cpf_index": self._keys.cpf_index(draft.cpf),
            "email": draft.email,
            "phone": draft.phone,
            "key": self._keys.encryption,
            "total_debt": total_debt(draft.debts),
            "total_assets": total_assets(draft.assets),
        }
        try:
            await self._connection.execute(statements.INSERT_CUSTOMER, values)
        except IntegrityError as error:
            if _violated(error) != _CPF_CONSTRAINT:
                raise
            raise Rejected(
                Problem(
                    ProblemCode.DUPLICATE_CPF,
                    "a customer with this CPF is registered already",
                    (*path, "cpf"),
                )
            ) from error
        await self.insert_addresses(customer_id, draft.addresses)
        await self.insert_debts(customer_id, draft.debts)
        await self.insert_assets(customer_id, draft.assets)
        await self.insert_incomes(customer_id, draft.incomes)

    async def insert_addresses(self, customer_id: UUID, addresses: Sequence[Address]) -> None:
        """Current addresses; the first one is where the customer lives."""
        rows = [
            {
                "id": new_uuid(),
                "customer_id": customer_id,
                "position": position,
                "street": address.street,
                "key": self._keys.encryption,
                "number": address.number,
                "complement": address.complement,
                "district": address.district,
                "city": address.city,
                "state": address.state,
                "postal_code": address.postal_code,
            }
            for position, address in enumerate(addresses)
        ]
        if rows:
            await self._connection.execute(statements.INSERT_ADDRESS, rows)

    async def replace_addresses(self, customer_id: UUID, addresses: Sequence[Address]) -> None:
        """The current addresses are retired (kept until an erasure), and these are current."""
        await self._connection.execute(statements.RETIRE_ADDRESSES, {"customer_id": customer_id})
        await self.insert_addresses(customer_id, addresses)

    async def insert_debts(self, customer_id: UUID, debts: Iterable[Debt]) -> None:
        """Open debts."""
        rows = [
            {
                "id": debt.id,
                "customer_id": customer_id,
                "creditor": debt.creditor,
                "amount": debt.amount,
                "contracted_on": debt.contracted_on,
                "due_on": debt.due_on,
            }
            for debt in debts
        ]
        if rows:
            await self._connection.execute(statements.INSERT_DEBT, rows)

    async def insert_assets(self, customer_id: UUID, assets: Iterable[Asset]) -> None:
        """Assets that the customer owns."""
        rows = [
            {
                "id": asset.id,
                "customer_id": customer_id,
                "kind": asset.kind.value,
                "description": asset.description,
                "value": asset.value,
                "acquired_on": asset.acquired_on,
            }
            for asset in assets
        ]
        if rows:
            await self._connection.execute(statements.INSERT_ASSET, rows)

    async def insert_incomes(self, customer_id: UUID, incomes: Iterable[Income]) -> None:
        """Incomes without an end."""
        rows = [
            {
                "id": income.id,
                "customer_id": customer_id,
                "kind": income.kind.value,
                "source": income.source,
                "monthly_amount": income.monthly_amount,
                "started_on": income.started_on,
            }
            for income in incomes
        ]
        if rows:
            await self._connection.execute(statements.INSERT_INCOME, rows)

    async def debt(self, customer_id: UUID, debt_id: UUID) -> Debt | None:
        """One debt of this customer."""
        debts = await read_debts(self._connection, [customer_id])
        return next((debt for debt in debts.get(customer_id, ()) if debt.id == debt_id), None)

    async def income(self, customer_id: UUID, income_id: UUID) -> Income | None:
        """One income of this customer."""
        incomes = await read_incomes(self._connection, [customer_id])
        return next((income for income in incomes.get(customer_id, ()) if income.id == income_id), None)

    async def settle_debt(self, customer_id: UUID, debt_id: UUID, day: date) -> None:
        """The debt was paid on `day`."""
        values = {"id": debt_id, "customer_id": customer_id, "day": day}
        await self._connection.execute(statements.SETTLE_DEBT, values)

    async def remove_asset(self, customer_id: UUID, asset_id: UUID) -> bool:
        """The customer does not own the asset any more; False when it had no such asset."""
        values = {"id": asset_id, "customer_id": customer_id}
        removed = await self._connection.execute(statements.REMOVE_ASSET, values)
        return removed.rowcount == 1

    async def end_income(self, customer_id: UUID, income_id: UUID, day: date) -> None:
        """The income ends on `day`."""
        values = {"id": income_id, "customer_id": customer_id, "day": day}
        await self._connection.execute(statements.END_INCOME, values)

    async def profile(self, held: Held) -> Profile:
        """The customer's whole profile as this transaction sees it."""
        assert held.birth_date is not None, "an erased customer has no profile"
        place = (await self._connection.execute(statements.FIRST_PLACE, {"id": held.id})).one_or_none()
        debts = await read_debts(self._connection, [held.id])
        assets = await read_assets(self._connection, [held.id])
        incomes = await read_incomes(self._connection, [held.id])
        return Profile(
            birth_date=held.birth_date,
            state=place.state if place is not None else None,
            city=place.city if place is not None else None,
            debts=debts.get(held.id, ()),
            assets=assets.get(held.id, ()),
            incomes=incomes.get(held.id, ()),
        )

    async def raise_version(self, held: Held, profile: Profile, change: Change | None = None) -> None:
        """The customer is of the next version, with the totals of `profile` and the fields of `change`."""
        fields = {} if change is None else change.fields()
        values: dict[str, object] = {
            **fields,
            "id": held.id,
            "version": held.version + 1,
            "total_debt": total_debt(profile.debts),
            "total_assets": total_assets(profile.assets),
        }
        if "email" in fields or "phone" in fields:
            values["key"] = self._keys.encryption
        await self._connection.execute(statements.raise_version(fields), values)

    async def cpf(self, customer_id: UUID) -> str:
        """The decrypted CPF of a customer that is not erased."""
        values = {"id": customer_id, "key": self._keys.encryption}
        return str(await self._connection.scalar(statements.CPF_OF, values))

    async def erase(self, held: Held, reason: str, requested_by: str, event_id: UUID) -> None:
        """All personal data of the customer is gone, unsent events included; a tombstone stays."""
        await self._connection.execute(
            statements.ERASE,
            {"id": held.id, "reason": reason, "requested_by": requested_by, "event_id": event_id},
        )

    async def erasure(self, customer_id: UUID, targets: tuple[str, ...]) -> Receipt:
        """The receipt of the erasure that this customer has gone through."""
        row = (await self._connection.execute(statements.ERASURE_OF, {"id": customer_id})).one()
        return Receipt(row.event_id, customer_id, row.version, targets, row.erased_at)

    async def append(self, events: Iterable[OutboxEvent], trace: Trace) -> None:
        """The relay will find these events once the transaction is committed; it is notified by a trigger."""
        rows = [
            {
                "id": event.id,
                "customer_id": event.customer_id,
                "type": event.type,
                "payload": dict(event.payload),
                "sequence": event.sequence,
                "queue": event.queue,
                "traceparent": trace.traceparent,
                "request_id": trace.request_id,
            }
            for event in events
        ]
        await self._connection.execute(statements.APPEND, rows)


async def committed(database: Database, receipt: Receipt) -> bool:
    """Whether the receipt's event is in, once no transaction is working on it any more.

    Asks the one oracle that waits for the answer: the unique index on the event's id. Raises
    `StoreUnavailable`.
    """
    values = {"id": receipt.event_id, "customer_id": receipt.customer_id}
    async with database.probing() as connection:
        try:
            probe = await connection.execute(statements.PROBE, values)
        except IntegrityError:
            # Of a customer that does not exist: its registration was not committed.
            return False
        return probe.rowcount == 0


def _violated(error: IntegrityError) -> str | None:
    """The name of the constraint that PostgreSQL refused the statement for."""
    cause = error.orig.__cause__ if error.orig is not None else None
    return getattr(cause, "constraint_name", None)
