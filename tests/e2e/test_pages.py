"""Pages through the gateway: nobody is seen twice or left out while others arrive."""

from __future__ import annotations

from tests.kit.graph import Graph
from tests.kit.stack import Stack

_PAGE = """
query Page($after: String) {
  customers(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
}
"""


def test_cursors_are_stable_under_inserts(stack: Stack) -> None:
    """Whoever was there before the first page comes exactly once, although customers register in between."""
    graph = Graph(stack)
    before = {graph.register() for _ in range(7)}
    seen: list[str] = []
    after: str | None = None
    while not before <= set(seen):
        graph.register()
        page = stack.ask(_PAGE, {"after": after}).data["customers"]
        seen += [node["id"] for node in page["nodes"]]
        assert page["pageInfo"]["hasNextPage"] or before <= set(seen)
        after = page["pageInfo"]["endCursor"]
    assert len(seen) == len(set(seen))
