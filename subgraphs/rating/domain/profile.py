"""The part of a customer's profile that a rating may look at: no name, no CPF, no contact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

__all__ = ["MAX_AMOUNT", "MAX_ITEMS", "Asset", "Debt", "Income", "InvalidProfile", "Profile", "checked"]

#: BRL. Below 2^63 centavos, which is how amounts are stored; a thousand times Brazil's largest fortune.
MAX_AMOUNT = Decimal("9999999999999.99")
#: Debts, assets or incomes of one customer. More than anybody has; keeps a stored document far below 16 MB.
MAX_ITEMS = 1_000
#: Characters of a kind, a state or a city.
_MAX_TEXT = 200


class InvalidProfile(ValueError):
    """A profile that no real customer can have; the text names the part and may be shown to the sender."""


@dataclass(frozen=True, slots=True)
class Debt:
    """Money owed. `settled_on` is None until it is paid back."""

    amount: Decimal
    contracted_on: date
    due_on: date
    settled_on: date | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """Something owned. `kind` is the customer subgraph's AssetKind."""

    kind: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Income:
    """Money that comes in every month. `kind` is the customer subgraph's IncomeKind."""

    kind: str
    monthly_amount: Decimal
    started_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The whole state of one customer at one version; amounts in BRL."""

    birth_date: date
    state: str | None = None
    city: str | None = None
    debts: tuple[Debt, ...] = ()
    assets: tuple[Asset, ...] = ()
    incomes: tuple[Income, ...] = ()


def checked(profile: Profile) -> Profile:
    """The same profile; raises InvalidProfile when it could not be stored or rated exactly."""
    for problem in _problems(profile):
        raise InvalidProfile(problem)
    return profile


def _problems(profile: Profile) -> Iterator[str]:
    for name, items in (("debts", profile.debts), ("assets", profile.assets), ("incomes", profile.incomes)):
        if len(items) > MAX_ITEMS:
            yield f"{name} has more than {MAX_ITEMS} items"
            return
    for text in (profile.state, profile.city):
        if text is not None and not _storable(text):
            yield f"state and city are text of at most {_MAX_TEXT} characters"
    for index, debt in enumerate(profile.debts):
        yield from _amount_problem(f"debts[{index}].amount", debt.amount)
        if debt.due_on < debt.contracted_on:
            yield f"debts[{index}].dueOn is before contractedOn"
    for index, asset in enumerate(profile.assets):
        yield from _amount_problem(f"assets[{index}].value", asset.value)
        yield from _kind_problem(f"assets[{index}].kind", asset.kind)
    for index, income in enumerate(profile.incomes):
        yield from _amount_problem(f"incomes[{index}].monthlyAmount", income.monthly_amount)
        yield from _kind_problem(f"incomes[{index}].kind", income.kind)


def _amount_problem(place: str, amount: Decimal) -> Iterator[str]:
    if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT:
        yield f"{place} is not between 0 and {MAX_AMOUNT}"
    elif amount != round(amount, 2):
        yield f"{place} has fractions of a centavo"


def _kind_problem(place: str, kind: str) -> Iterator[str]:
    if not kind or not _storable(kind):
        yield f"{place} is not text of 1 to {_MAX_TEXT} characters"


def _storable(text: str) -> bool:
    # A null byte is refused by MongoDB's own servers in some places and cut off in others.
    return len(text) <= _MAX_TEXT and "\x00" not in text
