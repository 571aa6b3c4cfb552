"""From a sample to points: weights of evidence, a regression over them, whole points, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # has no types
from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]  # has no types

from examples.scorecard.characteristics import CHARACTERISTICS
from subgraphs.rating.domain.features import Features

__all__ = ["BASE", "Fitted", "NotSound", "calibration_of", "fit_points", "fitted", "ranges_of", "scores_of"]

#: Score of a customer like the average of the sample.
BASE = 640
#: Points for one unit of log-odds: the odds of default double about every 62 points.
_POINTS_PER_LOG_ODDS = 90
#: Rows of the average that are mixed into each range before its odds are taken, so that a small range proves
#: little.
_PRIOR_ROWS = 10.0
#: Strength of the regression's penalty (scikit-learn's C: larger is weaker).
_PENALTY = 1.0
#: Folds of the sample that calibrate the score: no row's probability is judged by points that it helped to
#: make.
_CALIBRATION_FOLDS = 10
_CALIBRATION_SEED = 11

_Integers = NDArray[np.int64]
_Floats = NDArray[np.float64]


class NotSound(ValueError):
    """The sample would give points against the direction that a characteristic must have."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Points for each range of each characteristic, and the curve from score to probability of default."""

    points: tuple[tuple[int, ...], ...]
    intercept: float
    slope: float

    def probabilities(self, ranges: _Integers) -> _Floats:
        """Probability of default of each row."""
        return _sigmoid(self.intercept + self.slope * scores_of(self.points, ranges).astype(np.float64))


def ranges_of(features: Sequence[Features]) -> _Integers:
    """Row by characteristic: the index of the range that the row's value falls into."""
    columns = [
        np.searchsorted(
            [bound for bound, _ in plan.ranges],
            [float(getattr(row, plan.feature)) for row in features],
            side="right",
        )
        for plan in CHARACTERISTICS
    ]
    return np.array(columns, dtype=np.int64).T


def fitted(ranges: _Integers, defaulted: _Integers) -> Fitted:
    """Points and calibration from one sample. Repeatable: nothing depends on anything but the arguments."""
    intercept, slope = calibration_of(ranges, defaulted)
    return Fitted(fit_points(ranges, defaulted), intercept, slope)


def fit_points(ranges: _Integers, defaulted: _Integers) -> tuple[tuple[int, ...], ...]:
    """Whole points for each range; fewer points mean more risk.

    A range's weight of evidence is how its log-odds of default differ from the sample's; the regression says
    how much of each weight counts when the others are known too.
    """
    evidence = [
        _evidence(ranges[:, column], defaulted, len(plan.ranges))
        for column, plan in enumerate(CHARACTERISTICS)
    ]
    weights = np.column_stack([each[ranges[:, column]] for column, each in enumerate(evidence)])
    regression = _regression(_PENALTY).fit(weights, defaulted)
    return tuple(
        tuple(round(-_POINTS_PER_LOG_ODDS * float(coefficient) * float(weight)) for weight in each)
        for coefficient, each in zip(regression.coef_[0], evidence, strict=True)
    )


def scores_of(points: Sequence[Sequence[int]], ranges: _Integers) -> _Integers:
    """Base plus the points of each row's ranges."""
    columns = [np.asarray(each)[ranges[:, column]] for column, each in enumerate(points)]
    return np.asarray(BASE + np.sum(columns, axis=0), dtype=np.int64)


def calibration_of(ranges: _Integers, defaulted: _Integers) -> tuple[float, float]:
    """Intercept and slope of log-odds of default over the score, learnt from scores of rows held out."""
    scores = np.empty(len(defaulted))
    folds = StratifiedKFold(_CALIBRATION_FOLDS, shuffle=True, random_state=_CALIBRATION_SEED)
    for seen, unseen in folds.split(ranges, defaulted):
        scores[unseen] = scores_of(fit_points(ranges[seen], defaulted[seen]), ranges[unseen])
    # In hundreds of points, so that the (negligible) penalty does not depend on the scale of the score.
    curve = _regression(1e6).fit(((scores - BASE) / 100)[:, None], defaulted)
    slope = float(curve.coef_[0][0]) / 100
    return float(curve.intercept_[0]) - slope * BASE, slope


def check_directions(points: Sequence[Sequence[int]]) -> None:
    """Raise NotSound when more of something good costs points or more of something bad earns any."""
    for plan, each in zip(CHARACTERISTICS, points, strict=True):
        if list(each) != sorted(each, reverse=plan.more_is == "worse"):
            raise NotSound(
                f"{plan.name} is {plan.more_is} with more {plan.feature}, but the points are {each}"
            )


def log_odds(probability: float) -> float:
    """Natural logarithm of the odds."""
    return math.log(probability / (1 - probability))


def _regression(penalty: float) -> LogisticRegression:
    # Newton's method goes to the very optimum, so that no machine's rounding shows in the figures.
    return LogisticRegression(C=penalty, solver="newton-cholesky", tol=1e-10, max_iter=100)


def _evidence(column: _Integers, defaulted: _Integers, ranges: int) -> _Floats:
    rate = float(defaulted.mean())
    rows = np.bincount(column, minlength=ranges)
    defaults = np.bincount(column, weights=defaulted, minlength=ranges)
    smoothed = (defaults + _PRIOR_ROWS * rate) / (rows + _PRIOR_ROWS)
    return np.asarray(np.log(smoothed / (1 - smoothed)) - log_odds(rate))


def _sigmoid(values: _Floats) -> _Floats:
    return np.asarray(1 / (1 + np.exp(-values)))
