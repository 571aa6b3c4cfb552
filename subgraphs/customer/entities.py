"""The types of the graph that belong to a customer, and how each field is read."""

# No `from __future__ import annotations` here: Strawberry evaluates the annotations of the resolvers below.

import datetime
import decimal
from collections.abc import Awaitable, Sequence
from typing import Any, Self, TypeVar

import strawberry
from strawberry import ID, Private
from strawberry.types import Info

from subgraphs.customer.context import CustomerContext
from subgraphs.customer.domain import profile
from subgraphs.customer.domain.cpf import format_cpf, mask_cpf
from subgraphs.customer.domain.profile import AssetKind, DebtStatus, IncomeKind
from subgraphs.customer.fields import field
from subgraphs.customer.store.engine import StoreUnavailable
from subgraphs.edge.errors import TemporarilyUnavailable
from subgraphs.edge.references import Reference, Resolved

__all__ = ["PII", "Address", "Asset", "Customer", "CustomerInfo", "Debt", "Income", "available"]

CustomerInfo = Info[CustomerContext, Any]

_T = TypeVar("_T")

#: The scope that opens what identifies a person.
PII = [["customer:pii"]]

for _enum in (AssetKind, DebtStatus, IncomeKind):
    strawberry.enum(_enum)


async def available(reading: Awaitable[_T]) -> _T:
    """What `reading` gives; when PostgreSQL is not there, the caller is told that it may try again."""
    try:
        return await reading
    except StoreUnavailable as error:
        raise TemporarilyUnavailable from error


@strawberry.type(description="An address in Brazil.")
class Address:
    street: str
    number: str
    complement: str | None
    district: str
    city: str
    state: str
    postal_code: str

    @classmethod
    def of(cls, address: profile.Address) -> Self:
        """The address as the graph shows it."""
        return cls(
            street=address.street,
            number=address.number,
            complement=address.complement,
            district=address.district,
            city=address.city,
            state=address.state,
            postal_code=address.postal_code,
        )


@strawberry.type(description="Money owed to a creditor.")
class Debt:
    id: ID
    creditor: str
    amount: decimal.Decimal
    contracted_on: datetime.date
    due_on: datetime.date
    status: DebtStatus = strawberry.field(
        description="OVERDUE from the day after dueOn, in the time zone of Brasília, until it is settled."
    )
    settled_on: datetime.date | None

    @classmethod
    def of(cls, debt: profile.Debt, today: datetime.date) -> Self:
        """The debt as it stands today."""
        return cls(
            id=ID(str(debt.id)),
            creditor=debt.creditor,
            amount=debt.amount,
            contracted_on=debt.contracted_on,
            due_on=debt.due_on,
            status=profile.debt_status(debt, today),
            settled_on=debt.settled_on,
        )


@strawberry.type(description="Something that the customer owns.")
class Asset:
    id: ID
    kind: AssetKind
    description: str
    value: decimal.Decimal
    acquired_on: datetime.date | None

    @classmethod
    def of(cls, asset: profile.Asset) -> Self:
        """The asset as the graph shows it."""
        return cls(
            id=ID(str(asset.id)),
            kind=asset.kind,
            description=asset.description,
            value=asset.value,
            acquired_on=asset.acquired_on,
        )


@strawberry.type(description="Money that comes in every month.")
class Income:
    id: ID
    kind: IncomeKind
    source: str
    monthly_amount: decimal.Decimal
    started_on: datetime.date
    ended_on: datetime.date | None

    @classmethod
    def of(cls, income: profile.Income) -> Self:
        """The income as the graph shows it."""
        return cls(
            id=ID(str(income.id)),
            kind=income.kind,
            source=income.source,
            monthly_amount=income.monthly_amount,
            started_on=income.started_on,
            ended_on=income.ended_on,
        )


@strawberry.federation.type(keys=["id"], description="A person who has, or asks for, credit.")
class Customer:
    row: Private[profile.Customer]

    @classmethod
    async def resolve_references(
        cls, info: CustomerInfo, references: Sequence[Reference]
    ) -> Sequence[Resolved]:
        """The customers of one `_entities` call, by one statement."""
        context = info.context
        loaded = await available(context.loaders.customers.load_many([one.id for one in references]))
        rows = [row for row in loaded if row is not None]
        context.touch(row.id for row in rows)
        return [None if row is None else cls(row=row) for row in loaded]

    @field()
    def id(self) -> ID:
        return ID(str(self.row.id))

    @field(
        description="Grows by one with every change of the profile; the other subgraphs tell which version "
        "they have applied."
    )
    def version(self) -> int:
        return self.row.version

    @field(scopes=PII)
    def name(self) -> str:
        return self.row.name

    @field(scopes=PII, description="Written 123.456.789-09.")
    async def cpf(self, info: CustomerInfo) -> str:
        return format_cpf((await self._contact(info)).cpf)

    @field(description="Only the middle six digits are shown: ***.456.789-**")
    async def masked_cpf(self, info: CustomerInfo) -> str:
        return mask_cpf((await self._contact(info)).cpf)

    @field(scopes=PII)
    def birth_date(self) -> datetime.date:
        return self.row.birth_date

    @field(description="Completed years.")
    def age(self, info: CustomerInfo) -> int:
        return profile.age(self.row.birth_date, _today(info))

    @field(scopes=PII)
    async def email(self, info: CustomerInfo) -> str | None:
        return (await self._contact(info)).email

    @field(scopes=PII)
    async def phone(self, info: CustomerInfo) -> str | None:
        return (await self._contact(info)).phone

    @field(scopes=PII, description="Current addresses; the first one is where the customer lives.")
    async def addresses(self, info: CustomerInfo) -> list[Address]:
        found = await available(info.context.loaders.addresses.load(self.row.id))
        return [Address.of(address) for address in found]

    @field(description="All debts, or those of one status; oldest entry first.")
    async def debts(self, info: CustomerInfo, status: DebtStatus | None = None) -> list[Debt]:
        found = await available(info.context.loaders.debts.load(self.row.id))
        debts = [Debt.of(debt, _today(info)) for debt in found]
        return [debt for debt in debts if status is None or debt.status is status]

    @field(description="Open and overdue debts together.")
    def total_debt(self) -> decimal.Decimal:
        return self.row.total_debt

    @field(description="Oldest entry first.")
    async def assets(self, info: CustomerInfo) -> list[Asset]:
        found = await available(info.context.loaders.assets.load(self.row.id))
        return [Asset.of(asset) for asset in found]

    @field(description="The values of all assets together.")
    def total_assets(self) -> decimal.Decimal:
        return self.row.total_assets

    @field(description="Active incomes: started, and not ended by today; oldest entry first.")
    async def incomes(self, info: CustomerInfo, active_only: bool | None = True) -> list[Income]:
        found = await available(info.context.loaders.incomes.load(self.row.id))
        today = _today(info)
        return [Income.of(one) for one in found if not active_only or profile.is_active(one, today)]

    @field(description="Active incomes together.")
    async def monthly_income(self, info: CustomerInfo) -> decimal.Decimal:
        found = await available(info.context.loaders.incomes.load(self.row.id))
        return profile.monthly_income(found, _today(info))

    @field()
    def created_at(self) -> datetime.datetime:
        return self.row.created_at

    @field()
    def updated_at(self) -> datetime.datetime:
        return self.row.updated_at

    async def _contact(self, info: CustomerInfo) -> profile.Contact:
        contact = await available(info.context.loaders.contacts.load(self.row.id))
        if contact is None:
            # Erased between the read of the row and this one.
            raise TemporarilyUnavailable
        return contact


def _today(info: CustomerInfo) -> datetime.date:
    return info.context.store.clock.today()
