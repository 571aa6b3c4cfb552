"""The API schema: the supergraph as clients see it, without routing and without what is hidden."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.composition.checks.inaccessible import is_hidden
from gateway.composition.merge.directives import BUILT_IN_DIRECTIVES
from gateway.composition.merge.executable import EXECUTABLE_LOCATIONS
from gateway.composition.model import Applied, Argument, DirectiveDef, EnumValue, Field, Schema, TypeDef
from gateway.composition.printer import print_schema

__all__ = ["print_api"]


def print_api(schema: Schema) -> str:
    """Print the visible part of the merged schema, with executable directives and built-in ones only."""
    visible = Schema(description=schema.description)
    for found in schema.types.values():
        if not is_hidden(found):
            visible.types[found.name] = _type(schema, found)
    for definition in schema.directives.values():
        locations = tuple(place for place in definition.locations if place in EXECUTABLE_LOCATIONS)
        if locations:
            visible.directives[definition.name] = DirectiveDef(
                definition.name,
                definition.location,
                definition.description,
                arguments=_arguments(definition.arguments.values()),
                locations=locations,
                repeatable=definition.repeatable,
            )
    return print_schema(visible)


def _kept(directives: Iterable[Applied]) -> list[Applied]:
    return [d for d in directives if not d.known and d.name in BUILT_IN_DIRECTIVES]


def _type(schema: Schema, found: TypeDef) -> TypeDef:
    return TypeDef(
        found.name,
        found.location,
        found.description,
        _kept(found.directives),
        kind=found.kind,
        fields={f.name: _field(f) for f in found.fields.values() if not is_hidden(f)},
        interfaces={
            name: place for name, place in found.interfaces.items() if not is_hidden(schema.types[name])
        },
        members={name: place for name, place in found.members.items() if not is_hidden(schema.types[name])},
        values={
            v.name: EnumValue(v.name, v.location, v.description, _kept(v.directives))
            for v in found.values.values()
            if not is_hidden(v)
        },
    )


def _field(field: Field) -> Field:
    return Field(
        field.name,
        field.location,
        field.description,
        _kept(field.directives),
        type=field.type,
        arguments=_arguments(field.arguments.values()),
        default=field.default,
    )


def _arguments(arguments: Iterable[Argument]) -> dict[str, Argument]:
    return {
        a.name: Argument(
            a.name, a.location, a.description, _kept(a.directives), type=a.type, default=a.default
        )
        for a in arguments
        if not is_hidden(a)
    }
