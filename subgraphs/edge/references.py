"""`_entities`: typed, batched per type, one error per bad item, order kept.

Protocol. An entity of a subgraph has the key `id` (a canonical UUID) and the class-level hook

    @strawberry.federation.type(keys=["id"])
    class Customer:
        @classmethod
        async def resolve_references(
            cls, info: Info, references: Sequence[Reference]
        ) -> Sequence[Self | ClientFault | None]:
            customers = await info.context.store.by_ids({reference.id for reference in references})
            return [customers.get(reference.id) for reference in references]

The hook is called once per type and request field, with all valid references of that type in the order
asked, duplicates included, and answers as many items in the same order: the entity, None when it does not
exist, or a fault that becomes the error of that item alone. `reference.external` holds the other fields of
the representation (those that `@requires` asked for), each already coerced by its type in this schema: a
Decimal field arrives as `decimal.Decimal`. A resolver may use a DataLoader just as well; nothing here
forbids it.

Why not Strawberry's own resolver: it passes raw JSON to the class (an operator such as {"$ne": 1} reaches
the store), calls once per item, changes the request's variables in place, and fails the whole list with a
Python text for one unknown __typename.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, cast

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
)
from strawberry.types import Info

from subgraphs.edge.errors import BadUserInput, ErrorCode, LimitExceeded

__all__ = ["Entity", "Reference", "Resolved", "entity_id", "resolve_entities"]

#: The canonical spelling only (8-4-4-4-12, hyphens): one customer has one id, so caches and logs agree.
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)

_KEY = "id"


@dataclass(frozen=True, slots=True)
class Reference:
    """One valid representation: the key, and the coerced values of the fields that came with it."""

    id: uuid.UUID
    external: Mapping[str, Any] = field(default_factory=dict)


#: What a hook answers for one reference.
Resolved: TypeAlias = object | Exception | None


class Entity(Protocol):
    """The class-level hook of the protocol above."""

    def resolve_references(
        self, info: Info[Any, Any], references: Sequence[Reference]
    ) -> Awaitable[Sequence[Resolved]]:
        """As many answers as references, in their order."""
        ...


def entity_id(value: object) -> uuid.UUID:
    """The id as a UUID; raises `BadUserInput` for anything but its canonical text, in any case."""
    if isinstance(value, str) and len(value) == 36:
        text = value.lower()
        if _CANONICAL_UUID.fullmatch(text) is not None:
            return uuid.UUID(text)
    raise BadUserInput("An id is a UUID, such as 018f2c6e-7a10-7c44-8d9b-5f7f3a2b1c0d.")


async def resolve_entities(
    schema: GraphQLSchema,
    entities: Mapping[str, Entity],
    info: Info[Any, Any],
    representations: Sequence[object],
    maximum: int,
) -> list[Resolved]:
    """The entities for `representations`, in their order; a bad one is a `BadUserInput` in its place.

    Raises `LimitExceeded` when there are more than `maximum`.
    """
    if len(representations) > maximum:
        raise LimitExceeded(ErrorCode.MAX_REPRESENTATIONS_LIMIT, "representations", maximum)
    answers: list[Resolved] = [None] * len(representations)
    batches: dict[str, list[tuple[int, Reference]]] = {}
    for index, representation in enumerate(representations):
        try:
            typename, reference = _decoded(schema, entities, representation)
        except BadUserInput as fault:
            answers[index] = fault
        else:
            batches.setdefault(typename, []).append((index, reference))
    # One type after the other: a store has one pool, and our subgraphs have one or two entity types.
    for typename, batch in batches.items():
        references = [reference for _, reference in batch]
        resolved = await entities[typename].resolve_references(info, references)
        if len(resolved) != len(references):
            raise RuntimeError(f"{typename}.resolve_references answered {len(resolved)} of {len(references)}")
        for (index, _), answer in zip(batch, resolved, strict=True):
            answers[index] = answer
    return answers


def _decoded(
    schema: GraphQLSchema, entities: Mapping[str, Entity], representation: object
) -> tuple[str, Reference]:
    """The type name and the typed reference; raises `BadUserInput` for what is not one of our entities."""
    if not isinstance(representation, Mapping):
        raise BadUserInput("A representation is an object with __typename and the key fields.")
    typename = representation.get("__typename")
    if not isinstance(typename, str) or typename not in entities:
        raise BadUserInput("The __typename of a representation names no entity of this subgraph.")
    if _KEY not in representation:
        raise BadUserInput(f"A representation of {typename} needs its key field {_KEY}.")
    object_type = cast(GraphQLObjectType, schema.type_map[typename])
    external = {
        name: _coerced(object_type, name, value)
        for name, value in representation.items()
        if name not in ("__typename", _KEY)
    }
    return typename, Reference(entity_id(representation[_KEY]), external)


def _coerced(object_type: GraphQLObjectType, name: str, value: object) -> Any:
    """`value` as the Python value of the field's scalar or enum; an absent value stays None."""
    definition = object_type.fields.get(name)
    if definition is None:
        raise BadUserInput(f"A representation of {object_type.name} holds a field that this type has not.")
    field_type = definition.type
    if isinstance(field_type, GraphQLNonNull):
        field_type = field_type.of_type
    if value is None:
        return None
    if not isinstance(field_type, (GraphQLScalarType, GraphQLEnumType)):
        raise BadUserInput(f"{object_type.name}.{name} cannot be given in a representation.")
    try:
        # A scalar's own check comes first thing in it; an enum takes text and refuses the rest.
        return field_type.parse_value(cast(str, value))
    except BadUserInput:
        raise
    except (GraphQLError, ValueError, TypeError):
        raise BadUserInput(f"{object_type.name}.{name} has a value of another type.") from None
