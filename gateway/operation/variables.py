"""Checking of variable values, compiled once per operation (GraphQL 6.1.2, CoerceVariableValues).

The values go on to the subgraphs as the client sent them, so nothing is converted here: the checks
only say whether the API schema allows a value. A subgraph applies its own defaults.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeNode,
    Undefined,
    is_input_type,
    is_required_input_field,
    specified_scalar_types,
    value_from_ast,
)
from graphql.type import GraphQLScalarType

from gateway.errors import ClientProblem, ErrorCode, Refusal

__all__ = ["VariableLimits", "VariablesCheck", "compile_variables", "enforce_variable_limits"]

Json = object
_Check = Callable[[Json, str], None]
_MAX_INT32 = 2_147_483_647
_MIN_INT32 = -2_147_483_648


@dataclass(frozen=True, slots=True)
class VariableLimits:
    """Bounds of the variables of one request; each is a setting of the same name."""

    max_variables_depth: int = 32
    #: Values in all, counted at any depth: bounds the work of checking.
    max_variables_nodes: int = 20_000
    #: Items of one list: a list of keys is multiplied by what is asked of each.
    max_variables_list: int = 1_000


class _Mismatch(Exception):
    """A value that its type does not allow; `place` is the path inside the variable."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    type_text: str
    required: bool
    nullable: bool
    default: Json
    check: _Check


@dataclass(frozen=True, slots=True)
class VariablesCheck:
    """The compiled check of one operation's variables."""

    variables: tuple[_Variable, ...]

    def __call__(self, given: Mapping[str, Json]) -> dict[str, Json]:
        """The values of the declared variables that the client gave; raises `Refusal` (BAD_USER_INPUT)."""
        if not self.variables:
            return {}
        accepted: dict[str, Json] = {}
        problems: list[ClientProblem] = []
        for variable in self.variables:
            value = given.get(variable.name, Undefined)
            problem = _problem_of(variable, value)
            if problem is not None:
                problems.append(ClientProblem(ErrorCode.BAD_USER_INPUT, problem))
            elif value is not Undefined:
                accepted[variable.name] = value
        if problems:
            raise Refusal(*problems)
        return accepted

    def with_default(self, name: str, accepted: Mapping[str, Json]) -> Json:
        """The value that an operation sees under this name: the client's, or the declared default."""
        if name in accepted:
            return accepted[name]
        return next((variable.default for variable in self.variables if variable.name == name), Undefined)


def _problem_of(variable: _Variable, value: Json) -> str | None:
    if value is Undefined:
        if variable.required:
            return f'Variable "${variable.name}" of required type "{variable.type_text}" was not provided.'
        return None
    if value is None:
        if variable.nullable:
            return None
        return f'Variable "${variable.name}" of non-null type "{variable.type_text}" must not be null.'
    try:
        variable.check(value, "")
    except _Mismatch as mismatch:
        place = f' at "{variable.name}{mismatch.place}"' if mismatch.place else ""
        return f'Variable "${variable.name}" got invalid value{place}; {mismatch.reason}'
    return None


def compile_variables(schema: GraphQLSchema, operation: OperationDefinitionNode) -> VariablesCheck:
    """Compile the check for the variables that a validated operation declares."""
    compiled: dict[str, _Check] = {}
    variables = []
    for definition in operation.variable_definitions or ():
        declared = _declared_type(schema, definition.type)
        default = Undefined
        if definition.default_value is not None:
            default = value_from_ast(definition.default_value, declared)
        nullable = not isinstance(declared, GraphQLNonNull)
        variables.append(
            _Variable(
                name=definition.variable.name.value,
                type_text=str(declared),
                required=not nullable and default is Undefined,
                nullable=nullable,
                default=default,
                check=_check_of(declared, compiled),
            )
        )
    return VariablesCheck(tuple(variables))


def _declared_type(schema: GraphQLSchema, node: TypeNode) -> GraphQLInputType:
    """The type that a type reference stands for.

    Not by `type_from_ast`: a built-in scalar may be declared (and used inside of a custom scalar's
    literal) although the schema has no field of it, and then it knows none.
    """
    if isinstance(node, NonNullTypeNode):
        inner = _declared_type(schema, node.type)
        return inner if isinstance(inner, GraphQLNonNull) else GraphQLNonNull(inner)
    if isinstance(node, ListTypeNode):
        return GraphQLList(_declared_type(schema, node.type))
    if not isinstance(node, NamedTypeNode):
        raise TypeError("there are no other type references")
    named = schema.get_type(node.name.value) or specified_scalar_types.get(node.name.value)
    if named is None or not is_input_type(named):
        raise AssertionError("a validated operation declares known input types only")
    return named


def _check_of(declared: GraphQLInputType, compiled: dict[str, _Check]) -> _Check:
    """The check of a non-null value of this type."""
    if isinstance(declared, GraphQLNonNull):
        return _check_of(declared.of_type, compiled)
    if isinstance(declared, GraphQLList):
        return _list_check(declared, compiled)
    if isinstance(declared, GraphQLEnumType):
        return _enum_check(declared)
    if isinstance(declared, GraphQLInputObjectType):
        return _input_object_check(declared, compiled)
    if isinstance(declared, GraphQLScalarType):
        return _SCALARS.get(declared.name, _any_value)
    raise AssertionError(f"{declared} is no input type")


def _nullable(declared: GraphQLInputType, check: _Check) -> _Check:
    if isinstance(declared, GraphQLNonNull):
        text = str(declared)

        def refuse_null(value: Json, place: str) -> None:
            if value is None:
                raise _Mismatch(place, f'Expected non-nullable type "{text}" not to be null.')
            check(value, place)

        return refuse_null

    def allow_null(value: Json, place: str) -> None:
        if value is not None:
            check(value, place)

    return allow_null


def _list_check(declared: GraphQLList[GraphQLInputType], compiled: dict[str, _Check]) -> _Check:
    item = _nullable(declared.of_type, _check_of(declared.of_type, compiled))

    def check(value: Json, place: str) -> None:
        if not isinstance(value, list):
            item(value, place)  # A single value stands for a list of one (3.11, input coercion).
            return
        for index, entry in enumerate(value):
            item(entry, f"{place}[{index}]")

    return check


def _enum_check(declared: GraphQLEnumType) -> _Check:
    values = frozenset(declared.values)
    name = declared.name

    def check(value: Json, place: str) -> None:
        if not isinstance(value, str) or value not in values:
            raise _Mismatch(place, f'Value does not exist in "{name}" enum.')

    return check


def _input_object_check(declared: GraphQLInputObjectType, compiled: dict[str, _Check]) -> _Check:
    name = declared.name
    known = compiled.get(name)
    if known is not None:
        return known
    fields: dict[str, tuple[_Check, bool, str]] = {}

    def check(value: Json, place: str) -> None:
        if not isinstance(value, dict):
            raise _Mismatch(place, f'Expected type "{name}" to be an object.')
        for key, entry in value.items():
            if key not in fields:
                raise _Mismatch(place, f'Field "{_shorten(key)}" is not defined by type "{name}".')
            fields[key][0](entry, f"{place}.{key}")
        for key, (_, required, text) in fields.items():
            if required and key not in value:
                raise _Mismatch(place, f'Field "{key}" of required type "{text}" was not provided.')
        if declared.is_one_of and (len(value) != 1 or None in value.values()):
            raise _Mismatch(place, f'Exactly one key must be given, and not null, for "{name}".')

    compiled[name] = check  # Before its fields: input types may refer to themselves.
    for key, field in declared.fields.items():
        required = is_required_input_field(field)
        fields[key] = (_nullable(field.type, _check_of(field.type, compiled)), required, str(field.type))
    return check


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _int(value: Json, place: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise _Mismatch(place, "Int cannot represent non-integer value.")
    if not _MIN_INT32 <= value <= _MAX_INT32:
        raise _Mismatch(place, "Int cannot represent non 32-bit signed integer value.")


def _float(value: Json, place: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _Mismatch(place, "Float cannot represent non numeric value.")


def _string(value: Json, place: str) -> None:
    if not isinstance(value, str):
        raise _Mismatch(place, "String cannot represent a non string value.")


def _boolean(value: Json, place: str) -> None:
    if not isinstance(value, bool):
        raise _Mismatch(place, "Boolean cannot represent a non boolean value.")


def _id(value: Json, place: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _Mismatch(place, "ID cannot represent value.")


def _any_value(value: Json, place: str) -> None:
    """A custom scalar: only its subgraph knows what it allows."""


_SCALARS: Mapping[str, _Check] = {
    "Int": _int,
    "Float": _float,
    "String": _string,
    "Boolean": _boolean,
    "ID": _id,
}


def enforce_variable_limits(variables: Mapping[str, Json], limits: VariableLimits) -> None:
    """Raise `Refusal` (BAD_USER_INPUT) for variables that are too deep, too many or too long."""
    nodes = 0
    level: list[Json] = list(variables.values())
    depth = 1
    while level:
        nodes += len(level)
        if depth > limits.max_variables_depth:
            raise _too_much("depth", limits.max_variables_depth, "max_variables_depth")
        if nodes > limits.max_variables_nodes:
            raise _too_much("number of values", limits.max_variables_nodes, "max_variables_nodes")
        deeper: list[Json] = []
        for value in level:
            if isinstance(value, list):
                if len(value) > limits.max_variables_list:
                    raise _too_much("length of a list", limits.max_variables_list, "max_variables_list")
                deeper.extend(value)
            elif isinstance(value, dict):
                deeper.extend(value.values())
        level = deeper
        depth += 1


def _too_much(what: str, limit: int, name: str) -> Refusal:
    message = f"The variables exceed the limit on the {what}: {limit} ({name})."
    return Refusal(ClientProblem(ErrorCode.BAD_USER_INPUT, message))
