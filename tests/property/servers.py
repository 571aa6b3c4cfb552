"""A world's servers in memory: the single one, and a transport behind which the subgraphs answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    extend_schema,
    parse,
    validate,
)

from gateway.execution.transport import HttpAnswer, HttpRequest
from tests.property.sdl import single_sdl, subgraph_sdl
from tests.property.world import Fault, Part, Subgraph, World

__all__ = ["PlanFault", "SingleServer", "SubgraphServers"]


class PlanFault(AssertionError):
    """A subgraph was asked for something that a right plan never asks for."""


def _argued(value: Any, arguments: Mapping[str, object]) -> Any:
    if isinstance(value, Fault):
        raise GraphQLError("a drawn fault")
    if arguments and isinstance(value, str):
        return f"{value}({json.dumps(arguments, sort_keys=True)})"
    return value


def _computed(source: Mapping[str, Any], requires: tuple[str, ...]) -> str:
    return "r:" + json.dumps([source.get(name) for name in requires])


def _type_of(value: Any, _info: GraphQLResolveInfo, _abstract: object) -> str:
    return str(value["__typename"])


class SingleServer:
    """The oracle: all of the world in one schema, executed by graphql-core."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.schema = build_schema(single_sdl(world))
        #: The last operation's mutations in their order.
        self.mutations: list[str] = []

    def execute(self, document: DocumentNode, variables: dict[str, Any], name: str | None) -> ExecutionResult:
        """The answer that the gateway's must equal."""
        self.mutations.clear()
        return execute_sync(
            self.schema,
            document,
            variable_values=variables,
            operation_name=name,
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: object) -> Any:
        if source is None:
            if info.parent_type.name == "Mutation":
                self.mutations.append(info.field_name)
            return _argued(self._world.roots[info.field_name], arguments)
        field = self._world.objects[info.parent_type.name].fields[info.field_name]
        if field.requires:
            return _computed(source, field.requires)
        return _argued(source[info.field_name], arguments)


class SubgraphServers:
    """The gateway's transport: a POST to `http://<subgraph>` is executed by that subgraph's own schema."""

    def __init__(self, world: World) -> None:
        self._servers = {each.name: _SubgraphServer(world, each) for each in world.subgraphs}
        self.requests = 0
        #: What right plans never do; the gateway would turn an exception into an answer, so it is kept here.
        self.faults: list[str] = []
        #: Mutations in the order in which they were called.
        self.mutations: list[str] = []

    async def post(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request."""
        self.requests += 1
        server = self._servers[request.url.removeprefix("http://")]
        payload = json.loads(request.body)
        try:
            result = server.execute(payload["query"], payload.get("variables") or {}, self.mutations)
        except PlanFault as fault:
            self.faults.append(f"{request.url}: {fault}\n{payload['query']}")
            raise
        for error in result.errors or ():
            if isinstance(error.original_error, PlanFault):
                self.faults.append(f"{request.url}: {error.original_error}\n{payload['query']}")
        return HttpAnswer(200, "application/json", json.dumps(result.formatted).encode())

    async def close(self) -> None:
        """Nothing is open."""


class _SubgraphServer:
    def __init__(self, world: World, subgraph: Subgraph) -> None:
        self._world = world
        self._subgraph = subgraph
        self._schema = _with_entities(build_schema(subgraph_sdl(world, subgraph, executable=True)), subgraph)

    def execute(self, query: str, variables: dict[str, Any], mutations: list[str]) -> ExecutionResult:
        document = parse(query)
        problems = validate(self._schema, document)
        if problems:
            raise PlanFault(f"invalid for this subgraph: {problems[0].message}")
        return execute_sync(
            self._schema,
            document,
            variable_values=variables,
            context_value=mutations,
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        name, owner = info.field_name, info.parent_type.name
        if name == "_entities":
            return [self._entity(each) for each in arguments["representations"]]
        if source is None:
            if owner == "Mutation":
                info.context.append(name)
            part = {**self._subgraph.queries, **self._subgraph.mutations}[name]
            return self._view(_argued(self._world.roots[name], arguments), part)
        part = self._part(owner, name)
        if part.forbidden and name not in source.get("#provided", ()):
            raise PlanFault(f"{owner}.{name} is not resolvable here")
        field = self._field(owner, name)
        if field.requires:
            sent = source.get("#representation")
            if sent is None or any(each not in sent for each in field.requires):
                known = {} if sent is None else sent
                missing = [
                    each for each in field.requires if each not in known and self._part(owner, each).forbidden
                ]
                if missing or (sent is None and any(self._part(owner, e).forbidden for e in field.requires)):
                    raise PlanFault(f"{owner}.{name} was asked without {missing or field.requires}")
            return _computed({**source, **(sent or {})}, field.requires)
        return self._view(_argued(source[name], arguments), part)

    def _part(self, owner: str, name: str) -> Part:
        return (self._subgraph.objects.get(owner) or self._subgraph.interface_objects[owner])[name]

    def _field(self, owner: str, name: str) -> Any:
        if owner in self._world.objects:
            return self._world.objects[owner].fields[name]
        return self._world.interfaces[owner][0][name]

    def _view(self, value: Any, part: Part) -> Any:
        """Entities as this subgraph returns them: with what the field provides, interface objects by their name."""
        if isinstance(value, list):
            return [self._view(each, part) for each in value]
        if not isinstance(value, dict):
            return value
        named = part.type.strip("[]!")
        if named in self._subgraph.interface_objects:
            value = {**value, "__typename": named}
        if part.provides:
            value = {**value, "#provided": part.provides}
        return value

    def _entity(self, representation: dict[str, Any]) -> dict[str, Any] | None:
        name = representation["__typename"]
        if name in self._subgraph.interface_objects:
            candidates = [
                {**instance, "__typename": name}
                for implementer in self._world.interfaces[name][1]
                for instance in self._world.objects[implementer].instances
            ]
            keys = ["id"]
        elif name in self._subgraph.interface_keys:
            candidates = [
                instance
                for implementer in self._world.interfaces[name][1]
                for instance in self._world.objects[implementer].instances
            ]
            keys = ["id"]
        else:
            candidates = self._world.objects[name].instances
            keys = [key for key in self._subgraph.keys[name] if not key.endswith("!")]
        usable = [key for key in keys if all(part in representation for part in key.split())]
        if not usable:
            raise PlanFault(f"a representation of {name} without a resolvable key: {sorted(representation)}")
        for candidate in candidates:
            if all(candidate.get(part) == representation[part] for part in usable[0].split()):
                return {**candidate, "#representation": representation}
        return None


def _with_entities(schema: GraphQLSchema, subgraph: Subgraph) -> GraphQLSchema:
    members = [name for name, keys in subgraph.keys.items() if any(not key.endswith("!") for key in keys)]
    members += list(subgraph.interface_objects)
    if not members:
        return schema
    return extend_schema(
        schema,
        parse(
            f"scalar _Any union _Entity = {' | '.join(members)} "
            "extend type Query { _entities(representations: [_Any!]!): [_Entity]! }"
        ),
    )
