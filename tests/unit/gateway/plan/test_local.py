"""Availability: which subgraph resolves which field (the rules of the join specification)."""

from __future__ import annotations

import pytest

from gateway.plan.local import LocalTypes
from gateway.supergraph import load
from gateway.supergraph.fieldsets import FieldSet
from tests.kit.supergraphs import supergraph_sdl

_SUPERGRAPH = load(
    supergraph_sdl(
        """
        type Query @join__type(graph: A) @join__type(graph: B) { node: Node }
        interface Node @join__type(graph: A) @join__type(graph: B) @join__type(graph: C, key: "id", isInterfaceObject: true) {
          id: ID! local: Int @join__field(graph: A) @join__field(graph: B) split: Int
        }
        type T implements Node @join__implements(graph: A, interface: "Node") @join__implements(graph: B, interface: "Node")
          @context(name: "A__c")
          @join__type(graph: A, key: "id") @join__type(graph: A, key: "ext") @join__type(graph: B, key: "id", resolvable: false) {
          id: ID!
          ext: ID @join__field(graph: A, external: true) @join__field(graph: B)
          local: Int
          split: Int @join__field(graph: A, requires: "ext") @join__field(graph: B)
          moved: Int @join__field(graph: A, override: "b") @join__field(graph: B, usedOverridden: true)
          moving: Int @join__field(graph: A, override: "b", overrideLabel: "l") @join__field(graph: B, overrideLabel: "l")
          through: Int @join__field
          own: U @join__field(graph: A, type: "T") @join__field(graph: B)
          context: Int @join__field(graph: A, contextArguments: [{ context: "A__c", name: "x", type: "Int", selection: "{ id }" }])
        }
        union U @join__type(graph: A) @join__type(graph: B) @join__unionMember(graph: A, member: "T") @join__unionMember(graph: B, member: "T") = T
        interface Empty @join__type(graph: A, key: "id") { id: ID! }
        """,
        graphs="A B C",
    )
)
_OFF = LocalTypes(_SUPERGRAPH, frozenset())
_ON = LocalTypes(_SUPERGRAPH, frozenset({"l"}))


@pytest.mark.parametrize(
    ("graph", "name", "resolved"),
    [
        ("A", "id", True),  # no join__field: in every graph of the type
        ("B", "id", True),
        ("A", "ext", False),  # external
        ("B", "ext", True),
        ("A", "moved", True),  # the new owner
        ("B", "moved", False),  # used overridden: as external
        ("A", "moving", False),  # the label is not active
        ("B", "moving", True),
        ("A", "through", False),  # bare join__field: through the interface object only
        ("B", "own", True),
        ("A", "context", True),  # but only with a value from further up
        ("A", "nothing", False),
    ],
)
def test_a_subgraph_resolves_what_the_join_directives_say(graph: str, name: str, resolved: bool) -> None:
    """Each rule of availability, one row each."""
    assert (_OFF.get(graph, "T").edge(name, None) is not None) is resolved


def test_a_label_moves_a_field() -> None:
    """With the label active it is the other way round."""
    assert _ON.get("A", "T").edge("moving", None) is not None
    assert _ON.get("B", "T").edge("moving", None) is None


def test_an_edge_leads_to_the_subgraphs_own_type() -> None:
    """`join__field(type:)` counts, not the merged type."""
    edge = _OFF.get("A", "T").edge("own", None)
    assert edge is not None
    assert edge.target is _OFF.get("A", "T")


def test_a_view_makes_an_external_field_resolvable() -> None:
    """Below a `@provides` external fields are at hand."""
    assert _OFF.get("A", "T").edge("ext", _OFF.views.of(FieldSet("ext"))) is not None


def test_an_interface_field_needs_every_implementer() -> None:
    """A field is asked on an interface only if all implementers there resolve it without requirements."""
    assert _OFF.get("A", "Node").edge("local", None) is not None
    assert _OFF.get("A", "Node").edge("split", None) is None
    assert _OFF.get("B", "Node").edge("split", None) is not None


def test_an_interface_object_is_an_object() -> None:
    """It resolves its own fields and knows no implementers."""
    local = _OFF.get("C", "Node")
    assert local.edge("id", None) is not None
    assert local.runtime_types == ()
    assert not local.abstract


def test_entities_are_entered_by_resolvable_keys() -> None:
    """Also through their interfaces' objects; never by a key that is not resolvable."""
    entrances = [(item.local.graph, item.local.name) for item in _OFF.entrances("T")]
    assert entrances == [("A", "T"), ("A", "T"), ("C", "Node")]


def test_an_interface_without_implementers_cannot_be_entered() -> None:
    """It is not in the subgraph's `_Entity` union, so the request would be invalid."""
    assert _OFF.entrances("Empty") == ()
