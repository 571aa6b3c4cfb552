"""The inputs of the two inbox mutations, and how they become what the domain applies."""

from __future__ import annotations

import strawberry

from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.references import entity_id
from subgraphs.edge.scalars import Date, DateTime, Decimal
from subgraphs.rating.domain.profile import Asset, Debt, Income, InvalidProfile, Profile, checked
from subgraphs.rating.domain.record import Erasure, ProfileChanged

__all__ = ["ErasureEvent", "ProfileEvent"]


@strawberry.input
class ProfileDebt:
    """Money owed."""

    amount: Decimal
    contracted_on: Date
    due_on: Date
    settled_on: Date | None = None


@strawberry.input
class ProfileAsset:
    """Something owned."""

    kind: str
    value: Decimal


@strawberry.input
class ProfileIncome:
    """Money that comes in every month."""

    kind: str
    monthly_amount: Decimal
    started_on: Date
    ended_on: Date | None = None


@strawberry.input(
    description="The whole profile that machine learning needs, without name, CPF or contact data."
)
class ProfileInput:
    """The `data` of customer.profile.v1."""

    birth_date: Date
    debts: list[ProfileDebt]
    assets: list[ProfileAsset]
    incomes: list[ProfileIncome]
    state: str | None = None
    city: str | None = None

    def to_domain(self) -> Profile:
        """The checked profile; raises BadUserInput for one that can never be applied."""
        profile = Profile(
            birth_date=self.birth_date,
            state=self.state,
            city=self.city,
            debts=tuple(
                Debt(debt.amount, debt.contracted_on, debt.due_on, debt.settled_on) for debt in self.debts
            ),
            assets=tuple(Asset(asset.kind, asset.value) for asset in self.assets),
            incomes=tuple(
                Income(income.kind, income.monthly_amount, income.started_on, income.ended_on)
                for income in self.incomes
            ),
        )
        try:
            return checked(profile)
        except InvalidProfile as invalid:
            raise BadUserInput(f"profile: {invalid}") from invalid


@strawberry.input
class ProfileEvent:
    """customer.profile.v1: envelope and data."""

    event_id: strawberry.ID
    customer_id: strawberry.ID
    version: int
    occurred_at: DateTime
    profile: ProfileInput

    def to_domain(self) -> ProfileChanged:
        """The event; raises BadUserInput for one that can never be applied."""
        return ProfileChanged(
            event_id=entity_id(self.event_id),
            customer_id=entity_id(self.customer_id),
            version=_version(self.version),
            occurred_at=self.occurred_at,
            profile=self.profile.to_domain(),
        )


@strawberry.input
class ErasureEvent:
    """customer.erased.v1: the envelope is all there is."""

    event_id: strawberry.ID
    customer_id: strawberry.ID
    version: int
    occurred_at: DateTime

    def to_domain(self) -> Erasure:
        """The event; raises BadUserInput for ids that are none."""
        return Erasure(
            event_id=entity_id(self.event_id),
            customer_id=entity_id(self.customer_id),
            version=_version(self.version),
            occurred_at=self.occurred_at,
        )


def _version(value: int) -> int:
    if value < 0:
        raise BadUserInput("version must not be negative.")
    return value
