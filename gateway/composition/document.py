"""Parsing a subgraph's SDL and checking it as a GraphQL document (spec sections 3 and 5)."""

from __future__ import annotations

import re
from functools import lru_cache

from graphql import GraphQLError, GraphQLSyntaxError, parse
from graphql import language as ast
from graphql.validation.rules.known_type_names import KnownTypeNamesRule
from graphql.validation.rules.possible_type_extensions import PossibleTypeExtensionsRule
from graphql.validation.specified_rules import specified_sdl_rules
from graphql.validation.validate import validate_sdl

from gateway.composition.codes import Code
from gateway.composition.link import Links
from gateway.composition.result import Location, Report
from gateway.composition.specification import (
    FEDERATION,
    FEDERATION_1_DIRECTIVES,
    LATEST_FEDERATION,
    LINK,
    SPECIFICATIONS,
    Definition,
    federation_directives,
)

__all__ = ["known_definitions", "parse_subgraph", "validate_document"]

# A subgraph may extend, and use, a type that another one defines; `wellformed` looks up the names.
_NOT_HERE = (PossibleTypeExtensionsRule, KnownTypeNamesRule)
_RULES = tuple(rule for rule in specified_sdl_rules if rule not in _NOT_HERE)
_UNKNOWN_DIRECTIVE = re.compile(r"Unknown directive '@(\w+)'")
_LATEST_NAMES = frozenset(d.name for d in federation_directives(LATEST_FEDERATION))
# About a hundred times the largest subgraphs in use; an SDL beyond it is a mistake or an attack.
MAX_SDL_TOKENS = 5_000_000


def parse_subgraph(name: str, sdl: str, report: Report) -> ast.DocumentNode | None:
    """The document, or None with the syntax error in the report."""
    try:
        return parse(sdl, max_tokens=MAX_SDL_TOKENS)
    except GraphQLSyntaxError as error:
        report.error(Code.INVALID_GRAPHQL, error.message, _places(name, error))
    except RecursionError:
        report.error(Code.INVALID_GRAPHQL, "The SDL is nested too deeply to be read.", Location(name))
    return None


def _places(name: str, error: GraphQLError) -> list[Location]:
    return [Location(name, place.line, place.column) for place in error.locations or ()] or [Location(name)]


def known_definitions(links: Links) -> dict[str, tuple[Definition, str]]:
    """Local directive name → its definition and the local prefix of the specification's types."""
    known: dict[str, tuple[Definition, str]] = {}
    if links.federation is None:
        known = {d.name: (d, "_") for d in FEDERATION_1_DIRECTIVES}
    for feature in links.features:
        if feature.identity == FEDERATION and feature.version is not None:
            definitions = federation_directives(feature.version)
        elif feature.identity in SPECIFICATIONS:
            definitions = SPECIFICATIONS[feature.identity][1]
        else:
            continue
        for definition in definitions:
            known[feature.local(f"@{definition.name}")] = (definition, f"{feature.alias}__")
    return known


def validate_document(name: str, document: ast.DocumentNode, links: Links, report: Report) -> None:
    """Report what breaks a rule of GraphQL, with the specifications' definitions added to the document."""
    written = {
        node.name.value
        for node in document.definitions
        if isinstance(node, ast.DirectiveDefinitionNode | ast.TypeDefinitionNode)
    }
    definitions = [node for node in _injected(_injection(links)) if node.name.value not in written]
    complete = ast.DocumentNode(definitions=(*document.definitions, *definitions))
    for error in validate_sdl(complete, rules=_RULES):
        report.error(Code.INVALID_GRAPHQL, _advised(error.message, links), _places(name, error))


def _injection(links: Links) -> str:
    link = links.of(LINK)
    link_name = link.alias if link else "link"
    lines = [
        f"directive @{link_name}(url: String, as: String, for: {link_name}__Purpose,"
        f" import: [{link_name}__Import]) repeatable on SCHEMA",
        f"scalar {link_name}__Import",
        f"enum {link_name}__Purpose {{ SECURITY EXECUTION }}",
    ]
    federation = links.federation
    field_set = federation.local("FieldSet") if federation else "_FieldSet"
    types = {field_set}
    for local, (definition, prefix) in known_definitions(links).items():
        lines.append(definition.sdl(local, field_set, prefix))
        types.update(f"{prefix}{bare}" for bare in ("Scope", "Policy", "ContextFieldValue"))
    return "\n".join([*lines, *(f"scalar {t}" for t in sorted(types))])


@lru_cache(maxsize=64)
def _injected(text: str) -> tuple[ast.DirectiveDefinitionNode | ast.TypeDefinitionNode, ...]:
    return tuple(
        node
        for node in parse(text, no_location=True).definitions
        if isinstance(node, ast.DirectiveDefinitionNode | ast.TypeDefinitionNode)
    )


def _advised(message: str, links: Links) -> str:
    """The message, with what to do when an unknown directive is one of federation's."""
    match = _UNKNOWN_DIRECTIVE.search(message)
    if match is None or match[1] not in _LATEST_NAMES:
        return message
    name = match[1]
    if links.federation is None:
        return (
            f"{message} It is a Federation 2 directive, and this is a Federation 1 schema: add"
            f' `extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@{name}"])`.'
        )
    if name not in {d.name for d in federation_directives(links.federation.version or (2, 0))}:
        return f"{message} It needs a newer federation version than the one in the @link."
    return f'{message} Add "@{name}" to the imports of the @link to federation, or write @federation__{name}.'
