"""What one subgraph says about its fields: which it resolves, may share, lends to others' keys.

Computed once per subgraph, after validation, from its keys, `@requires`,
`@provides`, contexts and interfaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.composition.contextfield import parse_context_reference
from gateway.composition.fieldset import FieldSelection, FieldSetSyntaxError, Selection, parse_field_set
from gateway.composition.model import Applied, Field, Kind, Schema, TypeDef
from gateway.composition.reader import Subgraph
from gateway.composition.typeref import named_type

__all__ = ["Coordinate", "Facts", "gather_facts", "selected_fields"]

Coordinate = tuple[str, str]


@dataclass(slots=True)
class Facts:
    """Sets of (type, field) coordinates of one subgraph."""

    external: set[Coordinate] = field(default_factory=set)
    provided: set[Coordinate] = field(default_factory=set)
    keys: set[Coordinate] = field(default_factory=set)
    used: set[Coordinate] = field(default_factory=set)

    def is_resolved(self, owner: str, name: str) -> bool:
        """Whether the subgraph resolves the field, at least below some `@provides`."""
        return (owner, name) not in self.external or (owner, name) in self.provided


def gather_facts(subgraph: Subgraph) -> Facts:
    """Read the facts off a valid subgraph; field sets that do not parse add nothing."""
    facts = Facts()
    fake_externals: set[Coordinate] = set()
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for key in owner.all("key"):
            selected = set(_targets(subgraph, key, owner.name))
            facts.keys |= selected
            facts.used |= selected
            if key.on_extension:
                fake_externals |= selected
        for found in owner.fields.values():
            _gather_field(subgraph, owner, found, facts)
    facts.external -= fake_externals
    return facts


def _gather_field(subgraph: Subgraph, owner: TypeDef, found: Field, facts: Facts) -> None:
    coordinate = (owner.name, found.name)
    if found.has("external"):
        facts.external.add(coordinate)
    for requires in found.all("requires"):
        facts.used.update(_targets(subgraph, requires, owner.name))
    for provides in found.all("provides"):
        targets = set(_targets(subgraph, provides, named_type(found.type)))
        facts.provided |= targets
        facts.used |= targets
    facts.used.update(_given_by_contexts(subgraph, found))
    if any(_has_field(subgraph, interface, found.name) for interface in owner.interfaces):
        facts.used.add(coordinate)


def _given_by_contexts(subgraph: Subgraph, found: Field) -> Iterator[Coordinate]:
    """The fields that arguments take from contexts, on every type that sets the context."""
    for argument in found.arguments.values():
        applied = argument.first("fromContext")
        reference = parse_context_reference(applied.text("field")) if applied else None
        if reference is None:
            continue
        try:
            selections = parse_field_set(reference.selection)
        except FieldSetSyntaxError:
            continue
        for setter in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE, Kind.UNION):
            if any(context.text("name") == reference.context for context in setter.all("context")):
                yield from selected_fields(subgraph, selections, setter.name)


def _has_field(schema: Schema, type_name: str, field_name: str) -> bool:
    return schema.field(type_name, field_name) is not None


def _targets(subgraph: Subgraph, applied: Applied, base: str) -> Iterator[Coordinate]:
    try:
        selections = parse_field_set(applied.text("fields"))
    except FieldSetSyntaxError:
        return
    yield from selected_fields(subgraph, selections, base)


def selected_fields(schema: Schema, selections: tuple[Selection, ...], base: str) -> Iterator[Coordinate]:
    """Every field that the selection names below `base`; an interface's field also stands for the
    fields of the object types that implement it."""
    for selection in selections:
        if not isinstance(selection, FieldSelection):
            yield from selected_fields(schema, selection.children, selection.condition or base)
            continue
        found = schema.field(base, selection.name)
        if found is None:
            continue
        yield base, selection.name
        if schema.types[base].kind is Kind.INTERFACE:
            for implementer in schema.implementers(base):
                if _has_field(schema, implementer, selection.name):
                    yield implementer, selection.name
        yield from selected_fields(schema, selection.children, named_type(found.type))
