"""Answering a subgraph request with made-up objects that agree with each other.

An entity is a type and a number, and all its key fields tell the number (`"id-7"`): so every subgraph,
whatever key it is asked by, and every run with the same seed, tells the same things of one entity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    execute_sync,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
    validate,
)

from gateway.mock.keys import key_fields, key_value, number_in
from gateway.mock.schemas import subgraph_schema
from gateway.mock.values import Dice, leaf
from gateway.supergraph import Supergraph

__all__ = ["POOL", "FakeSubgraph", "MockSettings"]

#: Entities of one type: few, so that different paths meet the same ones.
POOL = 50


@dataclass(frozen=True, slots=True)
class MockSettings:
    """`seed` makes a run repeatable; `nulls` is the share of nullable values that are null; lists
    have `minimum_items` to `maximum_items`."""

    seed: int = 1
    nulls: float = 0.0
    minimum_items: int = 1
    maximum_items: int = 3


@dataclass(frozen=True, slots=True)
class _Fake:
    """An object: its runtime type, what identifies it (a number for entities), what is known of it."""

    type: str
    identity: object
    known: Mapping[str, object] = field(default_factory=dict, compare=False)


class FakeSubgraph:
    """One subgraph of a supergraph, answered from nothing."""

    def __init__(self, supergraph: Supergraph, name: str, settings: MockSettings) -> None:
        self._supergraph = supergraph
        self._graph = supergraph.subgraphs[name].graph
        self._schema = subgraph_schema(supergraph, name)
        self._settings = settings
        self._dice = Dice(settings.seed)
        self._keys = key_fields(supergraph)

    def answer(
        self, query: str, variables: Mapping[str, object], operation_name: str | None
    ) -> dict[str, object]:
        """The response to a request; an operation that the subgraph does not know is an error in it."""
        try:
            document = parse(query)
        except GraphQLError as error:
            return {"errors": [error.formatted]}
        errors = validate(self._schema, document)
        if errors:
            return {"errors": [error.formatted for error in errors]}
        result = execute_sync(
            self._schema,
            document,
            variable_values=dict(variables),
            operation_name=operation_name,
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        return dict(result.formatted)

    def _resolve(self, source: object, info: GraphQLResolveInfo[object], **arguments: object) -> object:
        if info.field_name == "_entities":
            given = arguments["representations"]
            return [self._entity(item) for item in given] if isinstance(given, list) else []
        if isinstance(source, Mapping):
            return source.get(info.field_name)
        if info.field_name == "_service":
            return {"sdl": None}
        owner = source if isinstance(source, _Fake) else _Fake(info.parent_type.name, None)
        if info.field_name in owner.known and not arguments:
            return self._given(owner.known[info.field_name], info.return_type)
        return self._make(info.return_type, owner, (info.field_name, arguments))

    def _entity(self, representation: object) -> _Fake | None:
        name = representation.get("__typename") if isinstance(representation, Mapping) else None
        if not isinstance(representation, Mapping) or not isinstance(name, str):
            return None
        if name not in self._schema.type_map:
            return None
        known = {key: value for key, value in representation.items() if key != "__typename"}
        number = self._number(name, known)
        return _Fake(self._runtime_type(name, number), number, known)

    def _number(self, type_name: str, known: Mapping[str, object]) -> int:
        """The number that the key fields tell; keys that are not of our making get one of the pool."""
        keys = {name: value for name, value in known.items() if (type_name, name) in self._keys}
        number = number_in(keys)
        if number is not None:
            return number
        return self._dice.of(type_name, sorted(map(str, keys.items()))).randrange(POOL)

    def _runtime_type(self, name: str, number: int) -> str:
        """The object type of an entity: by its number, so that every subgraph says the same."""
        if not is_abstract_type(self._schema.type_map[name]):
            return name
        everywhere = sorted(self._supergraph.possible_types(name))
        here = sorted(self._supergraph.possible_types_in(self._graph, name))
        chosen = everywhere[number % len(everywhere)] if everywhere else name
        return chosen if chosen in here or not here else here[number % len(here)]

    def _given(self, value: object, kind: GraphQLOutputType | GraphQLNamedType) -> object:
        """What a representation brought, as objects where objects are expected."""
        named = get_named_type(kind)
        if isinstance(value, list):
            return [self._given(item, named) for item in value]
        if isinstance(value, Mapping) and is_composite_type(named):
            name = str(value.get("__typename", named.name))
            number = self._number(name, value)
            return _Fake(self._runtime_type(name, number), number, dict(value))
        return value

    def _make(self, kind: GraphQLOutputType, owner: _Fake, what: tuple[object, ...]) -> object:
        random = self._dice.of(owner.type, owner.identity, what)
        field_name = str(what[0])
        is_key = (owner.type, field_name) in self._keys and isinstance(owner.identity, int)
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        elif not is_key and random.random() < self._settings.nulls:
            return None
        if isinstance(kind, GraphQLList):
            count = random.randint(self._settings.minimum_items, self._settings.maximum_items)
            return [self._make(kind.of_type, owner, (*what, index)) for index in range(count)]
        if isinstance(kind, GraphQLEnumType):
            return random.choice(sorted(kind.values))
        if isinstance(kind, GraphQLScalarType):
            if is_key and isinstance(owner.identity, int):
                return key_value(kind.name, field_name, owner.identity)
            return leaf(kind.name, field_name, random)
        return self._object(kind.name, owner, what, of_key=is_key)

    def _object(self, name: str, owner: _Fake, what: tuple[object, ...], *, of_key: bool) -> _Fake:
        """An object of the pool, the one that an argument asks for, or part of its owner."""
        if of_key and isinstance(owner.identity, int):
            return _Fake(self._runtime_type(name, owner.identity), owner.identity)
        random = self._dice.of("object", owner.type, owner.identity, what)
        asked = number_in(what[1]) if len(what) == 2 and isinstance(what[1], Mapping) else None
        number = asked if asked is not None else random.randrange(POOL)
        runtime = self._runtime_type(name, number)
        if any(own.keys for own in self._supergraph.types[runtime].graphs.values()):
            return _Fake(runtime, number)
        return _Fake(runtime, (owner.type, owner.identity, repr(what)))


def _type_of(value: object, _info: GraphQLResolveInfo[object], _abstract: GraphQLAbstractType) -> str | None:
    return value.type if isinstance(value, _Fake) else None
