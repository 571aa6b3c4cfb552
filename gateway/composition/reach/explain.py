"""An unresolvable path, shown as the shortest query that a client could send for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.composition.model import Argument, Field, Kind, Schema, TypeDef
from gateway.composition.typeref import ListOf, NonNull, TypeRef, named_type

__all__ = ["Step", "explain"]

_SAMPLES = {"ID": '"id"', "String": '"text"', "Int": "0", "Float": "0", "Boolean": "true"}
_OPERATIONS = {"Query": "", "Mutation": "mutation ", "Subscription": "subscription "}


@dataclass(frozen=True, slots=True)
class Step:
    """A field of a runtime type, after the steps before it; no field: the type name alone."""

    before: Step | None
    owner: str
    field: Field | None


def explain(schema: Schema, last: Step, reasons: Sequence[str]) -> str:
    """The error's text: the query, then why it cannot be resolved."""
    told = "\n".join(f"- {reason}" for reason in reasons)
    return f"No subgraph can resolve the end of this query:\n{_query(schema, last)}\nbecause:\n{told}"


def _query(schema: Schema, last: Step) -> str:
    steps: list[Step] = []
    step: Step | None = last
    while step is not None:
        steps.append(step)
        step = step.before
    steps.reverse()
    lines = [f"{_OPERATIONS.get(steps[0].owner, '')}{{"]
    closing = ["}"]
    depth, position = 1, steps[0].owner
    for index, current in enumerate(steps):
        if current.owner != position and current.field is not None:
            lines.append(f"{'  ' * depth}... on {current.owner} {{")
            closing.append(f"{'  ' * depth}}}")
            depth += 1
        lines_end = index == len(steps) - 1
        text = _field(schema, current.field)
        composite = current.field is not None and _is_composite(schema, current.field)
        if not lines_end:
            text += " {"
            closing.append(f"{'  ' * depth}}}")
        elif composite:
            text += " { __typename }"
        lines.append(f"{'  ' * depth}{text}")
        depth += 1
        position = named_type(current.field.type) if current.field else position
    return "\n".join([*lines, *reversed(closing)])


def _is_composite(schema: Schema, field: Field) -> bool:
    found = schema.types.get(named_type(field.type))
    return found is not None and found.kind.is_composite


def _field(schema: Schema, field: Field | None) -> str:
    if field is None:
        return "__typename"
    required = [a for a in field.arguments.values() if a.is_required]
    if not required:
        return field.name
    return f"{field.name}({', '.join(_argument(schema, a) for a in required)})"


def _argument(schema: Schema, argument: Argument) -> str:
    return f"{argument.name}: {_sample(schema, argument.type, depth=0)}"


def _sample(schema: Schema, ref: TypeRef, *, depth: int) -> str:
    """A value of the type; deep enough for any input object that can be written at all."""
    if isinstance(ref, NonNull):
        ref = ref.of
    if isinstance(ref, ListOf):
        return "[]"
    found = schema.types.get(ref.name)
    if ref.name in _SAMPLES or found is None or depth > 8:
        return _SAMPLES.get(ref.name, '"value"')
    if found.kind is Kind.ENUM:
        return next(iter(found.values), "null")
    if found.kind is Kind.INPUT:
        return _input(schema, found, depth)
    return '"value"'


def _input(schema: Schema, found: TypeDef, depth: int) -> str:
    parts = [
        f"{field.name}: {_sample(schema, field.type, depth=depth + 1)}"
        for field in found.fields.values()
        if field.is_required
    ]
    return f"{{{', '.join(parts)}}}"
