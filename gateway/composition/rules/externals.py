"""`@external`: only where the subgraph does not resolve the field, and only where it is of use."""

from __future__ import annotations

from gateway.composition.codes import Code
from gateway.composition.facts import Facts
from gateway.composition.merge.directives import MERGED_SPECIFICATIONS
from gateway.composition.model import Kind
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report

__all__ = ["check_externals"]


def check_externals(subgraph: Subgraph, facts: Facts, report: Report) -> None:
    """Report externals on interfaces, unused ones, and those with directives that have no effect."""
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for field in owner.fields.values():
            if not field.has("external"):
                continue
            coordinate = f"{owner.name}.{field.name}"
            if owner.kind is Kind.INTERFACE:
                report.error(
                    Code.EXTERNAL_ON_INTERFACE,
                    f'Interface field "{coordinate}" is marked @external, but only fields that are resolved'
                    " somewhere can be: mark the implementations' fields instead.",
                    field.location,
                )
                continue
            if (owner.name, field.name) not in facts.used:
                report.error(
                    Code.EXTERNAL_UNUSED,
                    f'Field "{coordinate}" is marked @external but no @key, @requires, @provides or interface'
                    " needs it: remove the field, or its @external.",
                    field.location,
                )
            if field.has("provides"):
                report.error(
                    Code.EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE,
                    f'"{coordinate}" is marked both @external and @provides: a field that the'
                    f" subgraph does not"
                    " resolve provides nothing.",
                    field.location,
                )
            for name in MERGED_SPECIFICATIONS:
                if field.has(name):
                    report.error(
                        Code.MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL,
                        f'@{name} has no effect on "{coordinate}", which is marked @external: apply it in the'
                        " subgraph that resolves the field.",
                        field.location,
                    )
