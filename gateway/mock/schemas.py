"""The schema of each subgraph, taken back out of the supergraph."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLSchema,
    build_schema,
    print_ast,
)
from graphql import language as ast

from gateway.supergraph import Supergraph
from gateway.supergraph.join import FieldTable, TypeTable

__all__ = ["subgraph_schema"]

_BUILT_IN = frozenset({"Int", "Float", "String", "Boolean", "ID"})


def subgraph_schema(supergraph: Supergraph, name: str) -> GraphQLSchema:
    """What the subgraph of that name serves, with `_entities` and `_service`.

    Fields that it only knows as external are there too: a `@provides` may lend them.
    """
    return build_schema(
        "\n".join(_definitions(supergraph, supergraph.subgraphs[name].graph)), assume_valid_sdl=True
    )


def _definitions(supergraph: Supergraph, graph: str) -> Iterator[str]:
    entities = []
    for table in supergraph.types.values():
        own = table.graphs.get(graph)
        if own is None or table.name in _BUILT_IN:
            continue
        if own.keys and (table.kind == "object" or own.interface_object):
            entities.append(table.name)
        yield from _definition(supergraph, table, graph)
    yield "scalar _Any type _Service { sdl: String }"
    query = supergraph.roots["query"]
    extra = ["_service: _Service!"]
    if entities:
        yield f"union _Entity = {' | '.join(sorted(entities))}"
        extra.append("_entities(representations: [_Any!]!): [_Entity]!")
    known = supergraph.types.get(query)
    fields = _fields(supergraph, known, graph) if known is not None and graph in known.graphs else []
    yield f"type {query} {{ {' '.join([*fields, *extra])} }}"
    roots = {kind: root for kind, root in supergraph.roots.items() if _exists(supergraph, root, graph)}
    roots["query"] = query
    yield f"schema {{ {' '.join(f'{kind}: {root}' for kind, root in roots.items())} }}"


def _exists(supergraph: Supergraph, name: str, graph: str) -> bool:
    table = supergraph.types.get(name)
    return table is not None and graph in table.graphs and bool(_fields(supergraph, table, graph))


def _definition(supergraph: Supergraph, table: TypeTable, graph: str) -> Iterator[str]:
    full = supergraph.full_schema.type_map[table.name]
    match table.kind:
        case "scalar":
            yield f"scalar {table.name}"
        case "enum" if isinstance(full, GraphQLEnumType):
            yield f"enum {table.name} {{ {' '.join(full.values)} }}"
        case "union":
            members = sorted(supergraph.possible_types_in(graph, table.name))
            yield f"union {table.name} = {' | '.join(members)}"
        case _ if isinstance(full, GraphQLInputObjectType):
            fields = (_input_value(name, f.ast_node) for name, f in full.fields.items())
            yield f"input {table.name} {{ {' '.join(fields)} }}"
        case _ if table.name != supergraph.roots["query"]:
            body = _fields(supergraph, table, graph)
            if body:
                keyword = (
                    "interface" if table.kind == "interface" and not _as_object(table, graph) else "type"
                )
                yield f"{keyword} {table.name}{_implements(supergraph, table, graph)} {{ {' '.join(body)} }}"


def _as_object(table: TypeTable, graph: str) -> bool:
    return table.graphs[graph].interface_object


def _implements(supergraph: Supergraph, table: TypeTable, graph: str) -> str:
    names = table.interfaces if table.implements is None else table.implements.get(graph, set())
    here = sorted(
        name
        for name in names
        if graph in supergraph.types[name].graphs and not _as_object(supergraph.types[name], graph)
    )
    return f" implements {' & '.join(here)}" if here else ""


def _fields(supergraph: Supergraph, table: TypeTable, graph: str) -> list[str]:
    full = supergraph.full_schema.type_map[table.name]
    known: dict[str, GraphQLField] = getattr(full, "fields", {})
    return [
        _field(field, known[name], graph)
        for name, field in table.fields.items()
        if graph in field.graphs and name in known
    ]


def _field(table: FieldTable, full: GraphQLField, graph: str) -> str:
    own = table.graphs[graph]
    arguments = [_input_value(name, argument.ast_node) for name, argument in full.args.items()]
    arguments += [f"{argument.name}: {argument.type}" for argument in own.context_arguments]
    signature = f"({', '.join(arguments)})" if arguments else ""
    return f"{table.name}{signature}: {own.type or full.type}"


def _input_value(name: str, node: ast.InputValueDefinitionNode | None) -> str:
    if node is None:
        raise ValueError(f"{name} was not made from SDL")
    default = f" = {print_ast(node.default_value)}" if node.default_value else ""
    return f"{name}: {print_ast(node.type)}{default}"
