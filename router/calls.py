"""Routes and a target's SDL → the GraphQL operations that the router sends, checked beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from jmespath.parser import ParsedResult

from kernel.settings import ConfigurationProblem
from router.config import QueueConfig, RouteConfig, Table

__all__ = ["Call", "Calls", "compile_calls", "load_schemas"]

#: By queue and event type.
Calls = Mapping[str, Mapping[str, "Call"]]

#: What a JMESPath expression's value is known to be before there is any envelope.
_ATTRIBUTE_KINDS = {
    "id": "text", "subject": "text", "type": "text", "source": "text", "time": "text", "sequence": "text",
    "specversion": "text", "traceparent": "text", "requestid": "text", "datacontenttype": "text",
    "data": "object",
}  # fmt: skip
_FUNCTION_KINDS = {"to_number": "number", "to_string": "text", "length": "number", "join": "text"}
_SCALAR_KINDS = {"Int": "number", "Float": "number", "Boolean": "truth value", "String": "text", "ID": "text"}


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """How events of one type are delivered: a constant document, and an expression for each variable."""

    route: RouteConfig
    document: str
    operation: str
    #: By argument: its type in the target's schema.
    types: tuple[tuple[str, str], ...]
    #: What is asked of the answer.
    selection: str

    @property
    def field(self) -> str:
        """The mutation, which is also the key of its answer."""
        return self.route.mutation

    @staticmethod
    def alias(number: int) -> str:
        """The key of the answer to the `number`-th event of a document for several."""
        return f"e{number}"

    @staticmethod
    def variable(argument: str, number: int) -> str:
        """The variable of the `number`-th event's argument in a document for several."""
        return f"{argument}_{number}"

    def bundled(self, events: int) -> str:
        """The document for several events; the same text each time, so that targets remember it."""
        return _bundled(self, events)


@lru_cache(maxsize=256)  # a few calls of at most twenty sizes, and those of tables before a reload
def _bundled(call: Call, events: int) -> str:
    declared: list[str] = []
    fields: list[str] = []
    for number in range(events):
        declared += [f"${call.variable(name, number)}: {kind}" for name, kind in call.types]
        passed = ", ".join(f"{name}: ${call.variable(name, number)}" for name, _ in call.types)
        fields.append(f"{call.alias(number)}: {call.field}({passed}){call.selection}")
    return f"mutation {call.operation}({', '.join(declared)}) {{ {' '.join(fields)} }}"


def load_schemas(table: Table) -> dict[str, GraphQLSchema]:
    """Each target's schema; raises `ConfigurationProblem` for a file that is missing or no SDL."""
    return {name: _load(name, target.schema) for name, target in table.targets.items()}


def compile_calls(table: Table, schemas: Mapping[str, GraphQLSchema]) -> Calls:
    """A call for each route; raises `ConfigurationProblem` that lists all that does not fit its target."""
    problems = [
        f"{table.path}:{route.line}: {problem}"
        for queue in table.queues.values()
        for route in queue.routes.values()
        for problem in _problems(route, schemas[route.target])
    ]
    if problems:
        raise ConfigurationProblem("\n".join(problems))
    return {queue.name: dict(_queue_calls(queue, schemas)) for queue in table.queues.values()}


def _load(name: str, path: Path) -> GraphQLSchema:
    try:
        # Federation's directives need no definitions here: they do not change what a mutation takes.
        return build_schema(path.read_text(encoding="utf-8"), assume_valid_sdl=True)
    except OSError as error:
        raise ConfigurationProblem(
            f"cannot read the schema of target {name!r} ({path}: {error.strerror}); "
            "export it with `customer-graph schema export`, or say `schema:` in the routing table"
        ) from error
    except (GraphQLError, TypeError) as error:
        raise ConfigurationProblem(f"{path}: not a GraphQL schema: {error}") from error


def _queue_calls(queue: QueueConfig, schemas: Mapping[str, GraphQLSchema]) -> Iterator[tuple[str, Call]]:
    for on, route in queue.routes.items():
        field = _mutation(route, schemas[route.target])
        assert field is not None
        yield on, _call(route, field)


def _call(route: RouteConfig, field: GraphQLField) -> Call:
    types = tuple((name, str(field.args[name].type)) for name, _ in route.arguments)
    declared = ", ".join(f"${name}: {kind}" for name, kind in types)
    passed = ", ".join(f"{name}: ${name}" for name, _ in types)
    operation = f"Deliver_{route.mutation}"
    selection = _selection(field)
    document = f"mutation {operation}({declared}) {{ {route.mutation}({passed}){selection} }}"
    return Call(route, document, operation, types, selection)


def _selection(field: GraphQLField) -> str:
    """All leaves of the answer that can be had without arguments: small, and they tell the outcome."""
    answer = get_named_type(field.type)
    if is_leaf_type(answer):
        return ""
    fields = answer.fields if isinstance(answer, GraphQLObjectType) else {}
    leaves = [
        name
        for name, member in fields.items()
        if is_leaf_type(get_named_type(member.type))
        and not any(is_required_argument(argument) for argument in member.args.values())
    ]
    return f" {{ {' '.join(leaves or ['__typename'])} }}"


def _mutation(route: RouteConfig, schema: GraphQLSchema) -> GraphQLField | None:
    mutations = schema.mutation_type
    return None if mutations is None else mutations.fields.get(route.mutation)


def _problems(route: RouteConfig, schema: GraphQLSchema) -> Iterator[str]:
    field = _mutation(route, schema)
    if field is None:
        yield f"the schema of {route.target!r} has no mutation {route.mutation!r}"
        return
    given = dict(route.arguments)
    for name, argument in field.args.items():
        if name not in given and is_required_argument(argument):
            yield f"{route.mutation}: the argument {name!r} ({argument.type}) is missing"
    for name, expression in given.items():
        if name not in field.args:
            yield f"{route.mutation}: there is no argument {name!r}"
        else:
            yield from _mismatches(f"{route.mutation}.{name}", expression.parsed, field.args[name].type)


def _mismatches(place: str, node: Mapping[str, object], wanted: GraphQLType) -> Iterator[str]:
    """What can be said against the expression without an envelope; silent where that cannot be known."""
    named = get_named_type(wanted)
    if node["type"] == "multi_select_dict":
        if isinstance(named, GraphQLInputObjectType):
            yield from _object_mismatches(place, node, named)
        else:
            yield f"{place}: is an object, {wanted} is wanted"
        return
    kind = _kind(node)
    if kind is not None and kind not in _accepted(wanted, named):
        yield f"{place}: is a {kind}, {wanted} is wanted"


def _object_mismatches(
    place: str, node: Mapping[str, object], wanted: GraphQLInputObjectType
) -> Iterator[str]:
    children = node["children"]
    assert isinstance(children, list)
    members = {child["value"]: child["children"][0] for child in children}
    for name, member in members.items():
        if name not in wanted.fields:
            yield f"{place}: {wanted.name} has no field {name!r}"
        else:
            yield from _mismatches(f"{place}.{name}", member, wanted.fields[name].type)
    for name, field in wanted.fields.items():
        if name not in members and is_required_input_field(field):
            yield f"{place}: the field {name!r} ({field.type}) of {wanted.name} is missing"


def _kind(node: Mapping[str, object]) -> str | None:
    if node["type"] == "field":
        return _ATTRIBUTE_KINDS.get(str(node["value"]))
    if node["type"] == "function_expression":
        return _FUNCTION_KINDS.get(str(node["value"]))
    return None


def _accepted(wanted: GraphQLType, named: GraphQLNamedType) -> tuple[str, ...]:
    nullable = wanted.of_type if isinstance(wanted, GraphQLNonNull) else wanted
    if nullable is not named:
        return ()  # a list
    if isinstance(named, GraphQLInputObjectType):
        return ("object",)
    kind = _SCALAR_KINDS.get(named.name)
    # Enumerations travel as texts; what a scalar of the target's own takes, only the target knows.
    return (kind,) if kind is not None else ("text", "number")


def expression_text(expression: ParsedResult) -> str:
    """The expression as it was written."""
    return str(expression.expression)
