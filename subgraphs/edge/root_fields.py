"""What an operation asks for, in a word: the names of its root fields.

A gateway sends operations without names, and so do hurried people. In a log the root fields say what was
done.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

__all__ = ["MOST_NAMES", "root_fields"]

#: Names given of one operation; a log line has an end.
MOST_NAMES = 20


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[str, ...]:
    """Distinct names (not aliases) in the order of the text, at most `MOST_NAMES`; of a valid document."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }

    def names(selections: SelectionSetNode) -> Iterator[str]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, FragmentSpreadNode):
                yield from names(fragments[node.name.value].selection_set)
            else:
                yield from names(node.selection_set)  # type: ignore[attr-defined]  # an inline fragment

    return tuple(dict.fromkeys(names(operation.selection_set)))[:MOST_NAMES]
