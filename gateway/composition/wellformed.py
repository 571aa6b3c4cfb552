"""Rules of the GraphQL type system (spec section 3) that a document's syntax does not show."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from gateway.composition.codes import Code
from gateway.composition.merge.subtyping import is_subtype
from gateway.composition.model import BUILT_IN_SCALARS, ROOT_NAMES, Argument, Field, Kind, Schema, TypeDef
from gateway.composition.result import Location, Report
from gateway.composition.typeref import NonNull, named_type

__all__ = ["check_type_system"]

# Types that the supergraph itself brings.
_RESERVED = ("join__", "link__", "requiresScopes__", "policy__", "context__")
_INPUTS = frozenset({Kind.SCALAR, Kind.ENUM, Kind.INPUT})
_OUTPUTS = frozenset({Kind.SCALAR, Kind.ENUM, Kind.OBJECT, Kind.INTERFACE, Kind.UNION})

Fault = tuple[str, Location]


def check_type_system(schema: Schema, report: Report) -> None:
    """Report types that cannot be what they are used as, empty types, false implementations."""
    for definition in schema.directives.values():
        for argument in definition.arguments.values():
            kind = _kind_of(schema, named_type(argument.type))
            if kind is None:
                report.error(
                    Code.INVALID_GRAPHQL, _unknown(schema, named_type(argument.type)), argument.location
                )
    for found in schema.types.values():
        for message, place in _faults(schema, found):
            report.error(Code.INVALID_GRAPHQL, message, place)


def _faults(schema: Schema, found: TypeDef) -> Iterator[Fault]:
    if found.name.startswith("__"):
        yield f'Name "{found.name}" must not begin with "__": such names are reserved.', found.location
    if found.name.startswith(_RESERVED):
        yield f'"{found.name}" is a name of the supergraph\'s own: rename the type.', found.location
    if found.name in ROOT_NAMES.values() and found.kind is not Kind.OBJECT:
        yield f'"{found.name}" is a root operation type and must be an object type.', found.location
    yield from _empty(found)
    yield from _positions(schema, found)
    for member, place in found.members.items():
        target = schema.types.get(member)
        if target is None:
            yield _unknown(schema, member), place
        elif target.kind is not Kind.OBJECT:
            yield f'"{member}" cannot be a member of union "{found.name}": only object types can.', place
    for interface, place in found.interfaces.items():
        yield from _implementation(schema, found, interface, place)
    if found.kind is Kind.INPUT:
        yield from _input_cycle(schema, found)


def _empty(found: TypeDef) -> Iterator[Fault]:
    if not found.defined or found.name in ROOT_NAMES.values():
        return
    if found.kind in (Kind.OBJECT, Kind.INTERFACE, Kind.INPUT) and not found.fields:
        yield f'Type "{found.name}" must define one or more fields.', found.location
    if found.kind is Kind.UNION and not found.members:
        yield f'Union "{found.name}" must have one or more members.', found.location
    if found.kind is Kind.ENUM and not found.values:
        yield f'Enum "{found.name}" must define one or more values.', found.location


def _kind_of(schema: Schema, name: str) -> Kind | None:
    if name in BUILT_IN_SCALARS:
        return Kind.SCALAR
    found = schema.types.get(name)
    return found.kind if found else None


def _unknown(schema: Schema, name: str) -> str:
    near = difflib.get_close_matches(name, [*schema.types, *BUILT_IN_SCALARS], 1)
    advice = f' Did you mean "{near[0]}"?' if near else ""
    return f'Unknown type "{name}".{advice}'


def _positions(schema: Schema, found: TypeDef) -> Iterator[Fault]:
    allowed, role = (_INPUTS, "input") if found.kind is Kind.INPUT else (_OUTPUTS, "output")
    for field in found.fields.values():
        coordinate = f"{found.name}.{field.name}"
        kind = _kind_of(schema, named_type(field.type))
        if kind is None:
            yield _unknown(schema, named_type(field.type)), field.location
        elif kind not in allowed:
            yield f'The type of "{coordinate}" must be an {role} type but is "{field.type}".', field.location
        for argument in field.arguments.values():
            kind = _kind_of(schema, named_type(argument.type))
            if kind is None:
                yield _unknown(schema, named_type(argument.type)), argument.location
            elif kind not in _INPUTS:
                told = f'The type of "{coordinate}({argument.name}:)" must be an input type but is'
                yield f'{told} "{argument.type}".', argument.location


def _implementation(schema: Schema, found: TypeDef, interface: str, place: Location) -> Iterator[Fault]:
    target = schema.types.get(interface)
    if target is None:
        yield _unknown(schema, interface), place
        return
    if target.kind is not Kind.INTERFACE:
        yield f'Type "{found.name}" can only implement interfaces, and "{interface}" is none.', place
        return
    if interface == found.name:
        yield f'Type "{found.name}" cannot implement itself.', place
        return
    for inherited in target.interfaces:
        if inherited not in found.interfaces and inherited != found.name:
            told = f'Type "{found.name}" must implement "{inherited}" because'
            yield f'{told} it is implemented by "{interface}".', place
    for field in target.fields.values():
        own = found.fields.get(field.name)
        if own is None:
            told = (
                f'Interface field "{interface}.{field.name}" expected but "{found.name}" does not provide it.'
            )
            yield told, found.location
        else:
            yield from _field_conformance(schema, found, interface, (field, own))


def _field_conformance(
    schema: Schema, found: TypeDef, interface: str, fields: tuple[Field, Field]
) -> Iterator[Fault]:
    wanted, own = fields
    label, own_label = f"{interface}.{wanted.name}", f"{found.name}.{own.name}"
    if not is_subtype(schema, own.type, wanted.type):
        told = f'Interface field "{label}" expects type "{wanted.type}" but "{own_label}" is of type'
        yield f'{told} "{own.type}".', own.location
    for argument in wanted.arguments.values():
        given = own.arguments.get(argument.name)
        if given is None:
            told = f'Interface field argument "{label}({argument.name}:)" expected but "{own_label}" does not'
            yield f"{told} provide it.", own.location
        elif given.type != argument.type:
            told = f'Interface field argument "{label}({argument.name}:)" expects type "{argument.type}" but'
            yield f'{told} "{own_label}({argument.name}:)" is of type "{given.type}".', given.location
    for extra in own.arguments.values():
        if extra.name not in wanted.arguments and _must_be_given(extra):
            told = f'Argument "{own_label}({extra.name}:)" must not be required, as interface field "{label}"'
            yield f"{told} does not have it.", extra.location


def _must_be_given(argument: Argument) -> bool:
    return argument.is_required and not argument.has("fromContext")


def _input_cycle(schema: Schema, start: TypeDef) -> Iterator[Fault]:
    """An input object that can never be written down because it must contain itself."""
    seen: set[str] = set()
    pending = [start]
    while pending:
        found = pending.pop()
        for field in found.fields.values():
            if not isinstance(field.type, NonNull) or str(field.type).startswith("["):
                continue
            name = named_type(field.type)
            if name == start.name:
                told = f'Input object "{start.name}" cannot hold itself through non-null fields'
                yield f'{told} (by "{found.name}.{field.name}").', field.location
                return
            target = schema.types.get(name)
            if target is not None and target.kind is Kind.INPUT and name not in seen:
                seen.add(name)
                pending.append(target)
