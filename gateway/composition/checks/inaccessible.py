"""`@inaccessible`: what is left for clients must still be a valid schema."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.composition.codes import Code
from gateway.composition.merge.executable import EXECUTABLE_LOCATIONS
from gateway.composition.model import Argument, Element, Field, Kind, Missing, Schema, TypeDef
from gateway.composition.result import Report
from gateway.composition.typeref import ListOf, NonNull, TypeRef, named_type
from gateway.composition.values import Const, EnumName, Struct

__all__ = ["check_inaccessible", "is_hidden"]

Fault = tuple[Code, str]


def is_hidden(element: Element) -> bool:
    """Whether clients do not see the element itself."""
    return element.has("inaccessible")


def check_inaccessible(schema: Schema, report: Report) -> None:
    """Report references from visible to hidden elements, and visible types that become empty."""
    if not any(_uses(t) for t in schema.types.values()):
        return
    for definition in schema.directives.values():
        if not EXECUTABLE_LOCATIONS & set(definition.locations):
            continue
        for argument in definition.arguments.values():
            for code, message in _argument_faults(schema, f"@{definition.name}({argument.name}:)", argument):
                report.error(code, message)
    for found in schema.types.values():
        if is_hidden(found):
            if found.name == "Query":
                report.error(
                    Code.QUERY_ROOT_TYPE_INACCESSIBLE,
                    'Type "Query" is @inaccessible but is the query root, which clients must see.',
                )
            continue
        for code, message in _faults(schema, found):
            report.error(code, message)


def _uses(found: TypeDef) -> bool:
    elements: list[Element] = [found, *found.values.values()]
    for field in found.fields.values():
        elements += [field, *field.arguments.values()]
    return any(is_hidden(element) for element in elements)


def _hidden_type(schema: Schema, name: str) -> bool:
    found = schema.types.get(name)
    return found is not None and is_hidden(found)


def _faults(schema: Schema, found: TypeDef) -> Iterator[Fault]:
    yield from _emptied(schema, found)
    for field in found.fields.values():
        if is_hidden(field):
            if found.kind is Kind.INPUT and field.is_required:
                yield (
                    Code.REQUIRED_INACCESSIBLE,
                    f'Input field "{found.name}.{field.name}" is @inaccessible but required: nobody'
                    " could send it.",
                )
            continue
        yield from _field_faults(schema, found, field)
    for interface in found.interfaces:
        target = schema.types.get(interface)
        if target is not None and not is_hidden(target):
            yield from _implementation_faults(found, target)


def _emptied(schema: Schema, found: TypeDef) -> Iterator[Fault]:
    children: list[bool] = [is_hidden(c) for c in (*found.fields.values(), *found.values.values())]
    children += [_hidden_type(schema, member) for member in found.members]
    if children and all(children):
        yield (
            Code.ONLY_INACCESSIBLE_CHILDREN,
            f'Type "{found.name}" is visible but everything in it is @inaccessible: hide the type as well.',
        )


def _field_faults(schema: Schema, owner: TypeDef, field: Field) -> Iterator[Fault]:
    coordinate = f"{owner.name}.{field.name}"
    if _hidden_type(schema, named_type(field.type)):
        yield (
            Code.REFERENCED_INACCESSIBLE,
            f'Type "{named_type(field.type)}" is @inaccessible but "{coordinate}", which is visible, has it.',
        )
    if not isinstance(field.default, Missing):
        yield from _default_faults(schema, coordinate, field.type, field.default)
    for argument in field.arguments.values():
        yield from _argument_faults(schema, f"{coordinate}({argument.name}:)", argument)


def _argument_faults(schema: Schema, coordinate: str, argument: Argument) -> Iterator[Fault]:
    if is_hidden(argument):
        if argument.is_required:
            yield (
                Code.REQUIRED_INACCESSIBLE,
                f'Argument "{coordinate}" is @inaccessible but required: nobody could give it.',
            )
        return
    if _hidden_type(schema, named_type(argument.type)):
        yield (
            Code.REFERENCED_INACCESSIBLE,
            f'Type "{named_type(argument.type)}" is @inaccessible but "{coordinate}", which is visible,'
            " has it.",
        )
    if not isinstance(argument.default, Missing):
        yield from _default_faults(schema, coordinate, argument.type, argument.default)


def _default_faults(schema: Schema, coordinate: str, ref: TypeRef, value: Const) -> Iterator[Fault]:
    if isinstance(ref, NonNull):
        ref = ref.of
    if isinstance(ref, ListOf):
        for item in value if isinstance(value, tuple) else (value,):
            yield from _default_faults(schema, coordinate, ref.of, item)
        return
    target = schema.types.get(named_type(ref))
    if target is None:
        return
    if isinstance(value, EnumName):
        found = target.values.get(value.name)
        if found is not None and is_hidden(found):
            yield (
                Code.DEFAULT_VALUE_USES_INACCESSIBLE,
                f'Enum value "{target.name}.{value.name}" is @inaccessible but is in the default of'
                f' "{coordinate}".',
            )
    elif isinstance(value, Struct):
        for name, item in value.entries:
            field = target.fields.get(name)
            if field is None:
                continue
            if is_hidden(field):
                yield (
                    Code.DEFAULT_VALUE_USES_INACCESSIBLE,
                    f'Input field "{target.name}.{name}" is @inaccessible but is in the default of'
                    f' "{coordinate}".',
                )
            yield from _default_faults(schema, coordinate, field.type, item)


def _implementation_faults(found: TypeDef, interface: TypeDef) -> Iterator[Fault]:
    for wanted in interface.fields.values():
        own = found.fields.get(wanted.name)
        if is_hidden(wanted) or own is None:
            continue
        label = f"{found.name}.{own.name}"
        if is_hidden(own):
            yield (
                Code.IMPLEMENTED_BY_INACCESSIBLE,
                f'Field "{label}" is @inaccessible but implements the visible field'
                f' "{interface.name}.{wanted.name}".',
            )
            continue
        for argument in own.arguments.values():
            twin = wanted.arguments.get(argument.name)
            if twin is not None and is_hidden(argument) and not is_hidden(twin):
                yield (
                    Code.IMPLEMENTED_BY_INACCESSIBLE,
                    f'Argument "{label}({argument.name}:)" is @inaccessible but implements a visible'
                    " argument of"
                    f' "{interface.name}.{wanted.name}".',
                )
            elif twin is not None and is_hidden(twin) and argument.is_required and not is_hidden(argument):
                yield (
                    Code.REQUIRED_INACCESSIBLE,
                    f'Argument "{interface.name}.{wanted.name}({argument.name}:)" is @inaccessible but'
                    " is required"
                    f' by the implementing field "{label}".',
                )
