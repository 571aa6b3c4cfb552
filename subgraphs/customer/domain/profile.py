"""The state of a customer, and what follows from it on a given day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

__all__ = [
    "Address",
    "Asset",
    "AssetKind",
    "Contact",
    "Customer",
    "Debt",
    "DebtStatus",
    "Income",
    "IncomeKind",
    "Profile",
    "age",
    "debt_status",
    "format_money",
    "is_active",
    "monthly_income",
    "names_person",
    "profile_payload",
    "total_assets",
    "total_debt",
]


class DebtStatus(Enum):
    """Derived from a debt's dates, never stored."""

    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    SETTLED = "SETTLED"


class AssetKind(Enum):
    """What sort of thing an asset is."""

    REAL_ESTATE = "REAL_ESTATE"
    VEHICLE = "VEHICLE"
    INVESTMENT = "INVESTMENT"
    OTHER = "OTHER"


class IncomeKind(Enum):
    """Where an income comes from."""

    SALARY = "SALARY"
    SELF_EMPLOYED = "SELF_EMPLOYED"
    RENT = "RENT"
    PENSION = "PENSION"
    INVESTMENT = "INVESTMENT"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer's own row, without what is encrypted. Erased customers are never made into one."""

    id: UUID
    version: int
    name: str
    birth_date: date
    #: BRL, kept with the row so that it can be sorted and filtered by.
    total_debt: Decimal
    total_assets: Decimal
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """The decrypted part of a customer: eleven digits of the CPF, e-mail and phone."""

    cpf: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """A current address, decrypted."""

    street: str
    number: str
    complement: str | None
    district: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Debt:
    """Money owed to a creditor, BRL."""

    id: UUID
    creditor: str
    amount: Decimal
    contracted_on: date
    due_on: date
    settled_on: date | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """Something owned, valued in BRL."""

    id: UUID
    kind: AssetKind
    description: str
    value: Decimal
    acquired_on: date | None = None


@dataclass(frozen=True, slots=True)
class Income:
    """Money that comes in every month, BRL."""

    id: UUID
    kind: IncomeKind
    source: str
    monthly_amount: Decimal
    started_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """All of a customer that the rating is computed from."""

    birth_date: date
    #: Of the first address; None without any.
    state: str | None
    city: str | None
    debts: Sequence[Debt]
    assets: Sequence[Asset]
    incomes: Sequence[Income]


def debt_status(debt: Debt, today: date) -> DebtStatus:
    """SETTLED once settled; OVERDUE from the day after the due date; OPEN until then."""
    if debt.settled_on is not None:
        return DebtStatus.SETTLED
    return DebtStatus.OVERDUE if debt.due_on < today else DebtStatus.OPEN


def total_debt(debts: Iterable[Debt]) -> Decimal:
    """What is still owed: open and overdue debts together."""
    return sum((debt.amount for debt in debts if debt.settled_on is None), Decimal("0.00"))


def total_assets(assets: Iterable[Asset]) -> Decimal:
    """The value of all assets."""
    return sum((asset.value for asset in assets), Decimal("0.00"))


def is_active(income: Income, today: date) -> bool:
    """Whether the income has started and not ended; on the day of its end it has ended."""
    return income.started_on <= today and (income.ended_on is None or income.ended_on > today)


def monthly_income(incomes: Iterable[Income], today: date) -> Decimal:
    """The active incomes together."""
    return sum((income.monthly_amount for income in incomes if is_active(income, today)), Decimal("0.00"))


def age(birth_date: date, today: date) -> int:
    """Completed years; who was born on 29 February completes one on 1 March of a common year."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def names_person(text: str, name: str, cpf: str) -> bool:
    """Whether a text gives away the person: the name, the CPF (however written) or any e-mail address."""
    digits = re.sub(r"[.\s-]", "", text)
    return name.casefold() in text.casefold() or cpf in digits or "@" in text


def format_money(amount: Decimal) -> str:
    """BRL with its two decimal places, as the store answers it."""
    return f"{amount:.2f}"


def profile_payload(profile: Profile) -> Mapping[str, object]:
    """The data of customer.profile.v1: `ProfileInput` of the rating contract, without any identity."""
    return {
        "birthDate": profile.birth_date.isoformat(),
        "state": profile.state,
        "city": profile.city,
        "debts": [
            {
                "amount": format_money(debt.amount),
                "contractedOn": debt.contracted_on.isoformat(),
                "dueOn": debt.due_on.isoformat(),
                "settledOn": _iso(debt.settled_on),
            }
            for debt in profile.debts
        ],
        "assets": [
            {"kind": asset.kind.value, "value": format_money(asset.value)} for asset in profile.assets
        ],
        "incomes": [
            {
                "kind": income.kind.value,
                "monthlyAmount": format_money(income.monthly_amount),
                "startedOn": income.started_on.isoformat(),
                "endedOn": _iso(income.ended_on),
            }
            for income in profile.incomes
        ],
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
