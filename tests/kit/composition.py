"""Vocabulary of composition tests: subgraphs from a few lines of SDL, results as sets of codes."""

from __future__ import annotations

from collections import Counter

from graphql import language as ast
from graphql import parse, print_ast

from gateway.composition import Code, CompositionResult, HintCode, SubgraphInput, compose

__all__ = [
    "IMPORTS",
    "composed",
    "directives_at",
    "error_codes",
    "fed1",
    "fed2",
    "hint_codes",
    "only_error",
    "supergraph",
]

IMPORTS = [
    "key",
    "requires",
    "provides",
    "external",
    "tag",
    "extends",
    "shareable",
    "inaccessible",
    "override",
    "composeDirective",
    "interfaceObject",
    "authenticated",
    "requiresScopes",
    "policy",
    "context",
    "fromContext",
    "cost",
    "listSize",
    "cacheTag",
]


def fed2(name: str, sdl: str, *, version: str = "v2.12") -> SubgraphInput:
    """A Federation 2 subgraph that imports everything; an SDL with its own @link is left as it is."""
    if "@link(" not in sdl:
        names = IMPORTS if version == "v2.12" else IMPORTS[:9]
        imports = ", ".join(f'"@{name}"' for name in names)
        head = (
            f'extend schema @link(url: "https://specs.apollo.dev/federation/{version}", import: [{imports}])'
        )
        sdl = f"{head}\n{sdl}"
    return SubgraphInput(name, f"http://{name}.local/graphql", sdl)


def fed1(name: str, sdl: str) -> SubgraphInput:
    """A Federation 1 subgraph."""
    return SubgraphInput(name, f"http://{name}.local/graphql", sdl)


def composed(*subgraphs: SubgraphInput | str) -> CompositionResult:
    """Compose; plain texts are Federation 2 subgraphs called a, b, c, …"""
    return compose([fed2("abcdefghij"[i], s) if isinstance(s, str) else s for i, s in enumerate(subgraphs)])


def error_codes(*subgraphs: SubgraphInput | str) -> Counter[Code]:
    """How often each error code is reported."""
    return Counter(error.code for error in composed(*subgraphs).errors)


def hint_codes(*subgraphs: SubgraphInput | str) -> Counter[HintCode]:
    """How often each hint is given by subgraphs that compose."""
    result = composed(*subgraphs)
    assert not result.errors, [str(e) for e in result.errors]
    return Counter(hint.code for hint in result.hints)


def only_error(*subgraphs: SubgraphInput | str) -> str:
    """The text of the one error that is reported, with its code and locations."""
    result = composed(*subgraphs)
    assert len(result.errors) == 1, [str(e) for e in result.errors]
    return str(result.errors[0])


def supergraph(*subgraphs: SubgraphInput | str) -> dict[str, ast.DefinitionNode]:
    """The composed supergraph's definitions by name (`@name` for directives, `schema`)."""
    result = composed(*subgraphs)
    assert result.supergraph_sdl is not None, [str(e) for e in result.errors]
    found: dict[str, ast.DefinitionNode] = {}
    for node in parse(result.supergraph_sdl).definitions:
        match node:
            case ast.SchemaDefinitionNode():
                found["schema"] = node
            case ast.DirectiveDefinitionNode():
                found[f"@{node.name.value}"] = node
            case ast.TypeDefinitionNode():
                found[node.name.value] = node
            case _:
                raise AssertionError(f"a supergraph has no {type(node).__name__}")
    return found


def directives_at(definitions: dict[str, ast.DefinitionNode], coordinate: str) -> list[str]:
    """Directives of `Type`, `Type.field`, `Type.VALUE` or `schema` as sorted text."""
    owner, _, child = coordinate.partition(".")
    node: ast.Node = definitions[owner]
    if child:
        children = [*(getattr(node, "fields", None) or ()), *(getattr(node, "values", None) or ())]
        node = next(item for item in children if item.name.value == child)
    return sorted(print_ast(d) for d in getattr(node, "directives", None) or ())
