"""Introspection: answered by graphql-core on the API schema, never by a subgraph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    execute_sync,
)

from gateway.errors import ClientProblem, ErrorCode, Refusal
from gateway.operation.document import Document

__all__ = ["Introspection", "find_introspection", "refuse_introspection"]

_FIELDS = ("__schema", "__type")


@dataclass(frozen=True, slots=True, eq=False)
class Introspection:
    """The part of an operation that asks about the schema."""

    schema: GraphQLSchema
    document: DocumentNode
    operation_name: str | None

    def answer(self, variables: Mapping[str, object]) -> dict[str, object]:
        """`data` of this part, by response key."""
        result = execute_sync(
            self.schema,
            self.document,
            root_value={},
            variable_values=dict(variables),
            operation_name=self.operation_name,
        )
        if result.data is None:
            raise AssertionError("introspection of a validated operation cannot fail")
        return dict(result.data)


def find_introspection(
    schema: GraphQLSchema, document: Document, operation: OperationDefinitionNode
) -> Introspection | None:
    """The operation with nothing but its `__schema` and `__type` fields; None when it has none."""
    selections = _introspective(document, operation.selection_set, frozenset())
    if not selections:
        return None
    alone = replace(operation, selection_set=SelectionSetNode(selections=selections))
    definitions = (alone, *document.fragments.values())
    return Introspection(
        schema, DocumentNode(definitions=definitions), operation.name.value if operation.name else None
    )


def _introspective(
    document: Document, selection_set: SelectionSetNode, visited: frozenset[str]
) -> tuple[SelectionNode, ...]:
    """The selections that lead to introspection fields, fragments at the root opened."""
    kept: list[SelectionNode] = []
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            if selection.name.value in _FIELDS:
                kept.append(selection)
            continue
        if isinstance(selection, InlineFragmentNode):
            body = selection.selection_set
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
            visited |= {selection.name.value}
            body = document.fragments[selection.name.value].selection_set
        else:
            continue
        inner = _introspective(document, body, visited)
        if inner:
            kept.append(
                InlineFragmentNode(
                    directives=selection.directives, selection_set=SelectionSetNode(selections=inner)
                )
            )
    return tuple(kept)


def refuse_introspection() -> Refusal:
    """What a gateway answers whose introspection is off."""
    message = "Introspection is disabled; ask the graph's owner for the schema."
    return Refusal(ClientProblem(ErrorCode.INTROSPECTION_DISABLED, message))
