"""Which fields of an operation a caller may see: found once per operation, decided by a few comparisons.

An operation's *gates* are the distinct requirements that its fields have. A caller's variant is one
boolean per gate; it joins the plan-cache key, so callers with the same rights share a plan and nobody
gets another's. Refused fields are taken out before planning: what may not be seen is not fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

from gateway.operation.document import Document
from gateway.supergraph.requirements import AuthRequirements, Requirement
from kernel.auth import Principal, scopes_suffice

__all__ = ["AccessGates", "find_gates", "operation_in", "reduce_document"]

#: The claim whose strings are the policies (`@policy`) that the issuer found to hold for the caller.
POLICY_CLAIM = "policies"

_TYPENAME = FieldNode(name=NameNode(value="__typename"))


@dataclass(frozen=True, slots=True)
class AccessGates:
    """The distinct requirements of one operation, and which field nodes stand behind each."""

    requirements: tuple[Requirement, ...] = ()
    #: Ids of field nodes, in step with `requirements`; the document keeps the nodes alive.
    nodes: tuple[frozenset[int], ...] = ()

    def variant(self, principal: Principal | None) -> tuple[bool, ...]:
        """Which gates are open to this caller (None: an anonymous one)."""
        return tuple(_is_met(requirement, principal) for requirement in self.requirements)

    def refused(self, variant: tuple[bool, ...]) -> frozenset[int]:
        """Ids of the field nodes that a caller of this variant may not see."""
        closed = [nodes for nodes, is_open in zip(self.nodes, variant, strict=True) if not is_open]
        return frozenset().union(*closed)


def _is_met(requirement: Requirement, principal: Principal | None) -> bool:
    if principal is None:
        return not requirement
    scoped = not requirement.scopes or scopes_suffice(requirement.scopes, principal.scopes)
    permitted = not requirement.policies or scopes_suffice(requirement.policies, _policies_of(principal))
    return scoped and permitted


def _policies_of(principal: Principal) -> frozenset[str]:
    claim = principal.claims.get(POLICY_CLAIM, ())
    if not isinstance(claim, (list, tuple)):
        return frozenset()
    return frozenset(policy for policy in claim if isinstance(policy, str))


def find_gates(
    schema: GraphQLSchema,
    requirements: AuthRequirements,
    document: Document,
    operation: OperationDefinitionNode,
) -> AccessGates:
    """The gates of an operation; none at all when nothing in it is protected."""
    root = schema.get_root_type(operation.operation)
    if not requirements or root is None:
        return AccessGates()
    found: dict[Requirement, set[int]] = {}
    for parent, node in _fields(schema, document, root.name, operation.selection_set):
        requirement = _requirement(schema, requirements, parent, node)
        if requirement:
            found.setdefault(requirement, set()).add(id(node))
    return AccessGates(tuple(found), tuple(frozenset(nodes) for nodes in found.values()))


def _requirement(
    schema: GraphQLSchema, requirements: AuthRequirements, parent: str, node: FieldNode
) -> Requirement:
    """What a field asks: by itself, by the type that it is read from, and by the type that it gives."""
    declared = _field_type(schema, parent, node.name.value)
    if declared is None:
        return Requirement()  # An introspection field.
    own = requirements.of_field(parent, node.name.value)
    return own.both(requirements.of_type(parent)).both(requirements.of_type(declared))


def _field_type(schema: GraphQLSchema, parent: str, name: str) -> str | None:
    """The named type of a field; None for `__typename`, `__schema` and `__type`."""
    if name.startswith("__"):
        return None
    composite = schema.get_type(parent)
    if composite is None or not is_composite_type(composite):
        raise AssertionError("a validated operation selects from composite types only")
    definition = schema.get_field(composite, name)
    if definition is None:
        raise AssertionError("a validated operation selects known fields only")
    return get_named_type(definition.type).name


def _fields(
    schema: GraphQLSchema, document: Document, root: str, selection_set: SelectionSetNode
) -> Iterator[tuple[str, FieldNode]]:
    """Every field node that the operation reaches, with the type that it is selected on.

    A node has one such type wherever its fragment is spread, so each fragment is visited once.
    """
    stack = [(root, selection_set)]
    visited: set[str] = set()
    while stack:
        parent, selections = stack.pop()
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                yield parent, selection
                declared = _field_type(schema, parent, selection.name.value)
                if selection.selection_set is not None and declared is not None:
                    stack.append((declared, selection.selection_set))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                stack.append((condition.name.value if condition else parent, selection.selection_set))
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
                visited.add(selection.name.value)
                fragment = document.fragments[selection.name.value]
                stack.append((fragment.type_condition.name.value, fragment.selection_set))


def reduce_document(document: Document, refused: frozenset[int]) -> DocumentNode:
    """The document without the refused fields, for planning.

    Each one becomes a `__typename`: its object is still fetched, since whether it is null or not is
    not what was refused, and a selection set never becomes empty.
    """
    if not refused:
        return document.node
    definitions = []
    for definition in document.node.definitions:
        if isinstance(definition, (OperationDefinitionNode, FragmentDefinitionNode)):
            reduced = _reduce(definition.selection_set, refused)
            definitions.append(replace(definition, selection_set=reduced))
    return replace(document.node, definitions=tuple(definitions))


def _reduce(selection_set: SelectionSetNode, refused: frozenset[int]) -> SelectionSetNode:
    return replace(selection_set, selections=tuple(_reduce_all(selection_set.selections, refused)))


def _reduce_all(selections: Iterable[SelectionNode], refused: frozenset[int]) -> Iterator[SelectionNode]:
    for selection in selections:
        if id(selection) in refused:
            yield replace(_TYPENAME, directives=selection.directives)
        elif isinstance(selection, (FieldNode, InlineFragmentNode)) and selection.selection_set is not None:
            yield replace(selection, selection_set=_reduce(selection.selection_set, refused))
        else:
            yield selection


def operation_in(document: DocumentNode, operation: OperationDefinitionNode) -> OperationDefinitionNode:
    """The operation of a reduced document that stands for `operation`."""
    by_name: Mapping[str | None, OperationDefinitionNode] = {
        node.name.value if node.name else None: node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    }
    return by_name[operation.name.value if operation.name else None]
