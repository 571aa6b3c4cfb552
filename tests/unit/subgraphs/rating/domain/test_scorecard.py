"""The scorecard: points that add up, sound directions, and files that are checked when they are read."""

from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.rating.domain.features import Features, features_of
from subgraphs.rating.domain.profile import Asset, Debt, Income, Profile
from subgraphs.rating.domain.scorecard import (
    Band,
    Calibration,
    InvalidScorecard,
    load_scorecard,
    scorecard_from,
)
from tests.kit.rating import DAY, day, profile

SCORECARD = load_scorecard("2026-1")
DOCUMENT: dict[str, Any] = json.loads(
    resources.files("subgraphs.rating").joinpath("scorecards", "2026-1.json").read_text(encoding="utf-8")
)

amounts = st.decimals("0.00", "1000000.00", places=2)
days_ago = st.integers(0, 4000)


@st.composite
def debts(draw: st.DrawFn) -> Debt:
    """Any debt."""
    contracted = draw(days_ago)
    due = draw(st.integers(-4000, contracted))
    settled = draw(st.none() | st.integers(0, 2000))
    return Debt(draw(amounts), day(contracted), day(due), None if settled is None else day(settled))


profiles = st.builds(
    Profile,
    birth_date=st.dates(dt.date(1920, 1, 1), DAY),
    debts=st.lists(debts(), max_size=5).map(tuple),
    assets=st.lists(
        st.builds(
            Asset, kind=st.sampled_from(["INVESTMENT", "VEHICLE", "REAL_ESTATE", "OTHER"]), value=amounts
        ),
        max_size=5,
    ).map(tuple),
    incomes=st.lists(
        st.builds(Income, kind=st.just("SALARY"), monthly_amount=amounts, started_on=days_ago.map(day)),
        max_size=3,
    ).map(tuple),
)


def score(given: Profile) -> int:
    """The score on the tests' day."""
    return SCORECARD.assess(features_of(given, DAY)).score


@given(profiles)
def test_every_assessment_explains_itself(given: Profile) -> None:
    """Any customer has a score from 0 to 1000 which is the base and its factors, and a band that fits."""
    assessment = SCORECARD.assess(features_of(given, DAY))
    assert 0 <= assessment.score <= 1000
    assert assessment.score == assessment.base + sum(factor.points for factor in assessment.factors)
    assert 0 < assessment.default_probability < 1
    limits = dict(SCORECARD.bands)
    assert assessment.score >= limits[assessment.band]
    better = [limit for band, limit in SCORECARD.bands if band < assessment.band]
    assert all(assessment.score < limit for limit in better)


@given(profiles, profiles)
def test_a_better_score_is_never_a_higher_risk(one: Profile, other: Profile) -> None:
    """Score, band and probability of default tell the same story."""
    first, second = (SCORECARD.assess(features_of(each, DAY)) for each in (one, other))
    if first.score >= second.score:
        assert first.default_probability <= second.default_probability
        assert first.band <= second.band


@given(profiles, debts())
def test_an_overdue_debt_never_helps(given: Profile, debt: Debt) -> None:
    """Nobody can be advised to fall into arrears."""
    overdue = replace(debt, contracted_on=day(300), due_on=day(100), settled_on=None)
    assert score(replace(given, debts=(*given.debts, overdue))) <= score(given)


@given(profiles, st.decimals("10000.00", "90000.00", places=2), st.sampled_from(["INVESTMENT", "VEHICLE"]))
def test_more_means_never_hurt(given: Profile, value: Decimal, kind: str) -> None:
    """Another asset, and another income, cost nobody points."""
    richer = replace(given, assets=(*given.assets, Asset(kind, value)))
    assert score(richer) >= score(given)
    paid = replace(given, incomes=(*given.incomes, Income("SALARY", value, day(2000))))
    assert score(paid) >= score(given)


def test_paying_back_in_time_helps() -> None:
    """The same loan, settled on the day it was due, is worth more than the loan still owed after that day."""
    owed = Debt(Decimal("5000.00"), day(800), day(20))
    assert score(profile(debts=(replace(owed, settled_on=day(20)),))) > score(profile(debts=(owed,)))


def test_place_and_age_are_not_scored() -> None:
    """Two customers who differ in age, state and city alone get the same score."""
    other = profile(birth_date=dt.date(1950, 1, 1), state="AM", city="Manaus")
    assert score(other) == score(profile())


def test_every_attribute_can_be_reached_by_its_bounds() -> None:
    """A value belongs to the first range that it is below of."""
    term = next(each for each in SCORECARD.characteristics if each.feature == "longest_term_months")
    features = features_of(profile(), DAY)

    def points(months: int) -> int:
        changed: Features = replace(features, longest_term_months=months)
        return term.attribute_of(changed).points

    assert points(11) == points(0) != points(12) == points(23) != points(24)
    assert points(36) == points(600)


def test_probability_is_a_number_whatever_the_score() -> None:
    """Steep curves give 0 and 1, not an overflow."""
    steep = Calibration(0.0, -10.0)
    assert (steep.probability(1000), steep.probability(0)) == (0.0, 0.5)


def changed(**changes: Any) -> dict[str, Any]:
    """The scorecard's document with other parts."""
    return {**copy.deepcopy(DOCUMENT), **changes}


def with_attributes(*attributes: dict[str, Any], feature: str = "overdue_count") -> dict[str, Any]:
    """A scorecard of one characteristic."""
    return changed(characteristics=[{"name": "only", "feature": feature, "attributes": list(attributes)}])


LAST = {"points": 0, "explanation": ""}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (changed(base=990), "within 0 to 1000"),
        (changed(bands={"A": 700, "B": 600, "C": 500, "D": 400}), "bands"),
        (changed(bands={"A": 700, "B": 600, "C": 500, "D": 800, "E": 0}), "bands"),
        (changed(bands={"A": 700, "B": 600, "C": 500, "D": 400, "E": 1}), "bands"),
        (changed(bands={"Z": 1}), "Z"),
        (changed(calibration={}), "intercept"),
        (with_attributes(LAST, feature="horoscope"), "horoscope"),
        (with_attributes(LAST, feature="state"), "state"),
        (with_attributes({"below": 1, **LAST}), "bounds"),
        (with_attributes({"below": 2, **LAST}, {"below": 1, **LAST}, LAST), "bounds"),
        (with_attributes(), "bounds"),
        ({}, "version"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_faulty_scorecard_is_refused(document: dict[str, Any], reason: str) -> None:
    """It is refused when it is read, with the reason, not in the middle of a rating."""
    with pytest.raises(InvalidScorecard, match=reason):
        scorecard_from(document)


def test_a_scorecard_can_come_from_a_file(tmp_path: Path) -> None:
    """A path that ends in .json is read; one that is not there is told by name."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(changed(version="mine")))
    assert load_scorecard(str(path)).version == "mine"
    with pytest.raises(InvalidScorecard, match="nowhere"):
        load_scorecard("nowhere")


def test_bands_are_all_there() -> None:
    """A to E, best first."""
    assert [band for band, _ in SCORECARD.bands] == list(Band)
