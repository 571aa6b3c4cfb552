"""Loading: what a good supergraph gives, and why a broken one is refused."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.errors import SupergraphProblem
from gateway.supergraph import load
from tests.kit.supergraphs import supergraph_sdl

_GOOD = supergraph_sdl(
    """
    type Query @join__type(graph: A) @join__type(graph: B) {
      client(id: ID!): Client @join__field(graph: A)
      hidden: Int @inaccessible @join__field(graph: B)
    }
    type Client @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", resolvable: false) {
      id: ID!
      name: String @join__field(graph: A)
      score: Int @join__field(graph: B, override: "a", overrideLabel: "percent(5)") @join__field(graph: A, overrideLabel: "percent(5)")
    }
    """
)


def test_a_supergraph_knows_its_subgraphs_by_name() -> None:
    """Subgraphs go by name, with their URLs."""
    supergraph = load(_GOOD)
    assert {name: subgraph.url for name, subgraph in supergraph.subgraphs.items()} == {
        "a": "http://a.test",
        "b": "http://b.test",
    }


def test_its_digest_is_that_of_the_text() -> None:
    """The digest tells two texts apart, and nothing else."""
    assert load(_GOOD).digest == sha256(_GOOD.encode()).hexdigest()


def test_keys_and_labels_are_read() -> None:
    """Every `join__type` application adds a key; labels are collected."""
    supergraph = load(_GOOD)
    (key,) = supergraph.types["Client"].graphs["B"].keys
    assert (key.fields.text, key.resolvable) == ("id", False)
    assert supergraph.has_override_labels
    assert supergraph.override_labels == {"percent(5)"}


def test_the_api_schema_lacks_what_is_inaccessible() -> None:
    """The full schema keeps what the API schema hides; neither shows a specification."""
    supergraph = load(_GOOD)
    assert supergraph.api_schema.query_type is not None
    assert set(supergraph.api_schema.query_type.fields) == {"client"}
    assert supergraph.full_schema.query_type is not None
    assert set(supergraph.full_schema.query_type.fields) == {"client", "hidden"}
    assert not [name for name in supergraph.full_schema.type_map if name.startswith("join__")]


@pytest.mark.parametrize(
    ("sdl", "reason"),
    [
        (_GOOD[:-20], "line "),
        ("type Query { a: Int }", "not a supergraph"),
        ("", "Syntax Error"),
        (_GOOD.replace("@join__field(graph: A)", "@join__field(graph: C)"), r"Query\.client: .*'C'"),
        (_GOOD.replace('key: "id")', 'key: "nope")', 1), "Client has no field nope"),
        (_GOOD.replace('key: "id")', 'key: "id {")', 1), "is not a field set"),
        (_GOOD.replace('key: "id")', 'key: "id { x }")', 1), "takes no selection"),
        (_GOOD.replace("name: String", "name: Strin"), "Strin"),
        (_GOOD.replace("query: Query", "query: Quer"), "root type Quer"),
        (_GOOD.replace('@join__graph(name: "a", url: "http://a.test")', ""), r"join__Graph\.A"),
        (_GOOD + "type Client { id: ID! }", "defined twice"),
        (_GOOD + "extend type Client { more: Int }", "extensions"),
    ],
)
def test_a_broken_supergraph_is_refused_with_the_reason(sdl: str, reason: str) -> None:
    """A refusal says what is wrong and where, and nothing is loaded."""
    with pytest.raises(SupergraphProblem, match=reason):
        load(sdl)


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    """A text that would exhaust the stack is a broken supergraph like any other."""
    with pytest.raises(SupergraphProblem):
        load("type Query { a: " + "[" * 100_000)


def test_possible_types_differ_by_graph() -> None:
    """The supergraph's runtime types are for clients, a subgraph's for routing."""
    supergraph = load(
        supergraph_sdl(
            """
            type Query @join__type(graph: A) { pets: [Pet] @join__field(graph: A) }
            interface Pet @join__type(graph: A) @join__type(graph: B, key: "id", isInterfaceObject: true) { id: ID! }
            type Dog implements Pet @join__type(graph: A) @join__implements(graph: A, interface: "Pet") { id: ID! }
            type Cat implements Pet @join__type(graph: B) @join__implements(graph: B, interface: "Pet") { id: ID! }
            union Any = Dog | Cat
            union Some @join__type(graph: A) @join__unionMember(graph: A, member: "Dog") = Dog | Cat
            """
        )
    )
    assert supergraph.possible_types("Pet") == {"Dog", "Cat"}
    assert supergraph.possible_types_in("A", "Pet") == {"Dog"}
    assert supergraph.possible_types_in("B", "Pet") == frozenset()
    assert supergraph.possible_types_in("A", "Some") == {"Dog"}
    assert supergraph.possible_types_in("B", "Any") == {"Cat"}
    assert supergraph.common_types("Pet", "Some") == ("Cat", "Dog")


def test_a_federation_1_supergraph_is_completed() -> None:
    """Join v0.1 leaves owners, value types and key fields unsaid."""
    supergraph = load(
        """
        schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
        enum join__Graph { A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b", url: "http://b") }
        type Query { me: User @join__field(graph: A) }
        type User @join__owner(graph: A) @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
          id: ID! @join__field(graph: A)
          name: String
          posts: [Post] @join__field(graph: B)
        }
        type Post { text: String author: User }
        """
    )
    user = supergraph.types["User"].fields
    assert set(user["id"].graphs) == {"A", "B"}
    assert set(user["name"].graphs) == {"A"}
    assert set(user["posts"].graphs) == {"B"}
    assert set(supergraph.types["Post"].fields["text"].graphs) == {"A", "B"}


def test_a_supergraph_that_is_cut_anywhere_is_refused_with_a_reason() -> None:
    """Half a file never serves, and the reason is ours: no exception's text, no crash."""
    whole = (Path(__file__).parents[4] / "schema" / "supergraph.graphql").read_text("utf-8").rstrip()
    reason = re.compile(r"line \d+, column \d+: |schema: |this SDL is not a supergraph: |[\w@]+: ")
    reasons = set()
    for length in range(0, len(whole), 131):
        with pytest.raises(SupergraphProblem, match=reason) as refused:
            load(whole[:length])
        reasons.add(str(refused.value))
    assert len(reasons) > 10
    assert not any("Traceback" in text or "object has no" in text for text in reasons)
