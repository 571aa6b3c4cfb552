"""`@context` and `@fromContext` in supergraph terms: names made unique by their subgraph."""

from __future__ import annotations

from gateway.composition.contextfield import parse_context_reference
from gateway.composition.merge.override import Copy
from gateway.composition.merge.state import NOWHERE, Source
from gateway.composition.model import Applied
from gateway.composition.values import Const, Struct

__all__ = ["context_arguments", "context_names"]


def context_names(source: Source) -> list[Applied]:
    """`@context` of one subgraph's type as the supergraph writes it: `subgraph__name`."""
    return [
        Applied("context", {"name": unique_name(source.subgraph.name, a.text("name"))}, NOWHERE, known=True)
        for a in source.type.all("context")
    ]


def unique_name(subgraph: str, context: str) -> str:
    """A context belongs to one subgraph; so does its name."""
    return f"{subgraph}__{context}"


def context_arguments(copy: Copy) -> tuple[Const, ...] | None:
    """The `contextArguments` of a join directive, None without contextual arguments."""
    result: list[Const] = []
    for argument in copy.field.arguments.values():
        applied = argument.first("fromContext")
        reference = parse_context_reference(applied.text("field")) if applied else None
        if reference is None:
            continue
        result.append(
            Struct(
                (
                    ("context", unique_name(copy.subgraph.name, reference.context)),
                    ("name", argument.name),
                    ("type", str(argument.type)),
                    ("selection", f" {reference.selection}"),
                )
            )
        )
    return tuple(result) or None
