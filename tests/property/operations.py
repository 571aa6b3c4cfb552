"""Random valid operations: aliases that collide, fragments, directives, variables, arguments."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OverlappingFieldsCanBeMergedRule,
    get_named_type,
    is_composite_type,
    parse,
    validate,
)

from tests.property.model import MOODS

__all__ = ["RandomOperation", "draw_operation"]

_MAX_DEPTH = 5
#: Fields with contextual arguments, and what leads to them, are chosen more often than others.
_TO_CONTEXTS = ("lb", "lc", "lv", "next", "x")
_INTROSPECTION = (
    "__schema { queryType { name } mutationType { name } }",
    'kind: __type(name: "E0") { name kind }',
    '__type(name: "None") { name }',
)


@dataclass
class RandomOperation:
    """A document with its variables."""

    text: str
    document: DocumentNode
    variables: dict[str, Any]


@dataclass
class _Draft:
    schema: GraphQLSchema
    random: Random
    variables: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    #: Fragment name → the type it is on, and its text.
    fragments: dict[str, tuple[str, str]] = field(default_factory=dict)
    budget: int = 40


def draw_operation(schema: GraphQLSchema, random: Random) -> RandomOperation:
    """Draw until one is valid: aliases are drawn carelessly, so some documents conflict with themselves."""
    while True:
        operation = _draw(schema, random)
        if not validate(schema, operation.document, [OverlappingFieldsCanBeMergedRule]):
            return operation


def _draw(schema: GraphQLSchema, random: Random) -> RandomOperation:
    draft = _Draft(schema, random, budget=random.choice((5, 15, 40)))
    root = schema.query_type
    keyword = "query"
    if schema.mutation_type is not None and random.random() < 0.15:
        root, keyword = schema.mutation_type, "mutation"
    if root is None:
        raise AssertionError("a schema has queries")
    selection = _selection(draft, root, 0)
    if keyword == "query" and random.random() < 0.1:
        selection = f"{{ {random.choice(_INTROSPECTION)} {selection[1:]}"
    heading = (
        f"({', '.join(f'${name}: {kind}' for name, kind in draft.definitions.items())})"
        if draft.definitions
        else ""
    )
    fragments = (text for _, text in draft.fragments.values())
    text = "\n".join([f"{keyword} Drawn{heading} {selection}", *fragments])
    return RandomOperation(text, parse(text), draft.variables)


def _selection(draft: _Draft, parent: GraphQLNamedType, depth: int) -> str:
    random = draft.random
    parts = [_one(draft, parent, depth) for _ in range(random.randint(1, 4))]
    if random.random() < 0.25:
        parts.append(random.choice(("__typename", "kind: __typename", "id: __typename")))
    chosen = [part for part in parts if part] or ["__typename"]
    return "{ " + " ".join(chosen) + " }"


def _one(draft: _Draft, parent: GraphQLNamedType, depth: int) -> str:
    random = draft.random
    if depth > 0 and random.random() < 0.3:
        return _fragment(draft, parent, depth)
    if isinstance(parent, GraphQLUnionType):
        return _fragment(draft, parent, depth)
    if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        raise AssertionError("only composite types have selections")
    contextual = [name for name in sorted(parent.fields) if name.startswith(_TO_CONTEXTS)]
    if contextual and random.random() < 0.5:
        name = random.choice(contextual)
    else:
        name = random.choice(sorted(parent.fields))
    return _field(draft, name, parent.fields[name], depth)


def _field(draft: _Draft, name: str, definition: GraphQLField, depth: int) -> str:
    random = draft.random
    named = get_named_type(definition.type)
    composite = is_composite_type(named)
    draft.budget -= 1
    if composite and (depth >= _MAX_DEPTH or draft.budget <= 0):
        return ""
    alias = ""
    if random.random() < 0.2:
        alias = (
            random.choice(("id", "x", "y", "sku", "f0", "f1", "r0", "_i0_id", "_e0", "_entities", "__type"))
            + ": "
        )
        alias = alias if alias != "__type: " else "type: "
    arguments = _arguments(draft, definition)
    selection = " " + _selection(draft, named, depth + 1) if composite else ""
    return f"{alias}{name}{arguments}{_directives(draft)}{selection}"


def _arguments(draft: _Draft, definition: GraphQLField) -> str:
    random = draft.random
    parts = []
    for name, argument in definition.args.items():
        if random.random() < 0.5:
            kind = str(argument.type)
            value = _VALUES[kind](random)
            given = _variable(draft, kind, value) if random.random() < 0.5 else _literal(value, kind)
            parts.append(f"{name}: {given}")
    return f"({', '.join(parts)})" if parts else ""


def _draw_filter(random: Random) -> dict[str, Any] | None:
    drawn: dict[str, Any] = {}
    if random.random() < 0.5:
        drawn["min"] = random.randint(0, 9)
    if random.random() < 0.5:
        drawn["mood"] = random.choice(MOODS)
    if random.random() < 0.3:
        drawn["near"] = [_draw_filter(random) or {}]
    return drawn if random.random() < 0.9 else None


#: Type of an argument → how its values are drawn.
_VALUES: dict[str, Callable[[Random], Any]] = {
    "Int": lambda random: random.randint(0, 9),
    "String": lambda random: random.choice(("v", "q\u00e9", None)),
    "Mood": lambda random: random.choice((*MOODS, None)),
    "Filter": _draw_filter,
    "[ID!]": lambda random: random.choice((["x", "7"], [], None)),
}


def _literal(value: Any, kind: str) -> str:
    """A value as GraphQL text; enum values are bare."""
    if isinstance(value, dict):
        kinds = {"mood": "Mood"}
        fields = (f"{name}: {_literal(each, kinds.get(name, ''))}" for name, each in value.items())
        return "{" + ", ".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(each, "") for each in value) + "]"
    return str(value) if kind == "Mood" and value is not None else json.dumps(value)


def _variable(draft: _Draft, kind: str, value: object) -> str:
    random = draft.random
    name = random.choice((f"v{len(draft.definitions)}", f"representations{len(draft.definitions)}"))
    has_default = kind == "Int" and random.random() < 0.3
    draft.definitions[name] = f"{kind} = 9" if has_default else kind
    if random.random() < 0.8:
        draft.variables[name] = value
    return f"${name}"


def _directives(draft: _Draft) -> str:
    random = draft.random
    if random.random() > 0.12:
        return ""
    directive = random.choice(("skip", "include"))
    if random.random() < 0.5:
        return f" @{directive}(if: {random.choice(('true', 'false'))})"
    name = f"b{len(draft.definitions)}"
    draft.definitions[name] = "Boolean!"
    draft.variables[name] = random.random() < 0.5
    return f" @{directive}(if: ${name})"


def _fragment(draft: _Draft, parent: GraphQLNamedType, depth: int) -> str:
    random = draft.random
    draft.budget -= 1
    if depth >= _MAX_DEPTH or draft.budget <= 0:
        return "__typename"
    conditions = _conditions(draft.schema, parent)
    known = [name for name, (condition, text) in draft.fragments.items() if text and condition in conditions]
    if known and random.random() < 0.3:
        return f"...{random.choice(known)}{_directives(draft)}"
    condition = random.choice(conditions)
    if random.random() < 0.35:
        name = f"F{len(draft.fragments)}"
        draft.fragments[name] = (condition, "")
        selection = _selection(draft, draft.schema.type_map[condition], depth)
        draft.fragments[name] = (condition, f"fragment {name} on {condition} {selection}")
        return f"...{name}{_directives(draft)}"
    selection = _selection(draft, draft.schema.type_map[condition], depth)
    heading = "" if condition == parent.name and random.random() < 0.5 else f" on {condition}"
    return f"...{heading}{_directives(draft)} {selection}"


def _conditions(schema: GraphQLSchema, parent: GraphQLNamedType) -> list[str]:
    """Types whose objects can be found at `parent` (validation rule PossibleFragmentSpreads)."""
    here = _possible(schema, parent)
    found = [
        name
        for name, other in schema.type_map.items()
        if not name.startswith("__")
        and isinstance(other, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
        and here & _possible(schema, other)
    ]
    return sorted(found)


def _possible(schema: GraphQLSchema, named: GraphQLNamedType) -> set[str]:
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        return {each.name for each in schema.get_possible_types(named)}
    return {named.name}
