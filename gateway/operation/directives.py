"""Executable directives of the supergraph's own: subgraphs get them where the client put them.

A supergraph has an executable directive when all its subgraphs define it, so each of them may be sent it.
What fields and operations carry is passed on. Fragments are not sent, so what stands on them goes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql.language import ast

from gateway.operation.arguments import field_arguments
from gateway.operation.selection import FieldArguments

__all__ = ["add_directives", "directives_text"]

#: Decided by the gateway itself.
_OWN = frozenset({"skip", "include"})


def directives_text(nodes: Iterable[ast.DirectiveNode] | None, variables: set[str]) -> str:
    """` @name(…) @other`, with a space before each; the variables in them are added to `variables`."""
    texts = []
    for node in nodes or ():
        if node.name.value not in _OWN:
            arguments = field_arguments(node.arguments)
            variables |= arguments.variables
            texts.append(f" @{node.name.value}{arguments.text}")
    return "".join(texts)


def add_directives(arguments: FieldArguments, nodes: Iterable[ast.DirectiveNode] | None) -> FieldArguments:
    """The arguments with a field node's directives. Of several nodes for one field the first one that has
    any counts, for most directives may not be applied twice."""
    variables: set[str] = set()
    text = "" if arguments.directives else directives_text(nodes, variables)
    if not text:
        return arguments
    return FieldArguments(arguments.text + text, arguments.variables | variables, text)
