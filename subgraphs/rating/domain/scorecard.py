"""A scorecard: a base score, and points for the attribute that a customer has in each characteristic.

The words are those of credit scoring: a characteristic is one feature (overdue debts), its attributes are the
ranges that it is divided into (none, one, several). Points are whole numbers and simply add up, so that a
rating explains itself; the file that holds them can be read and checked by eye.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

from subgraphs.rating.domain.features import Features

__all__ = [
    "CURRENT",
    "MAX_SCORE",
    "Assessment",
    "Attribute",
    "Band",
    "Calibration",
    "Characteristic",
    "Factor",
    "InvalidScorecard",
    "Scorecard",
    "load_scorecard",
]

#: The packaged version that is used unless the settings name another one.
CURRENT = "2026-1"
MAX_SCORE = 1_000
_PACKAGE = "subgraphs.rating"


class Band(StrEnum):
    """From the best (A) to the worst (E)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


class InvalidScorecard(ValueError):
    """The file is not a usable scorecard; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One range of a characteristic's feature: below `below`, and not below the range before it."""

    #: Exclusive upper bound; infinity in the last attribute.
    below: float
    points: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One feature and what its values are worth. The attributes cover all numbers, lowest range first."""

    name: str
    feature: str
    attributes: tuple[Attribute, ...]

    def attribute_of(self, features: Features) -> Attribute:
        """The range that the customer's value falls into."""
        value = float(getattr(features, self.feature))
        return next(attribute for attribute in self.attributes if value < attribute.below)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The logistic curve from score to probability of default within twelve months."""

    intercept: float
    slope: float

    def probability(self, score: int) -> float:
        """Between 0 and 1, four places: no sample of this size knows more."""
        log_odds = self.intercept + self.slope * score
        # By the hyperbolic tangent, which cannot overflow as an exponential does.
        return round((1 + math.tanh(log_odds / 2)) / 2, 4)


@dataclass(frozen=True, slots=True)
class Factor:
    """What one characteristic adds to the base score, and why."""

    name: str
    points: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The outcome of a scorecard for one customer on one day."""

    score: int
    band: Band
    default_probability: float
    #: Those that moved the score, largest effect first; their points are exactly score minus base.
    factors: tuple[Factor, ...]
    base: int
    model_version: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One version. Every reachable score lies between 0 and 1000 (checked when it is read)."""

    version: str
    base: int
    #: Lowest score of each band, best band first; the last one is 0.
    bands: tuple[tuple[Band, int], ...]
    calibration: Calibration
    characteristics: tuple[Characteristic, ...]

    def assess(self, features: Features) -> Assessment:
        """Score, band, probability and reasons for these features."""
        factors = [
            Factor(characteristic.name, attribute.points, attribute.explanation)
            for characteristic in self.characteristics
            for attribute in (characteristic.attribute_of(features),)
            if attribute.points != 0
        ]
        score = self.base + sum(factor.points for factor in factors)
        return Assessment(
            score=score,
            band=next(band for band, lowest in self.bands if score >= lowest),
            default_probability=self.calibration.probability(score),
            factors=tuple(sorted(factors, key=lambda factor: (-abs(factor.points), factor.name))),
            base=self.base,
            model_version=self.version,
        )


def load_scorecard(version: str) -> Scorecard:
    """The packaged scorecard of that version, or the one in a file when `version` is a path ending in .json.

    Raises InvalidScorecard.
    """
    try:
        if version.endswith(".json"):
            text = Path(version).read_text(encoding="utf-8")
        else:
            text = (
                resources.files(_PACKAGE)
                .joinpath("scorecards", f"{version}.json")
                .read_text(encoding="utf-8")
            )
        return scorecard_from(json.loads(text))
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidScorecard):
            raise InvalidScorecard(f"scorecard {version}: {error}") from error
        raise InvalidScorecard(f"scorecard {version} cannot be read: {error}") from error


def scorecard_from(document: Mapping[str, Any]) -> Scorecard:
    """The scorecard that a decoded file describes; raises InvalidScorecard."""
    try:
        scorecard = Scorecard(
            version=str(document["version"]),
            base=int(document["base"]),
            bands=tuple((Band(band), int(lowest)) for band, lowest in document["bands"].items()),
            calibration=Calibration(
                float(document["calibration"]["intercept"]), float(document["calibration"]["slope"])
            ),
            characteristics=tuple(_characteristic(entry) for entry in document["characteristics"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidScorecard(f"{type(error).__name__}: {error}") from error
    _check(scorecard)
    return scorecard


def _characteristic(entry: Mapping[str, Any]) -> Characteristic:
    attributes = tuple(
        Attribute(float(each.get("below", math.inf)), int(each["points"]), str(each["explanation"]))
        for each in entry["attributes"]
    )
    return Characteristic(str(entry["name"]), str(entry["feature"]), attributes)


_NUMERIC = frozenset(field.name for field in fields(Features)) - {"state", "debt_to_income"}


def _check(scorecard: Scorecard) -> None:
    for characteristic in scorecard.characteristics:
        if characteristic.feature not in _NUMERIC:
            raise InvalidScorecard(
                f"{characteristic.name}: there is no numeric feature {characteristic.feature}"
            )
        if not _covers_everything([attribute.below for attribute in characteristic.attributes]):
            raise InvalidScorecard(f"{characteristic.name}: bounds must rise and end without one")
    lowest = scorecard.base + sum(min(a.points for a in c.attributes) for c in scorecard.characteristics)
    highest = scorecard.base + sum(max(a.points for a in c.attributes) for c in scorecard.characteristics)
    if lowest < 0 or highest > MAX_SCORE:
        raise InvalidScorecard(
            f"scores reach from {lowest} to {highest}, which is not within 0 to {MAX_SCORE}"
        )
    limits = [limit for _, limit in scorecard.bands]
    if (
        [band for band, _ in scorecard.bands] != list(Band)
        or limits != sorted(limits, reverse=True)
        or limits[-1] != 0
    ):
        raise InvalidScorecard("bands must be A to E with falling limits that end at 0")


def _covers_everything(bounds: Sequence[float]) -> bool:
    rising = all(low < high for low, high in itertools.pairwise(bounds))
    return rising and bounds[-1:] == [math.inf]
