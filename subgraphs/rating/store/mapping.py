"""Between what the domain knows and what is stored. Neither direction loses anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from subgraphs.rating.domain.features import Features
from subgraphs.rating.domain.profile import Asset, Debt, Income, Profile
from subgraphs.rating.domain.record import Known, Rating, Record
from subgraphs.rating.domain.scorecard import Assessment, Band, Factor
from subgraphs.rating.store import documents as stored

__all__ = [
    "change_key",
    "document_of",
    "features_from",
    "history_from",
    "rating_from",
    "record_from",
    "start_of",
]

_AMOUNTS = ("open_debt", "overdue_debt", "total_assets", "monthly_income", "investments")
_FEATURES = tuple(field.name for field in fields(Features) if field.name not in _AMOUNTS)


def change_key(moment: datetime, customer_id: UUID) -> str:
    """A text that sorts as (moment, customer) does."""
    return f"{start_of(moment)}{customer_id}"


def start_of(moment: datetime) -> str:
    """What all change keys of that moment begin with; sorts before all of them."""
    # Milliseconds, as MongoDB keeps times; fifteen digits last until the year 33658.
    return f"{int(moment.timestamp() * 1000):015d}/"


def document_of(record: Record) -> stored.RatingDocument:
    """The document of a record."""
    known = record.known
    return stored.RatingDocument(
        id=str(record.customer_id),
        revision=record.revision,
        version=record.version,
        event_id=str(record.event_id),
        erased=record.erased,
        change=None if known is None else change_key(record.updated_at, record.customer_id),
        updated_at=record.updated_at,
        rated_on=None if known is None else known.rated_on.isoformat(),
        profile=None if known is None else _stored_profile(known.profile),
        features=None if known is None else _stored_features(known),
        rating=None if known is None else _stored_rating(known.rating),
        # The present rating begins the history; it is not kept twice.
        history=[_stored_rating(rating) for rating in record.history[1:]],
    )


def record_from(document: stored.RatingDocument) -> Record:
    """The record of a document."""
    return Record(
        customer_id=UUID(document.id),
        version=document.version,
        event_id=UUID(document.event_id),
        known=_known_from(document),
        history=history_from(document.rating, document.history),
        updated_at=_utc(document.updated_at),
        revision=document.revision,
    )


def rating_from(given: stored.StoredRating) -> Rating:
    """The rating as it was made."""
    assessment = Assessment(
        score=given.score,
        band=Band(given.band),
        default_probability=given.default_probability,
        factors=tuple(Factor(factor.name, factor.points, factor.explanation) for factor in given.factors),
        base=given.base,
        model_version=given.model_version,
    )
    return Rating(assessment, given.source_version, UUID(given.source_event), _utc(given.computed_at))


def history_from(
    present: stored.StoredRating | None, past: Iterable[stored.StoredRating]
) -> tuple[Rating, ...]:
    """All ratings, the present one first; none of an erased customer."""
    return () if present is None else tuple(rating_from(each) for each in (present, *past))


def features_from(given: stored.StoredFeatures) -> Features:
    """The features with their amounts in BRL."""
    values: dict[str, Any] = {name: getattr(given, name) for name in _FEATURES}
    values.update((name, _reais(getattr(given, name))) for name in _AMOUNTS)
    return Features(**values)


def _known_from(document: stored.RatingDocument) -> Known | None:
    if document.erased:
        return None
    if (
        document.profile is None
        or document.features is None
        or document.rating is None
        or not document.rated_on
    ):
        raise ValueError(f"the document of customer {document.id} is neither whole nor a tombstone")
    return Known(
        profile=_profile_from(document.profile),
        features=features_from(document.features),
        rated_on=date.fromisoformat(document.rated_on),
        rating=rating_from(document.rating),
    )


def _stored_rating(rating: Rating) -> stored.StoredRating:
    assessment = rating.assessment
    return stored.StoredRating(
        score=assessment.score,
        band=assessment.band.value,
        default_probability=assessment.default_probability,
        factors=[
            stored.StoredFactor(name=factor.name, points=factor.points, explanation=factor.explanation)
            for factor in assessment.factors
        ],
        base=assessment.base,
        model_version=assessment.model_version,
        source_version=rating.source_version,
        source_event=str(rating.source_event),
        computed_at=rating.computed_at,
    )


def _stored_features(known: Known) -> stored.StoredFeatures:
    assessment = known.rating.assessment
    values: dict[str, Any] = {name: getattr(known.features, name) for name in _FEATURES}
    values.update((name, _centavos(getattr(known.features, name))) for name in _AMOUNTS)
    return stored.StoredFeatures(
        **values,
        score=assessment.score,
        band=assessment.band.value,
        default_probability=assessment.default_probability,
        model_version=assessment.model_version,
        source_version=known.rating.source_version,
    )


def _stored_profile(profile: Profile) -> stored.StoredProfile:
    return stored.StoredProfile(
        birth_date=profile.birth_date.isoformat(),
        state=profile.state,
        city=profile.city,
        debts=[
            stored.StoredDebt(
                amount=_centavos(debt.amount),
                contracted_on=debt.contracted_on.isoformat(),
                due_on=debt.due_on.isoformat(),
                settled_on=_text(debt.settled_on),
            )
            for debt in profile.debts
        ],
        assets=[
            stored.StoredAsset(kind=asset.kind, value=_centavos(asset.value)) for asset in profile.assets
        ],
        incomes=[
            stored.StoredIncome(
                kind=income.kind,
                monthly_amount=_centavos(income.monthly_amount),
                started_on=income.started_on.isoformat(),
                ended_on=_text(income.ended_on),
            )
            for income in profile.incomes
        ],
    )


def _profile_from(given: stored.StoredProfile) -> Profile:
    return Profile(
        birth_date=date.fromisoformat(given.birth_date),
        state=given.state,
        city=given.city,
        debts=tuple(
            Debt(
                _reais(debt.amount),
                date.fromisoformat(debt.contracted_on),
                date.fromisoformat(debt.due_on),
                _day(debt.settled_on),
            )
            for debt in given.debts
        ),
        assets=tuple(Asset(asset.kind, _reais(asset.value)) for asset in given.assets),
        incomes=tuple(
            Income(
                income.kind,
                _reais(income.monthly_amount),
                date.fromisoformat(income.started_on),
                _day(income.ended_on),
            )
            for income in given.incomes
        ),
    )


def _centavos(amount: Decimal) -> int:
    return int(amount * 100)  # exact: a checked profile has no fractions of a centavo


def _reais(centavos: int) -> Decimal:
    return Decimal(centavos).scaleb(-2)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _utc(moment: datetime) -> datetime:
    """PyMongo answers naive times in UTC unless the codec says otherwise; either way the result is aware."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
