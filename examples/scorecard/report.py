"""The two files that a fit leaves: the scorecard (for the rating subgraph) and the report (for people)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from examples.scorecard.characteristics import CHARACTERISTICS, Plan
from examples.scorecard.model import BASE, Fitted, log_odds
from examples.scorecard.validation import FOLDS, REPEATS, Validation

__all__ = ["report_text", "scorecard_text"]

#: The highest probability of default in each band; E takes the rest.
_BANDS = {"A": 0.10, "B": 0.20, "C": 0.35, "D": 0.55}


def scorecard_text(version: str, fit: Fitted) -> str:
    """The scorecard's file: JSON, one attribute a line."""
    characteristics = ",\n".join(
        _characteristic_text(plan, points) for plan, points in zip(CHARACTERISTICS, fit.points, strict=True)
    )
    calibration = {"intercept": round(fit.intercept, 3), "slope": round(fit.slope, 6)}
    return (
        "{\n"
        f'  "version": {json.dumps(version)},\n'
        f'  "base": {BASE},\n'
        f'  "bands": {json.dumps(_band_limits(fit))},\n'
        f'  "calibration": {json.dumps(calibration)},\n'
        f'  "characteristics": [\n{characteristics}\n  ]\n'
        "}\n"
    )


def report_text(version: str, fit: Fitted, validation: Validation) -> str:
    """The report in Markdown."""
    return (
        "\n".join(
            [
                *_summary(version, validation),
                *_calibration_table(validation),
                *_bands_table(fit),
                *_points_table(fit),
            ]
        ).rstrip()
        + "\n"
    )


def _characteristic_text(plan: Plan, points: tuple[int, ...]) -> str:
    attributes = [
        {**({} if math.isinf(bound) else {"below": bound}), "points": each, "explanation": explanation}
        for (bound, explanation), each in zip(plan.ranges, points, strict=True)
    ]
    lines = ",\n".join(f"      {json.dumps(attribute, ensure_ascii=False)}" for attribute in attributes)
    return f'    {{"name": "{plan.name}", "feature": "{plan.feature}", "attributes": [\n{lines}\n    ]}}'


def _band_limits(fit: Fitted) -> dict[str, int]:
    """Lowest score of each band: where the calibrated curve falls to the band's probability."""
    limits = {
        band: math.ceil((log_odds(probability) - fit.intercept) / fit.slope)
        for band, probability in _BANDS.items()
    }
    return {**limits, "E": 0}


def _summary(version: str, validation: Validation) -> Iterator[str]:
    yield f"# Scorecard {version}"
    yield ""
    yield (
        f"Fitted from {validation.rows} loan applicants, of whom {validation.default_rate:.1%} did not "
        "repay. Written by `python -m examples.scorecard.fit`; do not edit. The points are in "
        f"`subgraphs/rating/scorecards/{version}.json`."
    )
    yield ""
    yield (
        f"All figures are cross-validated ({REPEATS} repetitions of {FOLDS} folds): in each fold weights, "
        "points and calibration are learnt again without the rows that are judged. Features are computed by "
        "the rating subgraph's own code from what travels in `ProfileInput`; sex, marital state, "
        "origin, age and place are not scored."
    )
    yield ""
    yield "| figure | value |"
    yield "|---|---|"
    yield f"| AUC | {validation.auc:.3f} (± {validation.auc_deviation:.3f} between repetitions) |"
    yield f"| Gini | {validation.gini:.3f} |"
    yield f"| Kolmogorov-Smirnov | {validation.kolmogorov_smirnov:.3f} |"
    yield f"| Brier score | {validation.brier:.3f} |"
    yield f"| Calibration error, ten equally full bins | {validation.calibration_error:.3f} |"
    yield f"| Calibration error, ten equally wide bins | {validation.calibration_error_fixed_bins:.3f} |"
    yield ""


def _calibration_table(validation: Validation) -> Iterator[str]:
    yield "## Calibration by decile"
    yield ""
    yield "| decile | applicants | predicted | observed |"
    yield "|---:|---:|---:|---:|"
    for position, decile in enumerate(validation.deciles, start=1):
        yield f"| {position} | {decile.rows} | {decile.predicted:.1%} | {decile.observed:.1%} |"
    yield ""


def _bands_table(fit: Fitted) -> Iterator[str]:
    yield "## Bands"
    yield ""
    yield "| band | score from | probability of default up to |"
    yield "|---|---:|---:|"
    for band, limit in _band_limits(fit).items():
        yield f"| {band} | {limit} | {_BANDS.get(band, 1.0):.0%} |"
    yield ""


def _points_table(fit: Fitted) -> Iterator[str]:
    yield "## Points"
    yield ""
    yield (
        f"The score is {BASE} plus one row of each characteristic. "
        "About 62 points double the odds of repayment."
    )
    yield ""
    yield "| characteristic | feature | customer | points |"
    yield "|---|---|---|---:|"
    for plan, points in zip(CHARACTERISTICS, fit.points, strict=True):
        for (_, explanation), each in zip(plan.ranges, points, strict=True):
            yield f"| {plan.name} | `{plan.feature}` | {explanation} | {each:+d} |"
    yield ""
