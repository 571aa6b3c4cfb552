"""Supergraph SDL → a verified model: join tables, API schema, access requirements.

Load with `load`; everything else is what a loaded `Supergraph` is made of.
"""

from __future__ import annotations

from gateway.supergraph.join import FieldIn, FieldTable, Key, Subgraph, TypeIn, TypeTable
from gateway.supergraph.loader import load
from gateway.supergraph.model import Supergraph
from gateway.supergraph.requirements import NO_REQUIREMENT, AuthRequirements, Requirement

__all__ = [
    "NO_REQUIREMENT",
    "AuthRequirements",
    "FieldIn",
    "FieldTable",
    "Key",
    "Requirement",
    "Subgraph",
    "Supergraph",
    "TypeIn",
    "TypeTable",
    "load",
]
