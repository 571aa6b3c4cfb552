"""The documents of the collection `ratings`. Amounts are integers of centavos, days are ISO text."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeVar

from beanie import Document
from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "HistoryView",
    "RatingDocument",
    "RatingView",
    "RowView",
    "StoredAsset",
    "StoredDebt",
    "StoredFactor",
    "StoredFeatures",
    "StoredIncome",
    "StoredProfile",
    "StoredRating",
    "V",
    "VersionView",
]


class _Stored(BaseModel):
    model_config = ConfigDict(
        extra="ignore", frozen=True
    )  # a field of a newer version does not stop an older one


class StoredDebt(_Stored):
    """A debt of the profile."""

    amount: int
    contracted_on: str
    due_on: str
    settled_on: str | None = None


class StoredAsset(_Stored):
    """An asset of the profile."""

    kind: str
    value: int


class StoredIncome(_Stored):
    """An income of the profile."""

    kind: str
    monthly_amount: int
    started_on: str
    ended_on: str | None = None


class StoredProfile(_Stored):
    """The profile that the features were taken from, so that they can be taken again on another day."""

    birth_date: str
    state: str | None = None
    city: str | None = None
    debts: list[StoredDebt]
    assets: list[StoredAsset]
    incomes: list[StoredIncome]


class StoredFeatures(_Stored):
    """`domain.features.Features`, and of the rating what belongs to a row for machine learning.

    Score, band and so on are in the rating too; here they spare every row of an extraction the reasons.
    """

    age: int
    state: str | None = None
    open_debt: int
    overdue_debt: int
    overdue_count: int
    settled_count: int
    total_assets: int
    monthly_income: int
    income_sources: int
    debt_to_income: float | None = None
    longest_term_months: int
    worst_lateness_days: int
    clean_record_months: int
    low_balances: int
    investments: int
    belongings: int
    income_tenure_months: int
    score: int
    band: str
    default_probability: float
    model_version: str
    source_version: int


class StoredFactor(_Stored):
    """`domain.scorecard.Factor`."""

    name: str
    points: int
    explanation: str


class StoredRating(_Stored):
    """`domain.record.Rating`."""

    score: int
    band: str
    default_probability: float
    factors: list[StoredFactor]
    base: int
    model_version: str
    source_version: int
    source_event: str
    computed_at: datetime


class RatingDocument(Document):
    """One customer; `id` is the customer's. Erased: `profile` and what follows from it are None."""

    id: str  # type: ignore[assignment]  # Beanie's own key is an ObjectId by default
    revision: int
    version: int
    event_id: str
    erased: bool
    #: Sort key of `featureSet`: moment of the change and id as one text; None when erased, and so never a
    #: row.
    change: str | None = None
    updated_at: datetime
    rated_on: str | None = None
    profile: StoredProfile | None = None
    features: StoredFeatures | None = None
    rating: StoredRating | None = None
    #: Past ratings, newest version first.
    history: list[StoredRating] = []  # noqa: RUF012 - pydantic copies defaults

    class Settings:
        """Beanie's own settings."""

        name = "ratings"
        # Written by `rating indexes`, see `indexes`; Beanie must not make them while serving.
        indexes: ClassVar[list[str]] = []


class _Read(_Stored):
    """What a read brings along; its fields are the projection (the embedded server wants whole ones)."""

    id: str = Field(alias="_id")


class RowView(_Read):
    """A row for machine learning."""

    updated_at: datetime
    features: StoredFeatures | None = None
    change: str | None = None


class RatingView(_Read):
    """The present rating."""

    rating: StoredRating | None = None


class HistoryView(_Read):
    """All ratings."""

    rating: StoredRating | None = None
    history: list[StoredRating]


class VersionView(_Read):
    """How far a customer is."""

    version: int
    erased: bool


V = TypeVar("V", bound=_Read)
