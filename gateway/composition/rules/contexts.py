"""`@context` and `@fromContext`: an argument filled from an ancestor of the field."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.composition.codes import Code
from gateway.composition.contextfield import parse_context_reference
from gateway.composition.fieldset import (
    FieldSelection,
    FieldSetSyntaxError,
    FragmentSelection,
    Selection,
    parse_field_set,
)
from gateway.composition.merge.subtyping import is_subtype
from gateway.composition.model import Argument, Field, Kind, Missing, TypeDef
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report
from gateway.composition.typeref import ListOf, NonNull, TypeRef, named_type, nullable

__all__ = ["check_contexts"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")
Fault = tuple[Code, str]


def check_contexts(subgraph: Subgraph, report: Report) -> None:
    """Report contexts with unusable names, and arguments that take what no context gives."""
    contexts: dict[str, list[TypeDef]] = {}
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE, Kind.UNION):
        for applied in owner.all("context"):
            name = applied.text("name")
            contexts.setdefault(name, []).append(owner)
            if not _NAME.match(name):
                report.error(
                    Code.CONTEXT_NAME_INVALID,
                    f'Context name "{name}" must be letters and digits that begin with a letter (no'
                    " underscore).",
                    applied.location,
                )
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for field in owner.fields.values():
            for argument in field.arguments.values():
                if argument.has("fromContext"):
                    for code, message in _faults(subgraph, contexts, owner, (field, argument)):
                        report.error(code, message, argument.location)


def _faults(
    subgraph: Subgraph, contexts: dict[str, list[TypeDef]], owner: TypeDef, use: tuple[Field, Argument]
) -> Iterator[Fault]:
    field, argument = use
    coordinate = f"{owner.name}.{field.name}({argument.name}:)"
    if owner.kind is Kind.INTERFACE or any(
        subgraph.field(interface, field.name) is not None for interface in owner.interfaces
    ):
        yield Code.CONTEXT_NOT_SET, f'@fromContext cannot be on "{coordinate}": the field is an interface\'s.'
    if not isinstance(argument.default, Missing):
        yield Code.CONTEXT_NOT_SET, f'"{coordinate}" has @fromContext and cannot have a default value too.'
    keys = owner.all("key")
    if owner.kind is Kind.OBJECT and not any(k.arguments.get("resolvable") is not False for k in keys):
        yield (
            Code.CONTEXT_NO_RESOLVABLE_KEY,
            f'Type "{owner.name}" needs a resolvable @key, as its field "{field.name}" has an argument from a'
            " context.",
        )
    applied = argument.first("fromContext")
    text = applied.text("field") if applied else ""
    reference = parse_context_reference(text)
    if reference is None:
        yield (
            Code.NO_CONTEXT_IN_SELECTION,
            f'"{text}" on "{coordinate}" names no context: write "$name {{ … }}".',
        )
        return
    if reference.context not in contexts:
        yield (
            Code.CONTEXT_NOT_SET,
            f'Context "{reference.context}" is used by "{coordinate}" but no type of the subgraph sets it.',
        )
        return
    title = f'Context "{reference.context}" is used by "{coordinate}" but the selection is invalid'
    try:
        selections = parse_field_set(reference.selection)
    except FieldSetSyntaxError as error:
        yield Code.CONTEXT_INVALID_SELECTION, f"{title}: {error}"
        return
    for target in contexts[reference.context]:
        for message in _selection_faults(subgraph, selections, target, argument.type):
            yield Code.CONTEXT_INVALID_SELECTION, f'{title} for type "{target.name}": {message}.'


def _selection_faults(
    subgraph: Subgraph, selections: tuple[Selection, ...], target: TypeDef, wanted: TypeRef
) -> Iterator[str]:
    """The selection must come down to one leaf that fits `wanted`, on every runtime type."""
    fragments = [s for s in selections if isinstance(s, FragmentSelection)]
    if fragments and len(fragments) == len(selections):
        own = subgraph.runtime_types(target.name)
        matching = [f for f in fragments if subgraph.runtime_types(f.condition or target.name) & own]
        covered = {t for f in matching for t in subgraph.runtime_types(f.condition or target.name)}
        if not own <= covered:
            yield "no type condition matches " + ", ".join(sorted(own - covered))
        for fragment in matching:
            inner = subgraph.types.get(fragment.condition or target.name)
            if inner is not None:
                yield from _selection_faults(subgraph, fragment.children, inner, wanted)
        return
    if len(selections) != 1 or not isinstance(selections[0], FieldSelection):
        yield "multiple selections are made"
        return
    yield from _field_faults(subgraph, selections[0], target, wanted)


def _field_faults(
    subgraph: Subgraph, selection: FieldSelection, target: TypeDef, wanted: TypeRef
) -> Iterator[str]:
    field = target.fields.get(selection.name)
    if selection.alias:
        yield "aliases cannot be used"
    if selection.directives:
        yield "directives cannot be used"
    if field is None:
        yield f'type "{target.name}" has no field "{selection.name}"'
        return
    below = subgraph.types.get(named_type(field.type))
    if below is not None and below.kind.is_composite:
        if selection.children:
            inner = _within(field.type, wanted)
            if inner is None:
                yield f'below "{selection.name}" of type "{field.type}" nothing makes a "{wanted}"'
            else:
                yield from _selection_faults(subgraph, selection.children, below, inner)
        else:
            yield "it must select exactly one field"
    elif not is_subtype(subgraph, field.type, wanted):
        yield f'its type "{field.type}" does not match the expected type "{wanted}"'


def _within(outer: TypeRef, wanted: TypeRef) -> TypeRef | None:
    """What one leaf below a field of type `outer` must be, for all of them together to be a `wanted`.

    A list of objects gives a list of values; an object that may be null gives a value that may be.
    """
    if isinstance(wanted, NonNull) and not isinstance(outer, NonNull):
        return None
    shape, listed = nullable(outer), nullable(wanted)
    if isinstance(shape, ListOf):
        return _within(shape.of, listed.of) if isinstance(listed, ListOf) else None
    return wanted
