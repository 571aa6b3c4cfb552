"""Composition: subgraph SDLs (Federation 1 and 2) into one supergraph SDL (join v0.5, link v1.0)."""

from gateway.composition.codes import Code, HintCode, HintLevel
from gateway.composition.pipeline import compose
from gateway.composition.result import CompositionError, CompositionResult, Hint, Location, SubgraphInput

__all__ = [
    "Code",
    "CompositionError",
    "CompositionResult",
    "Hint",
    "HintCode",
    "HintLevel",
    "Location",
    "SubgraphInput",
    "compose",
]
