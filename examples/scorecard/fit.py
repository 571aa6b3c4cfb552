"""Fit the scorecard from the applicants and write it, with its report. Repeatable to the byte.

python -m examples.scorecard.fit            writes both files
python -m examples.scorecard.fit --check    exit code 1 when they are not what would be written
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from examples.scorecard.model import check_directions, fitted, ranges_of
from examples.scorecard.report import report_text, scorecard_text
from examples.scorecard.sample import load_sample
from examples.scorecard.validation import validated

__all__ = ["SAMPLE", "VERSION", "fit_files", "main"]

#: Goes into every rating as `modelVersion`; a new fit that changes points gets a new one.
VERSION = "2026-1"
_ROOT = Path(__file__).resolve().parents[2]
SAMPLE = _ROOT / "examples" / "german_credit.csv"
_SCORECARD = _ROOT / "subgraphs" / "rating" / "scorecards" / f"{VERSION}.json"
_REPORT = _ROOT / "examples" / "scorecard" / "REPORT.md"


def fit_files(sample_path: Path = SAMPLE) -> dict[Path, str]:
    """The files that belong to the sample: path and text. Raises `model.NotSound` for a perverse sample."""
    sample = load_sample(sample_path)
    ranges = ranges_of(sample.features)
    # The matrices are tiny: threads would only wait for each other.
    with threadpool_limits(1):
        fit = fitted(ranges, sample.defaulted)
        check_directions(fit.points)
        validation = validated(ranges, sample.defaulted)
    return {_SCORECARD: scorecard_text(VERSION, fit), _REPORT: report_text(VERSION, fit, validation)}


def main() -> int:
    """Write or check the files; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when a file is not up to date"
    )
    arguments = parser.parse_args()
    stale = False
    for path, text in fit_files().items():
        current = path.read_text(encoding="utf-8") if path.exists() else None
        name = path.relative_to(_ROOT)
        if current == text:
            print(f"{name} is up to date")
        elif arguments.check:
            print(f"{name} is stale: run python -m examples.scorecard.fit", file=sys.stderr)
            stale = True
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{name} written")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
