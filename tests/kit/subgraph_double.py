"""An in-memory subgraph made of federation SDL and plain data, strict about what it is asked.

Objects are dicts. A field is answered from the dict, else from the type's entity records, else the
request fails: so whatever the data leaves out is a trap for a plan that asks the wrong subgraph. A
callable is called with the object (for an entity: with what its representation brought) and the
arguments. `TRAP` marks a field that exists in the SDL and must not be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_ast_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.language import ast

__all__ = ["TRAP", "Fail", "SubgraphDouble", "executable_document"]

Record = dict[str, Any]
Data = Mapping[str, Any]


class _Trap:
    def __repr__(self) -> str:
        return "TRAP"


#: A field that a good plan never asks here.
TRAP = _Trap()


@dataclass(frozen=True)
class Fail:
    """A field that fails with this message: a subgraph error that must surface."""

    message: str


_EXTENSIONS: Mapping[type, type] = {
    ast.ObjectTypeExtensionNode: ast.ObjectTypeDefinitionNode,
    ast.InterfaceTypeExtensionNode: ast.InterfaceTypeDefinitionNode,
    ast.UnionTypeExtensionNode: ast.UnionTypeDefinitionNode,
    ast.EnumTypeExtensionNode: ast.EnumTypeDefinitionNode,
    ast.InputObjectTypeExtensionNode: ast.InputObjectTypeDefinitionNode,
    ast.ScalarTypeExtensionNode: ast.ScalarTypeDefinitionNode,
}
#: Directives of these places may be in what a subgraph is asked.
_EXECUTABLE = frozenset({"QUERY", "MUTATION", "FIELD", "VARIABLE_DEFINITION"})
_PARTS = ("fields", "interfaces", "types", "values", "directives")


def executable_document(sdl: str) -> tuple[ast.DocumentNode, frozenset[str]]:
    """The subgraph's schema without federation's directives, and the names of its enterable entities."""
    types: dict[str, Any] = {}
    entities: set[str] = set()
    others: list[ast.DefinitionNode] = []
    for node in parse(sdl, no_location=True).definitions:
        if isinstance(node, ast.TypeDefinitionNode | ast.TypeExtensionNode):
            entities |= _entity_names(node)
            _unite(types, node)
        elif isinstance(node, ast.DirectiveDefinitionNode):
            if any(location.value in _EXECUTABLE for location in node.locations):
                others.append(node)
        elif not isinstance(node, ast.SchemaExtensionNode):
            others.append(node)
    names = frozenset(entities)
    root = next(
        (
            operation.type.name.value
            for node in others
            if isinstance(node, ast.SchemaDefinitionNode)
            for operation in node.operation_types or ()
            if operation.operation.value == "query"
        ),
        "Query",
    )
    definitions = [*map(_undirected, types.values()), *others, *_federation(names, types, root)]
    return ast.DocumentNode(definitions=tuple(definitions)), names


def _entity_names(node: Any) -> set[str]:
    if not isinstance(node, ast.ObjectTypeDefinitionNode | ast.ObjectTypeExtensionNode):
        return set()
    for directive in node.directives or ():
        given = {item.name.value: item.value for item in directive.arguments or ()}
        resolvable = given.get("resolvable")
        if directive.name.value == "key" and not (
            isinstance(resolvable, ast.BooleanValueNode) and not resolvable.value
        ):
            return {node.name.value}
    return set()


def _unite(types: dict[str, Any], node: Any) -> None:
    known = types.get(node.name.value)
    plain = _EXTENSIONS.get(type(node))
    if known is None:
        values = {key: value for key, value in vars(node).items() if key not in ("kind", "_hash")}
        types[node.name.value] = node if plain is None else plain(**values)
        return
    united = {
        part: (*(getattr(known, part) or ()), *(getattr(node, part) or ()))
        for part in _PARTS
        if hasattr(known, part)
    }
    types[node.name.value] = replace(known, **united)


_KEPT = ("deprecated", "specifiedBy", "oneOf")


def _undirected(node: Any) -> Any:
    changes: dict[str, Any] = {"directives": tuple(d for d in node.directives or () if d.name.value in _KEPT)}
    for part in ("fields", "values"):
        if getattr(node, part, None):
            changes[part] = tuple(_undirected(item) for item in getattr(node, part))
    if getattr(node, "arguments", None):
        changes["arguments"] = tuple(_undirected(item) for item in node.arguments)
    return replace(node, **changes)


def _federation(
    entities: frozenset[str], types: Mapping[str, Any], root: str
) -> Iterator[ast.DefinitionNode]:
    text = "scalar _Any type _Service { sdl: String }"
    keyword = "extend type" if root in types else "type"
    fields = "_service: _Service!"
    if entities:
        text += f" union _Entity = {' | '.join(sorted(entities))}"
        fields += " _entities(representations: [_Any!]!): [_Entity]!"
    yield from parse(f"{text} {keyword} {root} {{ {fields} }}", no_location=True).definitions


@dataclass
class SubgraphDouble:
    """One subgraph; `requests` holds the documents it was sent."""

    name: str
    sdl: str
    data: Data
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        document, self.entities = executable_document(self.sdl)
        definitions = list(document.definitions)
        extended: dict[str, Any] = {}
        rest: list[Any] = []
        for node in definitions:
            if isinstance(node, ast.TypeDefinitionNode | ast.TypeExtensionNode):
                _unite(extended, node)
            else:
                rest.append(node)
        united = ast.DocumentNode(definitions=(*extended.values(), *rest))
        self.schema: GraphQLSchema = build_ast_schema(united, assume_valid_sdl=True)
        self._wire()

    def execute(self, document: str, variables: Mapping[str, Any]) -> ExecutionResult:
        """Answer a request; an invalid one is the plan's fault and fails the test."""
        self.requests.append(document)
        parsed = parse(document)
        problems = validate(self.schema, parsed)
        if problems:
            raise AssertionError(f"invalid request to {self.name}: {problems[0].message}\n{document}")
        return execute_sync(self.schema, parsed, variable_values=dict(variables), root_value={})

    def _wire(self) -> None:
        for name, item in self.schema.type_map.items():
            if isinstance(item, GraphQLObjectType) and not name.startswith("__"):
                for field_name, definition in item.fields.items():
                    definition.resolve = self._resolver(name, field_name)
            elif isinstance(item, GraphQLInterfaceType | GraphQLUnionType):
                item.resolve_type = _runtime_type

    def _resolver(self, parent: str, name: str) -> Callable[..., Any]:
        if parent == self.schema.query_type.name if self.schema.query_type else False:
            if name == "_entities":
                return self._entities
            if name == "_service":
                return lambda *_: {"sdl": self.sdl}

        def resolve(source: Record, _info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
            return self._value(parent, name, source, arguments)

        return resolve

    def _value(self, parent: str, name: str, source: Record, arguments: Mapping[str, Any]) -> Any:
        value = self._find(parent, name, source)
        if callable(value):
            value = value(source, arguments)
        if isinstance(value, Fail):
            raise GraphQLError(value.message)
        if value is TRAP or isinstance(value, _Trap):
            raise GraphQLError(f"{self.name}: {parent}.{name} must not be asked here")
        return value

    def _find(self, parent: str, name: str, source: Record) -> Any:
        if name in source:
            return source[name]
        records = self.data.get(parent, ())
        if isinstance(records, Mapping):
            return records.get(name, TRAP)
        for record in records:
            if name in record and _agrees(source, record):
                return record[name]
        return TRAP

    def _entities(
        self, _source: Any, _info: GraphQLResolveInfo[Any], representations: Sequence[Record]
    ) -> list[Record | None]:
        return [self._entity(representation) for representation in representations]

    def _entity(self, representation: Record) -> Record | None:
        name = representation["__typename"]
        item = self.schema.type_map.get(name)
        if item is None:
            raise AssertionError(f"{self.name} does not know the type {name} of {representation}")
        if isinstance(item, GraphQLInterfaceType):
            names = sorted(possible.name for possible in self.schema.get_possible_types(item))
        else:
            names = [name]
        brought = {key: value for key, value in representation.items() if key != "__typename"}
        for candidate in names:
            for record in self.data.get(candidate, ()):
                if _agrees(brought, record):
                    return {**brought, **record, "__typename": candidate}
        return None


def _runtime_type(value: Record, _info: Any, _type: Any) -> str:
    return str(value["__typename"])


def _agrees(part: Any, record: Any) -> bool:
    """Does what is known of an object not contradict the record, and share something with it?"""
    shared = [key for key in part if key in record and key != "__typename"]
    return bool(shared) and all(_same(part[key], record[key]) for key in shared)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return all(_same(left[key], right[key]) for key in left if key in right and key != "__typename")
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return callable(right) or isinstance(right, Fail | _Trap) or left == right
