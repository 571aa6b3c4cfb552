"""The input types of the mutations, and what they say in terms of the domain (unchecked, but normalised)."""

# No `from __future__ import annotations` here: Strawberry evaluates the annotations of the classes below.

import datetime
import decimal
from typing import TypeAlias, TypeVar
from uuid import UUID

import strawberry
from strawberry import ID, UNSET

from subgraphs.customer.domain import drafts, profile
from subgraphs.customer.domain.cpf import normalise_cpf
from subgraphs.customer.domain.drafts import UNCHANGED, MovementDirection, Unchanged, new_uuid
from subgraphs.customer.domain.profile import AssetKind, IncomeKind
from subgraphs.customer.domain.values import normalise_postal_code, normalise_text, optional_text
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.references import entity_id

__all__ = [
    "AddAssetInput",
    "AddDebtInput",
    "AddIncomeInput",
    "AddressInput",
    "AssetInput",
    "DebtInput",
    "EndIncomeInput",
    "EraseCustomerInput",
    "IncomeInput",
    "Keyed",
    "RecordBureauQueryInput",
    "RecordCardPurchaseInput",
    "RecordInput",
    "RecordMovementInput",
    "RegisterCustomerInput",
    "RemoveAssetInput",
    "SettleDebtInput",
    "UpdateCustomerInput",
    "known_id",
]

_T = TypeVar("_T")

strawberry.enum(MovementDirection)

_KEY = (
    "The same key with the same input gives the first answer again; with another input it gives the user "
    "error IDEMPOTENCY_CONFLICT. Keys belong to the caller."
)


def known_id(value: ID) -> UUID | None:
    """The id, or None for a text that is no UUID: ids are opaque, so it is merely an unknown one."""
    try:
        return entity_id(value)
    except BadUserInput:
        return None


@strawberry.input
class AddressInput:
    street: str
    number: str
    complement: str | None = None
    district: str
    city: str
    state: str = strawberry.field(description="Two letters: SP.")
    postal_code: str = strawberry.field(description="CEP, with or without its dash.")

    def draft(self) -> profile.Address:
        """As the domain takes it."""
        return profile.Address(
            street=normalise_text(self.street),
            number=normalise_text(self.number),
            complement=optional_text(self.complement),
            district=normalise_text(self.district),
            city=normalise_text(self.city),
            state=normalise_text(self.state).upper(),
            postal_code=normalise_postal_code(self.postal_code),
        )


@strawberry.input
class DebtInput:
    creditor: str
    amount: decimal.Decimal
    contracted_on: datetime.date
    due_on: datetime.date

    def draft(self) -> profile.Debt:
        """As the domain takes it, under a new id."""
        creditor = normalise_text(self.creditor)
        return profile.Debt(new_uuid(), creditor, self.amount, self.contracted_on, self.due_on)


@strawberry.input
class AssetInput:
    kind: AssetKind
    description: str
    value: decimal.Decimal
    acquired_on: datetime.date | None = None

    def draft(self) -> profile.Asset:
        """As the domain takes it, under a new id."""
        description = normalise_text(self.description)
        return profile.Asset(new_uuid(), self.kind, description, self.value, self.acquired_on)


@strawberry.input
class IncomeInput:
    kind: IncomeKind
    source: str
    monthly_amount: decimal.Decimal
    started_on: datetime.date

    def draft(self) -> profile.Income:
        """As the domain takes it, under a new id."""
        source = normalise_text(self.source)
        return profile.Income(new_uuid(), self.kind, source, self.monthly_amount, self.started_on)


@strawberry.input
class RegisterCustomerInput:
    name: str
    cpf: str = strawberry.field(description="With or without points and dash.")
    birth_date: datetime.date
    email: str | None = None
    phone: str | None = None
    addresses: list[AddressInput] = strawberry.field(default_factory=list)
    debts: list[DebtInput] = strawberry.field(default_factory=list)
    assets: list[AssetInput] = strawberry.field(default_factory=list)
    incomes: list[IncomeInput] = strawberry.field(default_factory=list)
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)

    def draft(self) -> drafts.Registration:
        """As the domain takes it."""
        return drafts.Registration(
            name=normalise_text(self.name),
            cpf=normalise_cpf(self.cpf),
            birth_date=self.birth_date,
            email=optional_text(self.email),
            phone=optional_text(self.phone),
            addresses=[address.draft() for address in self.addresses],
            debts=[debt.draft() for debt in self.debts],
            assets=[asset.draft() for asset in self.assets],
            incomes=[income.draft() for income in self.incomes],
        )


@strawberry.input(
    description="A field left out is kept; e-mail and phone can be set to null. expectedVersion, when given, "
    "refuses a lost update with VERSION_CONFLICT."
)
class UpdateCustomerInput:
    customer_id: ID
    name: str | None = UNSET
    email: str | None = UNSET
    phone: str | None = UNSET
    addresses: list[AddressInput] | None = UNSET
    expected_version: int | None = None
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)

    def draft(self) -> drafts.Change:
        """As the domain takes it."""
        name = _given(self.name)
        addresses = _given(self.addresses)
        return drafts.Change(
            name=normalise_text(name) if isinstance(name, str) else name,
            email=_optional(self.email),
            phone=_optional(self.phone),
            addresses=[one.draft() for one in addresses] if isinstance(addresses, list) else addresses,
        )


@strawberry.input
class AddDebtInput:
    customer_id: ID
    debt: DebtInput
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)


@strawberry.input
class SettleDebtInput:
    customer_id: ID
    debt_id: ID
    settled_on: datetime.date
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)


@strawberry.input
class AddAssetInput:
    customer_id: ID
    asset: AssetInput
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)


@strawberry.input
class RemoveAssetInput:
    customer_id: ID
    asset_id: ID
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)


@strawberry.input
class AddIncomeInput:
    customer_id: ID
    income: IncomeInput
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)


@strawberry.input
class EndIncomeInput:
    customer_id: ID
    income_id: ID
    ended_on: datetime.date = strawberry.field(description="The first day without it; may lie ahead.")
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)


@strawberry.input
class RecordCardPurchaseInput:
    customer_id: ID
    amount: decimal.Decimal
    merchant: str
    category: str | None = None
    card_last4: str = strawberry.field(name="cardLast4")
    occurred_at: datetime.datetime
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)

    def draft(self) -> drafts.CardPurchase:
        """As the domain takes it."""
        return drafts.CardPurchase(
            amount=self.amount,
            merchant=normalise_text(self.merchant),
            category=optional_text(self.category),
            card_last4=self.card_last4,
            occurred_at=self.occurred_at,
        )


@strawberry.input
class RecordBureauQueryInput:
    customer_id: ID
    bureau: str
    reason: str | None = None
    occurred_at: datetime.datetime
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)

    def draft(self) -> drafts.BureauQuery:
        """As the domain takes it."""
        return drafts.BureauQuery(normalise_text(self.bureau), optional_text(self.reason), self.occurred_at)


@strawberry.input
class RecordMovementInput:
    customer_id: ID
    amount: decimal.Decimal
    direction: MovementDirection
    description: str
    occurred_at: datetime.datetime
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)

    def draft(self) -> drafts.Movement:
        """As the domain takes it."""
        return drafts.Movement(
            self.amount, self.direction, normalise_text(self.description), self.occurred_at
        )


@strawberry.input
class EraseCustomerInput:
    customer_id: ID
    reason: str = strawberry.field(description="Kept after the erasure, so it must not name the person.")
    idempotency_key: ID | None = strawberry.field(default=None, description=_KEY)


#: The input of any mutation.
Keyed: TypeAlias = (
    RegisterCustomerInput
    | UpdateCustomerInput
    | AddDebtInput
    | SettleDebtInput
    | AddAssetInput
    | RemoveAssetInput
    | AddIncomeInput
    | EndIncomeInput
    | RecordCardPurchaseInput
    | RecordBureauQueryInput
    | RecordMovementInput
    | EraseCustomerInput
)
RecordInput: TypeAlias = RecordCardPurchaseInput | RecordBureauQueryInput | RecordMovementInput


def _given(value: _T) -> _T | Unchanged:
    return UNCHANGED if value is UNSET else value


def _optional(value: str | None) -> str | Unchanged | None:
    return UNCHANGED if value is UNSET else optional_text(value)
