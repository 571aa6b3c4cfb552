"""Supergraph SDL → `Supergraph`, or a refusal that says what is wrong and where."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from graphql import GraphQLError, GraphQLSchema, build_ast_schema, parse, validate_schema
from graphql.language import ast

from gateway.errors import SupergraphProblem
from gateway.supergraph.api import api_document, full_document
from gateway.supergraph.fed1 import complete_fed1_tables
from gateway.supergraph.join import TypeTable
from gateway.supergraph.links import Links, read_links
from gateway.supergraph.model import Supergraph
from gateway.supergraph.requirements import read_requirements
from gateway.supergraph.tables import TableReader, read_contexts, read_roots, read_subgraphs
from gateway.supergraph.verify import verify_tables

__all__ = ["load"]


def load(sdl: str) -> Supergraph:
    """Read and verify a supergraph (join v0.1 to v0.5, link v1.0 or core v0.1 and v0.2).

    Raises `SupergraphProblem` with reason and place: for text that does not parse or is cut off,
    for SDL that is no supergraph, for unknown mandatory features, for join directives that name what
    does not exist, and for an API schema that would break the GraphQL specification.
    """
    document = _parse(sdl)
    links = read_links(document)
    subgraphs = read_subgraphs(document, links)
    tables = TableReader(links, subgraphs).read(document)
    roots = read_roots(document)
    _check_roots(roots, tables)
    if _is_fed1(links):
        complete_fed1_tables(document, tables, links, subgraphs, roots.values())
    contexts = read_contexts(document, links)
    verify_tables(tables, contexts)
    return Supergraph(
        sdl=sdl,
        digest=sha256(sdl.encode()).hexdigest(),
        api_schema=_schema(api_document(document, links), "the API schema"),
        full_schema=_schema(full_document(document, links), "the supergraph"),
        subgraphs={subgraph.name: subgraph for subgraph in subgraphs.values()},
        graphs=subgraphs,
        types=tables,
        roots=roots,
        requirements=read_requirements(document, tables, links, contexts),
        override_labels=_labels(tables),
        contexts=contexts,
    )


def _parse(sdl: str) -> ast.DocumentNode:
    try:
        return parse(sdl)
    except GraphQLError as problem:
        line, column = problem.locations[0] if problem.locations else (0, 0)
        raise SupergraphProblem(f"line {line}, column {column}: {problem.message}") from problem
    except RecursionError as problem:
        raise SupergraphProblem("the SDL nests too deeply to be a supergraph") from problem


def _check_roots(roots: Mapping[str, str], tables: Mapping[str, TypeTable]) -> None:
    if "query" not in roots:
        raise SupergraphProblem("schema: there is no query root type")
    for kind, name in roots.items():
        if name not in tables or tables[name].kind != "object":
            raise SupergraphProblem(f"schema: the {kind} root type {name} is not defined as an object type")


def _is_fed1(links: Links) -> bool:
    join = links.features.get("join")
    return join is not None and join.version == (0, 1)


def _schema(document: ast.DocumentNode, what: str) -> GraphQLSchema:
    try:
        schema = build_ast_schema(document, assume_valid_sdl=True)
        problems = validate_schema(schema)
    except (GraphQLError, TypeError, ValueError) as problem:
        raise SupergraphProblem(f"{what} cannot be built: {problem}") from problem
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise SupergraphProblem(f"{what} is not a valid schema: {problems[0].message}{more}")
    return schema


def _labels(tables: Mapping[str, TypeTable]) -> frozenset[str]:
    return frozenset(
        joined.override_label
        for table in tables.values()
        for item in table.fields.values()
        for joined in item.graphs.values()
        if joined.override_label is not None
    )
