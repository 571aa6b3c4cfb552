"""A GraphQL document and the operations in it: what parsing and validating leave behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from gateway.errors import ClientProblem, ErrorCode, Refusal

__all__ = ["Document", "fragments_of", "operations_of", "select_operation"]


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document that has passed the limits and the validation of one API schema.

    Compared by identity: the document cache hands out one object per text, so that it can be a key.
    """

    text: str
    node: DocumentNode
    operations: Mapping[str, OperationDefinitionNode] = field(repr=False)
    fragments: Mapping[str, FragmentDefinitionNode] = field(repr=False)
    #: The operations that were asked for so far, by requested name (`operation.Operation`).
    compiled: dict[str | None, object] = field(default_factory=dict, repr=False)


def operations_of(document: DocumentNode) -> dict[str, OperationDefinitionNode]:
    """The operations by name; the unnamed one has the empty name."""
    return {
        definition.name.value if definition.name else "": definition
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    }


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments by name."""
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def select_operation(document: Document, name: str | None) -> OperationDefinitionNode:
    """GetOperation (GraphQL 6.1): the named operation, or the only one; raises `Refusal`."""
    operations = document.operations
    if name is not None:
        found = operations.get(name)
        if found is not None and name:
            return found
        raise _unknown(f'Unknown operation named "{name}".')
    if len(operations) == 1:
        return next(iter(operations.values()))
    if not operations:
        raise _unknown("The document has no operation to execute.")
    raise _unknown("Must provide operation name if query contains multiple operations.")


def _unknown(message: str) -> Refusal:
    return Refusal(ClientProblem(ErrorCode.GRAPHQL_UNKNOWN_OPERATION_NAME, message))
