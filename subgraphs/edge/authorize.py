"""The SDL's @authenticated, @requiresScopes and @policy, enforced for direct callers of a subgraph.

The gateway enforces the same directives before it fetches; a subgraph does it again because it can be
called alone. The rules are read once, when the schema is built: a guarded field gets a resolver that
checks first, every other field keeps its own, so what is open costs nothing.

What guards a field: its own directives; those of its parent type; those of the interfaces' field and of
the interfaces of its parent (so no way round by the object or by the interface); those of the type that
it returns. All must be met. A refused field is null with the error UNAUTHORIZED_FIELD_OR_TYPE, and its
resolver does not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
    get_named_type,
)
from strawberry.federation.schema_directives import Authenticated, Policy, RequiresScopes

from kernel.auth import Principal
from subgraphs.edge.errors import ErrorCode, NotAllowed

__all__ = ["Requirement", "guard", "requirement_of"]

_DEFINITION = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a caller must bring: a verified token, and one whole group out of each list of scope groups."""

    scope_groups: tuple[frozenset[frozenset[str]], ...] = ()
    #: @policy needs an evaluator, which a subgraph does not have: refused for everybody.
    never: bool = False

    def met_by(self, principal: Principal | None) -> bool:
        """The caller may read the field."""
        if principal is None or self.never:
            return False
        scopes = principal.scopes
        return all(any(group <= scopes for group in groups) for groups in self.scope_groups)


def requirement_of(directives: Iterable[object]) -> Requirement | None:
    """What these directive applications require together; None when none of them is about access."""
    groups: list[frozenset[frozenset[str]]] = []
    found = never = False
    for directive in directives:
        if isinstance(directive, RequiresScopes):
            groups.append(frozenset(frozenset(group) for group in directive.scopes))
        elif isinstance(directive, Policy):
            never = True
        elif not isinstance(directive, Authenticated):
            continue
        found = True
    return Requirement(tuple(groups), never) if found else None


def guard(schema: GraphQLSchema) -> None:
    """Wrap the resolver of every guarded field of `schema`, in place; to be called once."""
    for named_type in schema.type_map.values():
        if not isinstance(named_type, GraphQLObjectType) or named_type.name.startswith("__"):
            continue
        for name, definition in named_type.fields.items():
            requirement = requirement_of(_directives_about(named_type, name, definition))
            if requirement is not None:
                resolve = definition.resolve or default_field_resolver
                definition.resolve = _guarded(resolve, requirement, f"{named_type.name}.{name}")


def _directives_about(parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Iterator[object]:
    yield from _applied(definition)
    yield from _applied(parent)
    yield from _applied(get_named_type(definition.type))
    for interface in _interfaces(parent):
        yield from _applied(interface)
        if name in interface.fields:
            yield from _applied(interface.fields[name])


def _interfaces(parent: GraphQLObjectType) -> Iterator[GraphQLInterfaceType]:
    # An object type lists the interfaces of its interfaces too (GraphQL specification, 3.6).
    yield from parent.interfaces


def _applied(definition: GraphQLField | GraphQLNamedType) -> Iterable[object]:
    strawberry_definition = (definition.extensions or {}).get(_DEFINITION)
    return getattr(strawberry_definition, "directives", None) or ()


def _guarded(resolve: Callable[..., Any], requirement: Requirement, coordinate: str) -> Callable[..., Any]:
    met_by = requirement.met_by
    text = f"Not authorized to read {coordinate}."

    def resolve_when_allowed(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if met_by(info.context.principal):
            return resolve(source, info, **arguments)
        raise NotAllowed(text, ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE)

    return resolve_when_allowed
