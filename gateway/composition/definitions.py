"""A subgraph's own copies of specification definitions must mean what the specification says."""

from __future__ import annotations

from graphql import language as ast
from graphql import parse

from gateway.composition.codes import Code
from gateway.composition.document import known_definitions
from gateway.composition.link import Links
from gateway.composition.result import Location, Report
from gateway.composition.specification import FEDERATION, LINK, SPECIFICATIONS, Definition

__all__ = ["check_definitions"]

_SCALARS = frozenset({"FieldSet", "Scope", "Policy", "ContextFieldValue", "Import"})


def check_definitions(name: str, document: ast.DocumentNode, links: Links, report: Report) -> None:
    """Report definitions of specification directives and types that differ from the specification's."""
    known = known_definitions(links)
    for node in document.definitions:
        if isinstance(node, ast.DirectiveDefinitionNode) and node.name.value in known:
            _check_directive(name, node, known[node.name.value][0], report)
        elif isinstance(node, ast.TypeDefinitionNode):
            _check_type(name, node, links, report)


def _place(name: str, node: ast.Node) -> Location:
    token = node.loc.start_token if node.loc else None
    return Location(name, token.line, token.column) if token else Location(name)


def _check_type(name: str, node: ast.TypeDefinitionNode, links: Links, report: Report) -> None:
    found = links.type(node.name.value)
    if found is None or found[0].identity not in (FEDERATION, LINK, *SPECIFICATIONS):
        return
    if found[1] in _SCALARS and not isinstance(node, ast.ScalarTypeDefinitionNode):
        report.error(
            Code.TYPE_DEFINITION_INVALID,
            f'"{node.name.value}" is a scalar of {found[0].identity} and must be defined as one (or not'
            " at all).",
            _place(name, node),
        )


def _check_directive(
    name: str, node: ast.DirectiveDefinitionNode, expected: Definition, report: Report
) -> None:
    definition = parse(expected.sdl("d", "FieldSet", ""), no_location=True).definitions[0]
    if not isinstance(definition, ast.DirectiveDefinitionNode):
        raise TypeError("a specification's definition is a directive definition")
    faults = [*_argument_faults(node, definition)]
    allowed = {place.value for place in definition.locations}
    strange = sorted({place.value for place in node.locations} - allowed)
    if strange:
        faults.append(f"it cannot be on {', '.join(strange)}")
    if node.repeatable and not definition.repeatable:
        faults.append("it is not repeatable")
    for fault in faults:
        report.error(
            Code.DIRECTIVE_DEFINITION_INVALID,
            f'Invalid definition for directive "@{node.name.value}": {fault}. Leave the definition out; the'
            " specification's is used.",
            _place(name, node),
        )


def _argument_faults(node: ast.DirectiveDefinitionNode, definition: ast.DirectiveDefinitionNode) -> list[str]:
    expected = {a.name.value: a for a in definition.arguments or ()}
    given = {a.name.value: a for a in node.arguments or ()}
    faults = [f'unknown argument "{argument}"' for argument in given if argument not in expected]
    for argument, wanted in expected.items():
        own = given.get(argument)
        if own is None:
            if isinstance(wanted.type, ast.NonNullTypeNode):
                faults.append(f'missing required argument "{argument}"')
        elif not _same_shape(own.type, wanted.type):
            faults.append(f'argument "{argument}" has another type')
    return faults


def _same_shape(own: ast.TypeNode, wanted: ast.TypeNode) -> bool:
    """Equal but for the names of scalars, which a schema may rename or write as String.

    An argument may be stricter (non-null) than the specification's, never laxer.
    """
    if isinstance(own, ast.NonNullTypeNode):
        return _same_shape(own.type, wanted.type if isinstance(wanted, ast.NonNullTypeNode) else wanted)
    if isinstance(own, ast.ListTypeNode) and isinstance(wanted, ast.ListTypeNode):
        return _same_shape(own.type, wanted.type)
    if isinstance(own, ast.NamedTypeNode) and isinstance(wanted, ast.NamedTypeNode):
        names = (own.name.value, wanted.name.value)
        return names[0] == names[1] or not set(names) & {"Int", "Float", "Boolean"}
    return False
