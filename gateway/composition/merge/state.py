"""What every part of the merge reads and writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.composition.facts import Facts
from gateway.composition.model import Applied, Kind, Schema, TypeDef
from gateway.composition.reader import Subgraph
from gateway.composition.result import Location, Report
from gateway.composition.values import Const, EnumName

__all__ = ["Merge", "Source", "join", "listed"]

NOWHERE = Location("")


class Source(NamedTuple):
    """A subgraph and its definition of the type being merged."""

    subgraph: Subgraph
    type: TypeDef


@dataclass(slots=True)
class Merge:
    """The subgraphs (sorted by name), what is known of them, and the schema that grows."""

    subgraphs: list[Subgraph]
    facts: dict[str, Facts]
    report: Report
    merged: Schema = field(default_factory=Schema)
    sources: dict[str, list[Source]] = field(default_factory=dict)
    input_types: set[str] = field(default_factory=set)
    output_types: set[str] = field(default_factory=set)
    # (subgraph, type, field) that another subgraph's @override took: its label, None when for good.
    moved: dict[tuple[str, str, str], str | None] = field(default_factory=dict)
    # (subgraph, type, field) that overrides by a label.
    taken: dict[tuple[str, str, str], str] = field(default_factory=dict)
    composed: dict[str, frozenset[str]] = field(default_factory=dict)

    def is_interface_object(self, type_name: str, subgraph: Subgraph) -> bool:
        """Whether the subgraph knows the interface as an object."""
        found = subgraph.types.get(type_name)
        return found is not None and found.kind is Kind.OBJECT and found.is_interface_object


def join(directive: str, subgraph: Subgraph | None, **arguments: Const) -> Applied:
    """An application of a join directive; arguments that are None are left out."""
    entries: dict[str, Const] = {"graph": EnumName(subgraph.graph)} if subgraph else {}
    entries.update({name: value for name, value in arguments.items() if value is not None})
    return Applied(f"join__{directive}", entries, NOWHERE)


def listed(names: Iterable[str]) -> str:
    """`"a"`, `"a" and "b"`, `"a", "b" and "c"`."""
    quoted = [f'"{name}"' for name in sorted(set(names))]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
