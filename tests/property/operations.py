"""Random valid operations over a schema: aliases that collide, fragments, directives, variables, arguments."""

from __future__ import annotations

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
    get_named_type,
    is_composite_type,
    parse,
    validate,
)

__all__ = ["RandomOperation", "draw_operation"]

_MAX_DEPTH = 5


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
    fragments: list[str] = field(default_factory=list)
    budget: int = 40


def draw_operation(schema: GraphQLSchema, random: Random) -> RandomOperation:
    """Draw until one is valid: aliases are drawn carelessly, so that some documents conflict with themselves."""
    while True:
        operation = _draw(schema, random)
        if not validate(schema, operation.document):
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
    heading = (
        f"({', '.join(f'${name}: {kind}' for name, kind in draft.definitions.items())})"
        if draft.definitions
        else ""
    )
    text = "\n".join([f"{keyword} Drawn{heading} {selection}", *draft.fragments])
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
    arguments = _arguments(draft) if definition.args else ""
    selection = " " + _selection(draft, named, depth + 1) if composite else ""
    return f"{alias}{name}{arguments}{_directives(draft)}{selection}"


def _arguments(draft: _Draft) -> str:
    random = draft.random
    parts = []
    if random.random() < 0.6:
        parts.append(f"n: {_variable(draft, 'Int', random.randint(0, 9)) if random.random() < 0.5 else 7}")
    if random.random() < 0.4:
        parts.append(
            f"tag: {_variable(draft, 'String', 'v') if random.random() < 0.5 else chr(34) + 'q' + chr(34)}"
        )
    return f"({', '.join(parts)})" if parts else ""


def _variable(draft: _Draft, kind: str, value: object) -> str:
    name = f"v{len(draft.definitions)}"
    draft.definitions[name] = kind + (f" = {9}" if kind == "Int" and draft.random.random() < 0.3 else "")
    if draft.random.random() < 0.8:
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
    condition = random.choice(_conditions(draft.schema, parent))
    selection = _selection(draft, draft.schema.type_map[condition], depth)
    if random.random() < 0.35:
        name = f"F{len(draft.fragments)}"
        draft.fragments.append("")
        draft.fragments[int(name[1:])] = f"fragment {name} on {condition} {selection}"
        return f"...{name}{_directives(draft)}"
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
