"""Building a subgraph's schema: our scalars, our `_entities`, guarded fields, Federation 2.9."""

from typing import Any, cast

import strawberry
from graphql import GraphQLSchema, GraphQLUnionType
from strawberry.federation.schema import FederationAny
from strawberry.federation.schema import Schema as FederationSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from strawberry.types.base import get_object_definition

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

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core executes it."""
        return self._schema

    async def entities_resolver(  # type: ignore[override]  # Strawberry's own is synchronous; both are awaited
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """`Query._entities`; see `references` for the protocol."""
        answers = await resolve_entities(
            self.core, self._entity_classes(), info, representations, MAX_REPRESENTATIONS
        )
        return cast("list[FederationAny]", answers)

    def _entity_classes(self) -> dict[str, Entity]:
        union = self.core.type_map.get("_Entity")
        assert isinstance(union, GraphQLUnionType)
        return {member.name: self._entity_class(member.name) for member in union.types}

    def _entity_class(self, name: str) -> Entity:
        definition = self.schema_converter.type_map[name].definition
        return cast("Entity", getattr(definition, "origin"))  # noqa: B009  # a union type in Strawberry


@strawberry.type(name="_Service")
class Service:
    """The subgraph's own SDL, for tools that compose from running services."""

    sdl: str | None


@strawberry.type(name="Query")
class _ServiceQuery:
    @strawberry.field(name="_service")
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
    for name, entity in schema._entity_classes().items():
        if not hasattr(entity, "resolve_references"):
            raise TypeError(f"the entity {name} has no resolve_references")
    authorize.guard(schema.core)
    return schema
