"""The root fields of an operation, for logs."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, parse

from subgraphs.edge.root_fields import MOST_NAMES, root_fields


def of(text: str) -> tuple[str, ...]:
    document = parse(text)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return root_fields(document, operation)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{ customer { id } }", ("customer",)),
        ("mutation { one: addDebt { id } two: addDebt { id } }", ("addDebt",)),
        ("{ ... on Query { b } ... { a } }", ("b", "a")),
        ("{ ...F a } fragment F on Query { c ...G } fragment G on Query { d }", ("c", "d", "a")),
    ],
)
def test_names_are_those_of_the_schema_in_the_order_of_the_text(text: str, names: tuple[str, ...]) -> None:
    """Aliases, which callers choose, are not in it; fragments are opened; a name comes once."""
    assert of(text) == names


def test_a_log_line_has_an_end() -> None:
    """However many fields there are, only the first are named."""
    assert len(of("{" + " ".join(f"f{number}" for number in range(100)) + "}")) == MOST_NAMES
