"""The mutations: check the input, then change, version, events and idempotency record in one transaction.

Every method returns a receipt, or raises `Rejected` with the caller's mistakes or `StoreUnavailable`, in
which cases nothing was written, or `OutcomeUnknown`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn
from uuid import UUID

from subgraphs.customer.domain import drafts, values
from subgraphs.customer.domain.drafts import Change, Registration, new_uuid
from subgraphs.customer.domain.problems import Path, Problem, ProblemCode, Rejected
from subgraphs.customer.domain.profile import Asset, Debt, Income, Profile, names_person
from subgraphs.customer.outbox import QUEUES, activity_event, erasure_events, profile_event
from subgraphs.customer.store.engine import Database, OutcomeUnknown, StoreUnavailable
from subgraphs.customer.store.keys import Keys
from subgraphs.customer.store.writing import Held, Intent, Receipt, Transaction, committed

__all__ = ["Clock", "Mutations"]

_INPUT: Path = ("input",)
_RATING = ("rating",)
_ACTIVITY = ("activity",)
_ALL = tuple(QUEUES)

Step = Callable[[Transaction, Held], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from."""

    #: The instant, UTC.
    now: Callable[[], datetime]
    #: The calendar day where our customers live.
    today: Callable[[], date]


class Mutations:
    """Everything that changes a customer."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    async def register(self, intent: Intent, draft: Registration) -> Receipt:
        """A new customer of version 1."""
        _refuse(drafts.check_registration(draft, _INPUT, self._clock.today()))
        receipt = self._receipt(new_uuid(), 1, _RATING)

        async def work(transaction: Transaction) -> Receipt:
            first = await transaction.remember(intent, receipt)
            if first is not None:
                return first
            await transaction.insert_customer(receipt.customer_id, draft, _INPUT)
            profile = _profile_of(draft)
            event = profile_event(receipt.event_id, receipt.customer_id, receipt.version, profile)
            await transaction.append([event], intent.trace)
            return receipt

        return await self._commit(work)

    async def update(
        self, intent: Intent, customer_id: UUID | None, change: Change, expected_version: int | None
    ) -> Receipt:
        """The fields are as `change` says; VERSION_CONFLICT when another change came between."""
        _refuse(drafts.check_change(change, _INPUT))

        async def step(transaction: Transaction, held: Held) -> None:
            if expected_version is not None and expected_version != held.version:
                message = f"the customer is of version {held.version} by now"
                _reject(ProblemCode.VERSION_CONFLICT, message, "expectedVersion")
            if change.empty:
                raise Rejected(values.invalid(_INPUT, "names nothing to change"))
            if change.addresses is not drafts.UNCHANGED and change.addresses is not None:
                await transaction.replace_addresses(held.id, change.addresses)

        return await self._change(intent, customer_id, step, change)

    async def add_debt(self, intent: Intent, customer_id: UUID | None, debt: Debt) -> Receipt:
        """One debt more."""
        _refuse(drafts.check_debt(debt, (*_INPUT, "debt"), self._clock.today()))

        async def step(transaction: Transaction, held: Held) -> None:
            await transaction.insert_debts(held.id, [debt])

        return await self._change(intent, customer_id, step)

    async def settle_debt(
        self, intent: Intent, customer_id: UUID | None, debt_id: UUID | None, day: date
    ) -> Receipt:
        """The debt is settled; ALREADY_SETTLED when it was before."""
        _refuse(values.check_not_future(day, (*_INPUT, "settledOn"), self._clock.today()))

        async def step(transaction: Transaction, held: Held) -> None:
            debt = await transaction.debt(held.id, debt_id) if debt_id is not None else None
            if debt is None:
                _reject(ProblemCode.NOT_FOUND, "the customer has no such debt", "debtId")
            if debt.settled_on is not None:
                _reject(ProblemCode.ALREADY_SETTLED, "the debt was settled before", "debtId")
            if day < debt.contracted_on:
                _reject(ProblemCode.INVALID_VALUE, "is before the day of the contract", "settledOn")
            await transaction.settle_debt(held.id, debt.id, day)

        return await self._change(intent, customer_id, step)

    async def add_asset(self, intent: Intent, customer_id: UUID | None, asset: Asset) -> Receipt:
        """One asset more."""
        _refuse(drafts.check_asset(asset, (*_INPUT, "asset"), self._clock.today()))

        async def step(transaction: Transaction, held: Held) -> None:
            await transaction.insert_assets(held.id, [asset])

        return await self._change(intent, customer_id, step)

    async def remove_asset(self, intent: Intent, customer_id: UUID | None, asset_id: UUID | None) -> Receipt:
        """One asset less."""

        async def step(transaction: Transaction, held: Held) -> None:
            if asset_id is None or not await transaction.remove_asset(held.id, asset_id):
                _reject(ProblemCode.NOT_FOUND, "the customer has no such asset", "assetId")

        return await self._change(intent, customer_id, step)

    async def add_income(self, intent: Intent, customer_id: UUID | None, income: Income) -> Receipt:
        """One income more."""
        _refuse(drafts.check_income(income, (*_INPUT, "income")))

        async def step(transaction: Transaction, held: Held) -> None:
            await transaction.insert_incomes(held.id, [income])

        return await self._change(intent, customer_id, step)

    async def end_income(
        self, intent: Intent, customer_id: UUID | None, income_id: UUID | None, day: date
    ) -> Receipt:
        """The income ends on `day`, which may lie ahead; ALREADY_ENDED when an end was set before."""

        async def step(transaction: Transaction, held: Held) -> None:
            income = await transaction.income(held.id, income_id) if income_id is not None else None
            if income is None:
                _reject(ProblemCode.NOT_FOUND, "the customer has no such income", "incomeId")
            if income.ended_on is not None:
                _reject(ProblemCode.ALREADY_ENDED, "the income was ended before", "incomeId")
            path = (*_INPUT, "endedOn")
            _refuse(values.check_range(income.started_on, day, path, "is before the day of its start"))
            await transaction.end_income(held.id, income.id, day)

        return await self._change(intent, customer_id, step)

    async def record(self, intent: Intent, customer_id: UUID | None, activity: drafts.Activity) -> Receipt:
        """A financial event is on its way to the activity subgraph; the profile's version stays."""
        _refuse(drafts.check_activity(activity, _INPUT, self._clock.now()))

        async def work(transaction: Transaction) -> Receipt:
            held = await _held(transaction, customer_id, to_change=False)
            receipt = self._receipt(held.id, held.version, _ACTIVITY)
            first = await transaction.remember(intent, receipt)
            if first is not None:
                return first
            _refuse_erased(held)
            payload = drafts.activity_payload(str(receipt.event_id), held.id, activity)
            event = activity_event(receipt.event_id, held.id, held.version, payload)
            await transaction.append([event], intent.trace)
            return receipt

        return await self._commit(work)

    async def erase(self, intent: Intent, customer_id: UUID | None, reason: str) -> Receipt:
        """The customer's personal data is gone here, and the other subgraphs will be told.

        Erasing again gives the first receipt again, under whatever idempotency key.
        """
        _refuse(values.check_text(reason, (*_INPUT, "reason"), longest=500))

        async def work(transaction: Transaction) -> Receipt:
            held = await _held(transaction, customer_id)
            receipt = self._receipt(held.id, held.version + 1, _ALL)
            first = await transaction.remember(intent, receipt)
            if first is not None:
                return first
            if held.name is None:
                return await transaction.erasure(held.id, _ALL)
            if names_person(reason, held.name, await transaction.cpf(held.id)):
                # The reason outlives the erasure.
                _reject(ProblemCode.INVALID_VALUE, "must not name the person", "reason")
            await transaction.erase(held, reason, intent.principal, receipt.event_id)
            event_ids = {target: new_uuid() for target in _ALL} | {"rating": receipt.event_id}
            events = erasure_events(event_ids, held.id, receipt.version)
            await transaction.append(events, intent.trace)
            return receipt

        return await self._commit(work)

    async def _change(
        self, intent: Intent, customer_id: UUID | None, step: Step, change: Change | None = None
    ) -> Receipt:
        """Hold the customer, do `step`, raise the version, append the profile; all or nothing."""

        async def work(transaction: Transaction) -> Receipt:
            held = await _held(transaction, customer_id)
            receipt = self._receipt(held.id, held.version + 1, _RATING)
            first = await transaction.remember(intent, receipt)
            if first is not None:
                return first
            _refuse_erased(held)
            await step(transaction, held)
            profile = await transaction.profile(held)
            _refuse(drafts.check_size(profile, _INPUT))
            await transaction.raise_version(held, profile, change)
            event = profile_event(receipt.event_id, held.id, receipt.version, profile)
            await transaction.append([event], intent.trace)
            return receipt

        return await self._commit(work)

    async def _commit(self, work: Callable[[Transaction], Awaitable[Receipt]]) -> Receipt:
        """Do `work` in a transaction.

        Raises `OutcomeUnknown` only when PostgreSQL stays away after a lost commit.
        """
        receipt: Receipt | None = None
        try:
            async with self._database.writing() as connection:
                receipt = await work(Transaction(connection, self._keys))
        except OutcomeUnknown as lost:
            assert receipt is not None, "a commit comes after the work"
            # Not guessed: a mutation reported as failed would be sent again, and a debt would be there twice.
            if not await self._known_committed(receipt, lost):
                raise StoreUnavailable from lost
        return receipt

    async def _known_committed(self, receipt: Receipt, lost: OutcomeUnknown) -> bool:
        try:
            return await committed(self._database, receipt)
        except StoreUnavailable:
            raise lost from None

    def _receipt(self, customer_id: UUID, version: int, targets: tuple[str, ...]) -> Receipt:
        return Receipt(new_uuid(), customer_id, version, targets, self._clock.now())


async def _held(transaction: Transaction, customer_id: UUID | None, *, to_change: bool = True) -> Held:
    held = await transaction.hold(customer_id, to_change=to_change) if customer_id is not None else None
    if held is None:
        _reject(ProblemCode.NOT_FOUND, "there is no such customer", "customerId")
    return held


def _profile_of(draft: Registration) -> Profile:
    first = draft.addresses[:1]
    return Profile(
        birth_date=draft.birth_date,
        state=first[0].state if first else None,
        city=first[0].city if first else None,
        debts=draft.debts,
        assets=draft.assets,
        incomes=draft.incomes,
    )


def _refuse_erased(held: Held) -> None:
    if held.erased:
        _reject(ProblemCode.ERASED, "the customer's data was erased", "customerId")


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise Rejected(*found)


def _reject(code: ProblemCode, message: str, *place: str) -> NoReturn:
    raise Rejected(Problem(code, message, (*_INPUT, *place)))
