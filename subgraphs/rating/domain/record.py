"""What is kept of one customer, and how an event changes it: pure, so that any order of events can be tried.

The state after a set of events is the same for every order and every repetition of them, because each part is
the result of an operation that does not care: the profile with the highest version wins, a rating has its
place in the history by its version, and an erasure empties everything for good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from subgraphs.rating.domain.features import Features, features_of, rating_day
from subgraphs.rating.domain.profile import Profile
from subgraphs.rating.domain.scorecard import Assessment, Scorecard

__all__ = [
    "MAX_HISTORY",
    "Change",
    "Erasure",
    "Outcome",
    "ProfileChanged",
    "Rating",
    "Record",
    "apply_erasure",
    "apply_profile",
    "rerated",
]

#: Ratings kept of one customer, the present one included: three years of monthly changes, some 40 KB.
MAX_HISTORY = 36


class Outcome(StrEnum):
    """What became of an event; all three are successes."""

    #: It is the customer's state now.
    APPLIED = "APPLIED"
    #: This very event is already there.
    DUPLICATE = "DUPLICATE"
    #: A newer version, or an erasure, is already there.
    STALE = "STALE"


@dataclass(frozen=True, slots=True)
class Rating:
    """One assessment, the event that it came from and the moment at which it was made."""

    assessment: Assessment
    source_version: int
    source_event: UUID
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that follows from the newest profile."""

    profile: Profile
    features: Features
    #: The day on which the features are true.
    rated_on: date
    rating: Rating


@dataclass(frozen=True, slots=True)
class Record:
    """One customer. `known` is None, and the history empty, when the customer is erased."""

    customer_id: UUID
    version: int
    #: The event that `version` came with.
    event_id: UUID
    known: Known | None
    #: Newest version first; begins with the present rating.
    history: tuple[Rating, ...]
    updated_at: datetime
    #: Grows by one with every write of the record, for compare-and-swap.
    revision: int = 0

    @property
    def erased(self) -> bool:
        """Whether only a tombstone is left."""
        return self.known is None


@dataclass(frozen=True, slots=True)
class ProfileChanged:
    """customer.profile.v1 as it arrived."""

    event_id: UUID
    customer_id: UUID
    version: int
    occurred_at: datetime
    profile: Profile


@dataclass(frozen=True, slots=True)
class Erasure:
    """customer.erased.v1 as it arrived."""

    event_id: UUID
    customer_id: UUID
    version: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A decision: the outcome, the version that is there afterwards, and what to write (None: nothing)."""

    outcome: Outcome
    version: int
    record: Record | None = None


def apply_profile(
    record: Record | None, event: ProfileChanged, scorecard: Scorecard, now: datetime
) -> Change:
    """What a profile does to a record (None: nothing is known of the customer yet)."""
    if record is not None:
        if record.erased:
            return Change(Outcome.STALE, record.version)
        if event.event_id == record.event_id or event.event_id in {
            each.source_event for each in record.history
        }:
            return Change(Outcome.DUPLICATE, record.version)
        if event.version == record.version:
            # The same state, sent anew under another id, as a reconciliation does.
            return Change(Outcome.STALE, record.version)
    known = _known(event, scorecard, now)
    if record is None:
        first = Record(event.customer_id, event.version, event.event_id, known, (known.rating,), now)
        return Change(Outcome.APPLIED, event.version, first)
    history = _with(record.history, known.rating)
    if event.version < record.version:
        # Late: it has no say any more, but its rating belongs into the history, wherever the queue left it.
        changed = replace(record, history=history) if history != record.history else None
        return Change(Outcome.STALE, record.version, changed)
    newest = replace(
        record, version=event.version, event_id=event.event_id, known=known, history=history, updated_at=now
    )
    return Change(Outcome.APPLIED, event.version, newest)


def apply_erasure(record: Record | None, event: Erasure, now: datetime) -> Change:
    """What an erasure does: the last word, whatever its version, unless there has been one already."""
    if record is not None and record.erased:
        outcome = Outcome.DUPLICATE if event.event_id == record.event_id else Outcome.STALE
        return Change(outcome, record.version)
    revision = 0 if record is None else record.revision
    tombstone = Record(event.customer_id, event.version, event.event_id, None, (), now, revision)
    return Change(Outcome.APPLIED, event.version, tombstone)


def rerated(record: Record, scorecard: Scorecard, on: date, now: datetime) -> Record | None:
    """The record with features of another day and a rating by another scorecard; None when nothing changes.

    A rating that comes out alike keeps its time; one that differs goes on top of the history.
    """
    if record.known is None:
        return None
    # Never back: a profile that happened after `on` must not be made younger by a recomputation begun before.
    day = max(on, record.known.rated_on)
    features = features_of(record.known.profile, day)
    assessment = scorecard.assess(features)
    before = record.known.rating
    if features == record.known.features and assessment == before.assessment:
        return None
    rating = (
        before if assessment == before.assessment else replace(before, assessment=assessment, computed_at=now)
    )
    known = replace(record.known, features=features, rated_on=day, rating=rating)
    history = record.history if rating is before else (rating, *record.history)[:MAX_HISTORY]
    return replace(record, known=known, history=history, updated_at=now)


def _known(event: ProfileChanged, scorecard: Scorecard, now: datetime) -> Known:
    day = rating_day(event.occurred_at)
    features = features_of(event.profile, day)
    rating = Rating(scorecard.assess(features), event.version, event.event_id, now)
    return Known(event.profile, features, day, rating)


def _with(history: tuple[Rating, ...], rating: Rating) -> tuple[Rating, ...]:
    """The history with one more rating in its place. The sort is stable: equal versions keep their order."""
    ordered = sorted((*history, rating), key=lambda each: -each.source_version)
    return tuple(ordered[:MAX_HISTORY])
