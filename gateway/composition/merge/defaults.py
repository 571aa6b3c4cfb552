"""One default value for an argument or input field out of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.composition.codes import Code, HintCode
from gateway.composition.merge.state import Merge, listed
from gateway.composition.model import MISSING, Missing
from gateway.composition.result import Location
from gateway.composition.values import Const, literal

__all__ = ["Given", "merge_default"]


class Given(NamedTuple):
    """The default that one subgraph gives (or MISSING)."""

    subgraph: str
    default: Const | Missing
    location: Location


def merge_default(merge: Merge, coordinate: str, code: Code, given: Sequence[Given]) -> Const | Missing:
    """The common default; MISSING with a hint when only some have one, with an error when they differ."""
    values = {g.default for g in given if not isinstance(g.default, Missing)}
    if not values:
        return MISSING
    if len(values) > 1:
        told = " but ".join(
            f"{literal(value)} in {listed(g.subgraph for g in given if _same(g.default, value))}"
            for value in dict.fromkeys(g.default for g in given)
            if not isinstance(value, Missing)
        )
        merge.report.error(
            code,
            f'"{coordinate}" has incompatible default values across subgraphs: {told}. Agree on one.',
            (g.location for g in given),
        )
        return MISSING
    without = [g.subgraph for g in given if isinstance(g.default, Missing)]
    if without:
        merge.report.hint(
            HintCode.INCONSISTENT_DEFAULT_VALUE_PRESENCE,
            f'"{coordinate}" has a default value in only some subgraphs: the supergraph will use none,'
            f" as there is none in {listed(without)}.",
            (g.location for g in given),
        )
        return MISSING
    return next(iter(values))


def _same(default: Const | Missing, value: Const) -> bool:
    return not isinstance(default, Missing) and default == value
