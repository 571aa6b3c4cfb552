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
from tests.property.fieldsets import covers, parse_fields, project, received
from tests.property.model import Fault, Field, Part, Subgraph, World
from tests.property.sdl import single_sdl, subgraph_sdl

__all__ = ["PlanFault", "SingleServer", "SubgraphServers"]

Info = GraphQLResolveInfo[Any]


class PlanFault(AssertionError):
    """A subgraph was asked for something that a right plan never asks for."""


def _argued(value: Any, arguments: Mapping[str, Any]) -> Any:
    """Strings tell the arguments they were asked with; lists are cut by them."""
    if isinstance(value, Fault):
        raise GraphQLError("a drawn fault")
    if arguments and isinstance(value, str):
        return f"{value}({json.dumps(arguments, sort_keys=True)})"
    if isinstance(value, list) and isinstance(arguments.get("n"), int):
        return value[: arguments["n"] % 4]
    return value


def _type_of(value: Any, _info: Info, _abstract: object) -> str:
    return str(value["__typename"])


class Truth:
    """What is true of an object, whoever says it."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: The single schema with hidden fields, for arguments and their defaults.
        self.schema = build_schema(single_sdl(world))

    def types(self, name: str) -> set[str]:
        """The object types behind a type condition."""
        return set(self._world.possible(name))

    def required(self, source: Mapping[str, Any], field: Field) -> dict[str, Any]:
        """What a computed field should be sent."""
        return project(parse_fields(field.requires), source, self.read, self.types)

    def read(self, source: Mapping[str, Any], name: str, given: dict[str, Any]) -> Any:
        """A field's value, with arguments as they are written in a field set."""
        field = self._world.objects[source["__typename"]].fields[name]
        if field.requires and field.is_leaf:
            return computed(self.required(source, field))
        arguments = dict(given)
        if field.arguments == "plain":
            arguments.setdefault("tag", "t")
        elif field.arguments == "rich":
            arguments = {"ids": ["d"], "n": 2, **arguments}
        return _argued(source[name], arguments)


def computed(required: Mapping[str, Any]) -> str:
    """The value of a leaf that is computed."""
    return "r:" + json.dumps(required, sort_keys=True)


def _contextual(
    field: Field, value: Any, arguments: Mapping[str, Any], required: Mapping[str, Any] | None
) -> Any:
    """A leaf tells all that it was given; of a list, some or all are left by it."""
    given = {each.name: arguments[each.name] for each in field.contexts}
    others = {name: each for name, each in arguments.items() if name not in given}
    if field.is_leaf:
        return "x:" + json.dumps([given, others, required], sort_keys=True)
    value = _argued(value, others)
    odd = sum(json.dumps(given).encode()) % 2
    return value[odd:] if isinstance(value, list) else value


class SingleServer:
    """The oracle: all of the world in one schema, executed by graphql-core."""

    def __init__(self, world: World, truth: Truth) -> None:
        self._world = world
        self._truth = truth
        self.schema = truth.schema
        #: Does any field depend on the objects above it?
        self._remembers = any(each.contexts for each in world.subgraphs)
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

    def _resolve(self, source: Any, info: Info, **arguments: Any) -> Any:
        value = self._value(source, info, arguments)
        return _below(value, source) if self._remembers else value

    def _value(self, source: Any, info: Info, arguments: dict[str, Any]) -> Any:
        if source is None:
            if info.parent_type.name == "Mutation":
                self.mutations.append(info.field_name)
            return _argued(self._world.roots[info.field_name], arguments)
        owner, name = info.parent_type.name, info.field_name
        field = self._world.objects[owner].fields[name]
        if self._is_unknown(owner, name, source):
            return None
        if field.contexts:
            return self._contextual(source, field, arguments)
        if field.requires and field.is_leaf:
            return computed(self._truth.required(source, field))
        return _argued(source[name], arguments)

    def _contextual(self, source: Mapping[str, Any], field: Field, arguments: dict[str, Any]) -> Any:
        for each in field.contexts:
            setter = source["#above"]
            while setter["__typename"] not in each.sources:
                setter = setter["#above"]
            arguments[each.name] = self._truth.read(setter, each.sources[setter["__typename"]], {})
        required = self._truth.required(source, field) if field.requires else None
        return _contextual(field, source.get(field.name), arguments, required)

    def _is_unknown(self, owner: str, name: str, source: Mapping[str, Any]) -> bool:
        """Is the only subgraph that could say it one that does not know the entity?"""
        if name == "id" or not self._world.objects[owner].keys:
            return False
        return any(source["id"] in each.strangers for each in self._world.owners(owner, name))


def _below(value: Any, above: Mapping[str, Any] | None) -> Any:
    """Objects that know which object led to them."""
    if isinstance(value, list):
        return [_below(each, above) for each in value]
    return {**value, "#above": above} if isinstance(value, dict) else value


class SubgraphServers:
    """The gateway's transport: a POST to `http://<subgraph>` is executed by that subgraph's own schema."""

    def __init__(self, world: World, truth: Truth) -> None:
        self._servers = {each.name: _SubgraphServer(world, each, truth) for each in world.subgraphs}
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
            return HttpAnswer(500, "text/plain", b"")
        for error in result.errors or ():
            cause = error.original_error
            if cause is not None and not isinstance(cause, GraphQLError) and "non-null" not in str(cause):
                self.faults.append(f"{request.url}: {type(cause).__name__} {cause}\n{payload}")
        return HttpAnswer(200, "application/json", json.dumps(result.formatted).encode())

    async def close(self) -> None:
        """Nothing is open."""


class _SubgraphServer:
    def __init__(self, world: World, subgraph: Subgraph, truth: Truth) -> None:
        self._world = world
        self._subgraph = subgraph
        self._truth = truth
        self._schema = _with_entities(build_schema(subgraph_sdl(world, subgraph, executable=True)), subgraph)

    def execute(self, query: str, variables: dict[str, Any], mutations: list[str]) -> ExecutionResult:
        document = parse(query)
        problems = validate(self._schema, document)
        if problems:
            raise PlanFault(f"invalid for this subgraph: {problems[0].message}")
        result = execute_sync(
            self._schema,
            document,
            variable_values=variables,
            context_value=mutations,
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        if result.data is None and result.errors and result.errors[0].path is None:
            raise PlanFault(f"not executed by this subgraph: {result.errors[0].message}")
        return result

    def _resolve(self, source: Any, info: Info, **arguments: Any) -> Any:
        name, owner = info.field_name, info.parent_type.name
        if name == "_entities":
            return [self._entity(each) for each in arguments["representations"]]
        if source is None:
            if owner == "Mutation":
                info.context.append(name)
            root = self._subgraph.part(owner, name)
            assert root is not None
            return self._view(_argued(self._world.roots[name], arguments), root, "")
        part = self._subgraph.part(owner, name)
        assert part is not None
        provided = source.get("#provided", {})
        if part.forbidden and name not in provided:
            raise PlanFault(f"{owner}.{name} is not resolvable here")
        field = self._field(owner, name)
        required = self._required(source, field, f"{owner}.{name}") if field.requires else None
        if field.contexts:
            value = _contextual(field, source.get(name), arguments, required)
            return self._view(value, part, provided.get(name, ""))
        if required is not None and field.is_leaf:
            return computed(required)
        return self._view(_argued(source[name], arguments), part, provided.get(name, ""))

    def _required(self, source: Mapping[str, Any], field: Field, coordinate: str) -> dict[str, Any]:
        """What was sent for a computed field. It must be all that it requires, and true."""
        fields = parse_fields(field.requires)
        sent = received(fields, source.get("#representation", {}), self._truth.types)
        wanted = self._truth.required({**source, "__typename": source["#type"]}, field)
        if sent != wanted:
            raise PlanFault(f"{coordinate} was sent {sent} instead of {wanted}")
        return sent

    def _field(self, owner: str, name: str) -> Field:
        if owner in self._world.objects:
            return self._world.objects[owner].fields[name]
        return self._world.interfaces[owner][0][name]

    def _view(self, value: Any, part: Part, provided: str) -> Any:
        """Objects as this subgraph returns them: with what is provided, interface objects by their name."""
        if isinstance(value, list):
            return [self._view(each, part, provided) for each in value]
        if not isinstance(value, dict):
            return value
        named = part.type.strip("[]!")
        seen = {**value, "#type": value["__typename"]}
        if named in self._subgraph.interface_objects:
            seen["__typename"] = named
        views = " ".join(each for each in (part.provides, provided) if each)
        if views:
            seen["#provided"] = _provided(views, value["__typename"])
        return seen

    def _entity(self, representation: dict[str, Any]) -> dict[str, Any] | None:
        name = representation["__typename"]
        is_interface_object = name in self._subgraph.interface_objects
        if is_interface_object or name in self._subgraph.interface_keys:
            keys = ["id"]
        else:
            keys = [key for key in self._subgraph.keys.get(name, []) if not key.endswith("!")]
        usable = [parse_fields(key) for key in keys if covers(parse_fields(key), representation)]
        if not usable:
            raise PlanFault(f"a representation of {name} without a resolvable key: {representation}")
        wanted = received(usable[0], representation, self._truth.types)
        for type_name in self._world.possible(name):
            for instance in self._world.objects[type_name].instances:
                if project(usable[0], instance, self._truth.read, self._truth.types) == wanted:
                    if instance["id"] in self._subgraph.strangers:
                        return None
                    shown = name if is_interface_object else type_name
                    return {
                        **instance,
                        "__typename": shown,
                        "#type": type_name,
                        "#representation": representation,
                    }
        raise PlanFault(f"a representation of no entity: {representation}")


def _provided(views: str, type_name: str) -> dict[str, str]:
    """Provided field → what is provided below it, for an object of this type."""
    found: dict[str, str] = {}
    pending = list(parse_fields(views).selections)
    while pending:
        node: Any = pending.pop()
        if node.kind == "inline_fragment":
            if node.type_condition.name.value == type_name:
                pending += node.selection_set.selections
            continue
        inner = node.selection_set.loc if node.selection_set else None
        text = inner.source.body[inner.start + 1 : inner.end - 1] if inner else ""
        found[node.name.value] = f"{found.get(node.name.value, '')} {text}".strip()
    return found


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
