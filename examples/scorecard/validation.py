"""How well the scorecard ranks and how true its probabilities are, on rows that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (  # type: ignore[import-untyped]  # has no types
    brier_score_loss,
    roc_auc_score,
    roc_curve,
)
from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]  # has no types

from examples.scorecard.model import fitted

__all__ = ["Decile", "Validation", "calibration_error", "deciles", "validated"]

#: Ten times ten folds, because one split of a few hundred rows moves the AUC by 0.02.
REPEATS, FOLDS = 10, 10
_SEED = 20_260_115
_BINS = 10

_Integers = NDArray[np.int64]
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decile:
    """A group of rows with like probabilities: what was predicted, what became of them."""

    rows: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Validation:
    """Figures over the repeats of the cross-validation: mean, and the standard deviation of the AUC."""

    rows: int
    default_rate: float
    auc: float
    auc_deviation: float
    kolmogorov_smirnov: float
    brier: float
    #: Mean absolute difference of predicted and observed rate over ten bins, weighted by rows: bins that hold
    #: equally many rows, and bins that are a tenth of the probabilities wide.
    calibration_error: float
    calibration_error_fixed_bins: float
    #: By the probabilities that a row got on average while it was held out, lowest first.
    deciles: tuple[Decile, ...]

    @property
    def gini(self) -> float:
        """Twice the area between the ROC curve and chance."""
        return 2 * self.auc - 1


def validated(ranges: _Integers, defaulted: _Integers) -> Validation:
    """Cross-validate the whole procedure: evidence, points and calibration are learnt in each fold."""
    held_out = np.array([_held_out(ranges, defaulted, _SEED + repeat) for repeat in range(REPEATS)])
    aucs = [float(roc_auc_score(defaulted, each)) for each in held_out]
    return Validation(
        rows=len(defaulted),
        default_rate=float(defaulted.mean()),
        auc=float(np.mean(aucs)),
        auc_deviation=float(np.std(aucs)),
        kolmogorov_smirnov=float(np.mean([_kolmogorov_smirnov(defaulted, each) for each in held_out])),
        brier=float(np.mean([brier_score_loss(defaulted, each) for each in held_out])),
        calibration_error=float(np.mean([calibration_error(defaulted, each) for each in held_out])),
        calibration_error_fixed_bins=float(
            np.mean([calibration_error(defaulted, each, fixed=True) for each in held_out])
        ),
        deciles=deciles(defaulted, held_out.mean(axis=0)),
    )


def deciles(defaulted: _Integers, probabilities: _Floats) -> tuple[Decile, ...]:
    """Ten groups of (nearly) equal size, lowest probability first."""
    # A stable sort: rows of one score keep the file's order, so that the table can be reproduced.
    order = np.argsort(probabilities, kind="stable")
    return tuple(_group(defaulted, probabilities, rows) for rows in np.array_split(order, _BINS))


def calibration_error(defaulted: _Integers, probabilities: _Floats, *, fixed: bool = False) -> float:
    """Expected calibration error over ten bins: equally full ones, or `fixed` ones of equal width."""
    if fixed:
        bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
        rows = [np.flatnonzero(bins == position) for position in range(_BINS)]
        groups = tuple(_group(defaulted, probabilities, each) for each in rows if len(each))
    else:
        groups = deciles(defaulted, probabilities)
    return sum(group.rows * abs(group.predicted - group.observed) for group in groups) / len(defaulted)


def _group(defaulted: _Integers, probabilities: _Floats, rows: NDArray[np.intp]) -> Decile:
    return Decile(len(rows), float(probabilities[rows].mean()), float(defaulted[rows].mean()))


def _held_out(ranges: _Integers, defaulted: _Integers, seed: int) -> _Floats:
    """Each row's probability by a scorecard that was fitted and calibrated without it."""
    probabilities = np.empty(len(defaulted))
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(ranges, defaulted):
        probabilities[unseen] = fitted(ranges[seen], defaulted[seen]).probabilities(ranges[unseen])
    return probabilities


def _kolmogorov_smirnov(defaulted: _Integers, probabilities: _Floats) -> float:
    false_positives, true_positives, _ = roc_curve(defaulted, probabilities)
    return float(np.max(true_positives - false_positives))
