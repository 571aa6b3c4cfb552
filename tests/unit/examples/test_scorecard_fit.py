"""The committed scorecard is what the script makes of the sample, and as good as it is said to be."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from devstack.applicants import read
from examples.scorecard import fit
from examples.scorecard.characteristics import CHARACTERISTICS
from examples.scorecard.model import NotSound, check_directions, fitted, ranges_of, scores_of
from examples.scorecard.sample import load_sample, profile_of
from examples.scorecard.validation import calibration_error, validated
from subgraphs.rating.domain.features import features_of
from subgraphs.rating.domain.scorecard import load_scorecard

SAMPLE = load_sample(fit.SAMPLE)
RANGES = ranges_of(SAMPLE.features)


def test_the_committed_files_are_what_the_script_writes() -> None:
    """Scorecard and report, to the byte."""
    for path, text in fit.fit_files().items():
        assert path.read_text(encoding="utf-8") == text, path


def test_the_figures_promised() -> None:
    """Cross-validated on the 700 rows: AUC at least 0.74, calibration error over ten bins at most 0.05."""
    with threadpool_limits(1):
        validation = validated(RANGES, SAMPLE.defaulted)
    assert validation.rows == 700
    assert validation.auc >= 0.74
    assert validation.calibration_error <= 0.05
    assert validation.calibration_error_fixed_bins <= 0.05
    assert [decile.rows for decile in validation.deciles] == [70] * 10


def test_the_subgraph_scores_as_the_script_did() -> None:
    """The points in the file, applied by the rating subgraph, are those that were fitted and judged."""
    scorecard = load_scorecard(fit.VERSION)
    points = fitted(RANGES, SAMPLE.defaulted)
    scores = [scorecard.assess(features).score for features in SAMPLE.features]
    probabilities = [scorecard.assess(features).default_probability for features in SAMPLE.features]
    assert scores == scores_of(points.points, RANGES).tolist()
    assert np.allclose(probabilities, points.probabilities(RANGES), atol=1e-3)


def test_features_do_not_depend_on_the_day_of_loading() -> None:
    """Loaded on any other day, and rated up to a week later, an applicant gets the same score."""
    scorecard = load_scorecard(fit.VERSION)
    for applicant, expected in zip(read(fit.SAMPLE)[:100], SAMPLE.features, strict=False):
        for today in (dt.date(2026, 2, 28), dt.date(2028, 2, 29), dt.date(2027, 12, 31)):
            for later in (0, 7):
                features = features_of(profile_of(applicant, today), today + dt.timedelta(days=later))
                assert scorecard.assess(features).score == scorecard.assess(expected).score


def test_a_perverse_sample_is_refused() -> None:
    """Points against a characteristic's direction are an error, not a scorecard."""
    points = [[0] * len(plan.ranges) for plan in CHARACTERISTICS]
    check_directions(points)
    points[0][-1] = 5  # several overdue debts would earn points
    with pytest.raises(NotSound, match="overdue_debts"):
        check_directions(points)


def test_calibration_error_of_truth_is_nought() -> None:
    """Predicting what happens is perfect; predicting the opposite is as wrong as can be."""
    outcomes = np.array([0, 1] * 50)
    assert calibration_error(outcomes, outcomes.astype(float)) == 0
    assert calibration_error(outcomes, outcomes.astype(float), fixed=True) == 0
    assert calibration_error(outcomes, 1.0 - outcomes, fixed=True) == 1
