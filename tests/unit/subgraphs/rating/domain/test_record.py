"""The decisions about a record, without any store: order, repetition, erasure, recomputation."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from subgraphs.rating.domain.profile import Debt
from subgraphs.rating.domain.record import (
    MAX_HISTORY,
    Erasure,
    Outcome,
    ProfileChanged,
    Record,
    apply_erasure,
    apply_profile,
    rerated,
)
from subgraphs.rating.domain.scorecard import load_scorecard
from tests.kit.rating import ANA, DAY, NOON, day, erasure, profile_event

SCORECARD = load_scorecard("2026-1")
OTHER_SCORECARD = replace(SCORECARD, version="other", base=SCORECARD.base - 10)
Event = ProfileChanged | Erasure


def versions(count: int) -> list[Event]:
    return [
        profile_event(
            ANA,
            version,
            debts=(Debt(Decimal(1500 * version), day(100), day(-630)),),
            event_id=uuid.UUID(int=version),
        )
        for version in range(1, count + 1)
    ]


def end_of(events: Sequence[Event]) -> Record | None:
    """The record after the events, in their order."""
    record: Record | None = None
    for event in events:
        if isinstance(event, Erasure):
            change = apply_erasure(record, event, NOON)
        else:
            change = apply_profile(record, event, SCORECARD, NOON)
        record = change.record or record
    return record


def test_every_order_of_profiles_and_an_erasure_ends_alike() -> None:
    """720 orders of five profiles and an erasure leave the same tombstone."""
    events = [*versions(5), replace(erasure(ANA, 6), event_id=uuid.UUID(int=6))]
    expected = end_of(events)
    assert expected is not None
    assert expected.erased
    assert all(end_of(order) == expected for order in itertools.permutations(events))


@given(st.lists(st.integers(0, 59), max_size=120))
def test_any_delivery_of_many_versions_keeps_the_newest(picked: list[int]) -> None:
    """However versions are delivered: the newest rules, and the history is the newest 36."""
    events = versions(60)
    record = end_of([events[index] for index in picked])
    seen = sorted({index + 1 for index in picked}, reverse=True)
    if record is None:
        assert picked == []
    else:
        assert [each.source_version for each in record.history] == seen[:MAX_HISTORY]
        assert record.version == seen[0]
        assert record.known is not None
        assert record.known.rating == record.history[0]


def test_the_same_version_sent_anew_is_stale() -> None:
    """A reconciliation that repeats a state under another event id changes nothing."""
    record = end_of(versions(2))
    assert record is not None
    change = apply_profile(record, profile_event(ANA, 2), SCORECARD, NOON)
    assert (change.outcome, change.version, change.record) == (Outcome.STALE, 2, None)


def test_an_erasure_wins_over_newer_versions() -> None:
    """Its version does not matter: it is the customer's last word."""
    change = apply_erasure(end_of(versions(5)), erasure(ANA, 2), NOON)
    assert change.outcome is Outcome.APPLIED
    assert change.record is not None
    assert change.record.erased


def test_rerating_alike_changes_nothing() -> None:
    """Neither a record rated today by this scorecard, nor a tombstone, is written again."""
    record = end_of(versions(1))
    assert record is not None
    assert rerated(record, SCORECARD, DAY, NOON) is None
    tombstone = apply_erasure(record, erasure(ANA), NOON).record
    assert tombstone is not None
    assert rerated(tombstone, OTHER_SCORECARD, DAY, NOON) is None


def test_another_scorecard_puts_a_rating_on_top() -> None:
    """The present rating is the new one, the old one becomes history; doing it again changes nothing."""
    record = end_of(versions(2))
    assert record is not None
    later = NOON + dt.timedelta(hours=1)
    changed = rerated(record, OTHER_SCORECARD, DAY, later)
    assert changed is not None
    assert changed.known is not None
    assert changed.known.rating.assessment.model_version == "other"
    assert changed.known.rating.computed_at == changed.updated_at == later
    assert [(each.assessment.model_version, each.source_version) for each in changed.history] == [
        ("other", 2),
        ("2026-1", 2),
        ("2026-1", 1),
    ]
    assert rerated(changed, OTHER_SCORECARD, DAY, later) is None


def test_time_alone_moves_features() -> None:
    """On a later day a loan has become overdue, and the rating follows."""
    record = end_of([profile_event(ANA, 1, debts=(Debt(Decimal("500.00"), day(100), day(-10)),))])
    assert record is not None
    changed = rerated(record, SCORECARD, DAY + dt.timedelta(days=11), NOON)
    assert changed is not None
    assert changed.known is not None
    assert changed.known.features.overdue_count == 1
    assert changed.known.rating.assessment.score < record.history[0].assessment.score


def test_rerating_never_goes_back_in_time() -> None:
    """A recomputation as of a day before the profile leaves the profile's own day."""
    record = end_of(versions(1))
    assert record is not None
    assert rerated(record, SCORECARD, day(400), NOON) is None
