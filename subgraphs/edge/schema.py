"""Building a subgraph's schema: our scalars, our `_entities`, guarded fields, Federation 2.9."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
)
from strawberry.federation.schema import FederationAny
from strawberry.federation.schema import Schema as FederationSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition

from subgraphs.edge import authorize, sdl
from subgraphs.edge.errors import ErrorCode, NotAllowed
from subgraphs.edge.references import Entity, resolve_entities
from subgraphs.edge.scalars import SCALARS

# No `from __future__ import annotations` here: Strawberry reads the annotations of the two resolvers below.

__all__ = ["MAX_REPRESENTATIONS", "Schema", "federated_schema"]

#: Items of one `_entities` call; the gateway splits larger batches. One store query serves them all.
MAX_REPRESENTATIONS = 1_000


class Schema(FederationSchema):
    """A Strawberry federation schema that decodes, batches and guards as the modules beside this one say."""

    #: GraphQL name → class, for each entity; set once by `federated_schema`.
    entities: Mapping[str, Entity]

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core executes it."""
        return self._schema

    async def entities_resolver(  # type: ignore[override]  # Strawberry's own is synchronous; both are awaited
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """`Query._entities`; see `references` for the protocol.

        For verified callers only: through the graph every way to an entity begins at a guarded field, and
        this field must not be a way around them for who calls the subgraph itself.
        """
        if info.context.principal is None:
            raise NotAllowed("Not authorized to read Query._entities.", ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE)
        answers = await resolve_entities(self.core, self.entities, info, representations, MAX_REPRESENTATIONS)
        return cast("list[FederationAny]", answers)


@strawberry.type(name="_Service")
class Service:
    """The subgraph's own SDL, for tools that compose from running services."""

    sdl: str | None


@strawberry.type(name="Query")
class _ServiceQuery:
    @strawberry.field(name="_service")  # type: ignore[untyped-decorator]  # its overloads hide the type here
    def service(self, info: Info[Any, Any]) -> Service:
        """The SDL tells all names, so it is closed like introspection: open to verified callers only."""
        context = info.context
        if context.principal is None and not context.introspection:
            raise NotAllowed("The SDL is shown to authenticated callers only.", ErrorCode.UNAUTHENTICATED)
        return Service(sdl=sdl.export(cast(Schema, info.schema)))


def federated_schema(query: type, mutation: type | None = None, types: tuple[type, ...] = ()) -> Schema:
    """The schema of one subgraph.

    Every type with a `@key` must follow the protocol of `references`; `types` lists those that no field of
    the root types reaches. Raises `TypeError` for an entity without `resolve_references`.
    """
    definition = get_object_definition(query, strict=True)
    with_service = strawberry.type(
        type("Query", (query, _ServiceQuery), {}),
        description=definition.description,
        directives=definition.directives or (),
    )
    schema = Schema(
        query=with_service,
        mutation=mutation,
        types=types,
        config=StrawberryConfig(auto_camel_case=True, disable_field_suggestions=True),
        scalar_overrides=cast(Any, SCALARS),
        federation_version="2.9",
    )
    schema.entities = _entity_classes(schema)
    authorize.guard(schema.core)
    _drop_null_defaults(schema.core)
    return schema


def _entity_classes(schema: Schema) -> dict[str, Entity]:
    union = schema.core.type_map.get("_Entity")
    if not isinstance(union, GraphQLUnionType):
        return {}
    classes = {}
    for member in union.types:
        definition = schema.schema_converter.type_map[member.name].definition
        if not isinstance(definition, StrawberryObjectDefinition) or not hasattr(
            definition.origin, "resolve_references"
        ):
            raise TypeError(f"the entity {member.name} has no resolve_references")
        classes[member.name] = cast(Entity, definition.origin)
    return classes


def _drop_null_defaults(schema: GraphQLSchema) -> None:
    """Let `after: str | None = None` be `after: String` in the SDL, not `after: String = null`.

    Python needs the default, GraphQL does not: an absent argument reaches the resolver as None either way.
    """
    for named_type in schema.type_map.values():
        if isinstance(named_type, (GraphQLObjectType, GraphQLInterfaceType)):
            for definition in named_type.fields.values():
                _without_null_default(definition.args.values())
        elif isinstance(named_type, GraphQLInputObjectType):
            _without_null_default(named_type.fields.values())


def _without_null_default(inputs: Iterable[GraphQLArgument | GraphQLInputField]) -> None:
    for value in inputs:
        if value.default_value is None:
            value.default_value = Undefined
