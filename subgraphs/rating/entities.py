"""The output types of the rating graph, and how domain values become them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, cast

import strawberry
from strawberry.federation import field as federation_field

from subgraphs.edge import cursor
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.fields import field
from subgraphs.edge.references import Reference
from subgraphs.edge.scalars import DateTime, Decimal
from subgraphs.rating.context import Info
from subgraphs.rating.domain import record
from subgraphs.rating.domain.features import debt_to_income
from subgraphs.rating.domain.scorecard import Factor
from subgraphs.rating.enums import Band, Outcome
from subgraphs.rating.extraction import Page
from subgraphs.rating.store import AppliedVersion, BandTotal, Row

__all__ = [
    "AppliedVersionType",
    "ApplyResult",
    "Customer",
    "CustomerFeatures",
    "FeatureConnection",
    "Rating",
    "RatingBucket",
    "feature_cursor",
    "feature_position",
]

_ML = [["ml:read"]]
_FEATURES = "features"
_CHANGE_LENGTH = len("000000000000000/") + 36


@strawberry.type
class RatingFactor:
    """One reason for a score."""

    name: str
    points: int
    explanation: str

    @classmethod
    def of(cls, factor: Factor) -> Self:
        """The graph's form of a factor."""
        return cls(name=factor.name, points=factor.points, explanation=factor.explanation)


@strawberry.type
class Rating:
    """One assessment of a customer by one version of the scorecard."""

    score: int = strawberry.field(description="0 (worst) to 1000 (best).")
    band: Band
    default_probability: float = strawberry.field(description="0.0 to 1.0, within twelve months.")
    factors: list[RatingFactor] = strawberry.field(
        description="What moved the score, largest effect first; points add up to score minus the base."
    )
    base: int = strawberry.field(description="Score of a customer whom nothing moves either way.")
    model_version: str
    source_version: int = strawberry.field(description="Customer.version that this rating was computed from.")
    computed_at: DateTime

    @classmethod
    def of(cls, rating: record.Rating) -> Self:
        """The graph's form of a rating."""
        assessment = rating.assessment
        return cls(
            score=assessment.score,
            band=assessment.band,
            default_probability=assessment.default_probability,
            factors=[RatingFactor.of(factor) for factor in assessment.factors],
            base=assessment.base,
            model_version=assessment.model_version,
            source_version=rating.source_version,
            computed_at=rating.computed_at,
        )


@strawberry.type
class RatingBucket:
    """The customers of one band; bands without customers have no bucket."""

    band: Band
    count: int
    average_score: float

    @classmethod
    def of(cls, total: BandTotal) -> Self:
        """The graph's form of the store's answer."""
        return cls(band=total.band, count=total.count, average_score=total.average_score)


@strawberry.type
class CustomerFeatures:
    """What the profile amounts to on the day it was true, or on the day of the last recomputation."""

    customer_id: strawberry.ID
    age: int
    state: str | None
    open_debt: Decimal = strawberry.field(description="Everything not paid back, overdue or not.")
    overdue_debt: Decimal
    overdue_count: int
    settled_count: int
    total_assets: Decimal
    monthly_income: Decimal
    income_sources: int
    debt_to_income: float | None = strawberry.field(
        description="Open debt over twelve months of income; null without income."
    )
    longest_term_months: int = strawberry.field(
        description="Months from contract to due day of the longest running debt."
    )
    worst_lateness_days: int = strawberry.field(
        description="How late the latest of the settled debts was paid."
    )
    clean_record_months: int = strawberry.field(
        description="Months since the first debt that was paid back in time; 0 when any was seriously late."
    )
    low_balances: int = strawberry.field(description="Investments that are kept close to empty.")
    investments: Decimal
    belongings: int = strawberry.field(description="Assets that are not investments.")
    income_tenure_months: int = strawberry.field(description="Months since the oldest present income began.")
    score: int
    band: Band
    default_probability: float
    model_version: str
    source_version: int
    updated_at: DateTime

    @classmethod
    def of(cls, row: Row) -> Self:
        """The graph's form of a stored row."""
        features = row.features
        return cls(
            customer_id=strawberry.ID(str(row.customer_id)),
            age=features.age,
            state=features.state,
            open_debt=features.open_debt,
            overdue_debt=features.overdue_debt,
            overdue_count=features.overdue_count,
            settled_count=features.settled_count,
            total_assets=features.total_assets,
            monthly_income=features.monthly_income,
            income_sources=features.income_sources,
            debt_to_income=features.debt_to_income,
            longest_term_months=features.longest_term_months,
            worst_lateness_days=features.worst_lateness_days,
            clean_record_months=features.clean_record_months,
            low_balances=features.low_balances,
            investments=features.investments,
            belongings=features.belongings,
            income_tenure_months=features.income_tenure_months,
            score=row.score,
            band=row.band,
            default_probability=row.default_probability,
            model_version=row.model_version,
            source_version=row.source_version,
            updated_at=row.updated_at,
        )


@strawberry.federation.type(shareable=True)
class PageInfo:
    """Where a page stands among its neighbours."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class FeatureEdge:
    """One row and the cursor to go on after it."""

    cursor: str
    node: CustomerFeatures


@strawberry.type
class FeatureConnection:
    """One page of rows."""

    edges: list[FeatureEdge]
    page_info: PageInfo

    @strawberry.field
    def nodes(self) -> list[CustomerFeatures]:
        """The rows without their cursors."""
        return [edge.node for edge in self.edges]

    @classmethod
    def of(cls, page: Page, *, continued: bool) -> Self:
        """The graph's form of a page; `continued` when it began after a cursor."""
        edges = [
            FeatureEdge(cursor=feature_cursor(row.change), node=CustomerFeatures.of(row)) for row in page.rows
        ]
        return cls(
            edges=edges,
            page_info=PageInfo(
                has_next_page=page.has_next,
                has_previous_page=continued,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )


@strawberry.federation.type(shareable=True)
class ApplyResult:
    """What became of an event."""

    outcome: Outcome
    applied_version: int | None

    @classmethod
    def of(cls, change: record.Change) -> Self:
        """The graph's form of a decision."""
        return cls(outcome=change.outcome, applied_version=change.version)


@strawberry.type(name="AppliedVersion")
class AppliedVersionType:
    """How far the copy of one customer is; customers of whom nothing has arrived are left out."""

    customer_id: strawberry.ID
    version: int
    erased: bool

    @classmethod
    def of(cls, applied: AppliedVersion) -> Self:
        """The graph's form of the store's answer."""
        return cls(
            customer_id=strawberry.ID(str(applied.customer_id)),
            version=applied.version,
            erased=applied.erased,
        )


@strawberry.federation.type(keys=["id"])
class Customer:
    """A customer as this subgraph knows one."""

    id: strawberry.ID
    reference: strawberry.Private[Reference]
    total_debt: Decimal = federation_field(external=True)
    monthly_income: Decimal = federation_field(external=True)

    @classmethod
    async def resolve_references(cls, info: Info, references: Sequence[Reference]) -> Sequence[Self]:
        """Every id is answered: whether the customer exists is the customer subgraph's to say."""
        info.context.touch(reference.id for reference in references)
        return [cls.of(reference) for reference in references]

    @classmethod
    def of(cls, reference: Reference) -> Self:
        """The customer with what the representation told of it; nothing is read before a field needs it."""
        return cls(
            id=strawberry.ID(str(reference.id)),
            reference=reference,
            # None when the representation came without them; asking for them by name is then an error.
            total_debt=cast(Decimal, reference.external.get("totalDebt")),
            monthly_income=cast(Decimal, reference.external.get("monthlyIncome")),
        )

    @field(description="Null until the first profile has arrived.")
    async def rating(self, info: Info) -> Rating | None:
        """One read for all customers of the request."""
        rating = await info.context.loaders.ratings.load(self.reference.id)
        return None if rating is None else Rating.of(rating)

    @field(description="Newest first, the present rating included.")
    async def rating_history(self, info: Info, first: int | None = 12) -> list[Rating]:
        """One read for all customers of the request."""
        size = cursor.page_size(first, record.MAX_HISTORY, default=12)
        history = await info.context.loaders.histories.load(self.reference.id)
        return [Rating.of(rating) for rating in (history or ())[:size]]

    @field(requires_scopes=_ML)
    async def features(self, info: Info) -> CustomerFeatures | None:
        """One read for all customers of the request."""
        row = await info.context.loaders.rows.load(self.reference.id)
        return None if row is None else CustomerFeatures.of(row)

    @field(
        requires=["totalDebt monthlyIncome"],
        description="Open debt over twelve months of income, from the live figures of the customer subgraph; "
        "null without income.",
    )
    def debt_to_income(self) -> float | None:
        """Reads nothing: the figures came with the representation."""
        total_debt = self.reference.external.get("totalDebt")
        monthly_income = self.reference.external.get("monthlyIncome")
        if total_debt is None or monthly_income is None:
            raise BadUserInput(
                "Customer.debtToIncome needs totalDebt and monthlyIncome in the representation."
            )
        return debt_to_income(total_debt, monthly_income)


def feature_cursor(change: str) -> str:
    """The cursor after a row."""
    return cursor.encode(_FEATURES, [change])


def feature_position(after: str) -> str:
    """The place that a cursor stands for; raises BadUserInput for any other text."""
    values = cursor.decode(_FEATURES, after)
    match values:
        case [str() as change] if (
            len(change) == _CHANGE_LENGTH and change[:15].isdecimal() and change[15] == "/"
        ):
            return change
    raise BadUserInput("after is not a cursor of this connection.")
