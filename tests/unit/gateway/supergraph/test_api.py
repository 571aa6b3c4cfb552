"""The API schema: what clients may know."""

from __future__ import annotations

from graphql import print_schema

from gateway.supergraph import load
from tests.kit.supergraphs import supergraph_sdl

_TYPES = """
directive @inaccessible on FIELD_DEFINITION
directive @tag(name: String!) repeatable on FIELD_DEFINITION
directive @shout(loud: Boolean) on FIELD | FIELD_DEFINITION
directive @internal on OBJECT
type Query @join__type(graph: A) {
  search(kind: Kind, secret: Int @inaccessible, filter: Filter): [Hit] @tag(name: "public")
  old: Int @deprecated(reason: "use search")
  node: Node
}
interface Node @join__type(graph: A) { id: ID! trace: String @inaccessible }
interface Audited @join__type(graph: A) @inaccessible { by: String }
type Fund implements Node & Audited @join__type(graph: A) @join__implements(graph: A, interface: "Node") @join__implements(graph: A, interface: "Audited") @internal {
  id: ID! trace: String @inaccessible by: String
}
type Ghost @join__type(graph: A) @inaccessible { id: ID! }
union Hit @join__type(graph: A) @join__unionMember(graph: A, member: "Fund") @join__unionMember(graph: A, member: "Ghost") = Fund | Ghost
enum Kind @join__type(graph: A) { OPEN CLOSED @inaccessible @join__enumValue(graph: A) }
input Filter @join__type(graph: A) { min: Int = 1 max: Int @inaccessible }
scalar CPF @join__type(graph: A) @specifiedBy(url: "https://example.com/cpf")
"""


def test_the_api_schema_shows_exactly_what_clients_may_use() -> None:
    """Inaccessible elements of every kind are gone, so are specifications; the rest is untouched."""
    supergraph = load(supergraph_sdl(_TYPES, graphs="A"))
    assert (
        print_schema(supergraph.api_schema).split()
        == (
            """
        directive @shout(loud: Boolean) on FIELD
        type Query {
          search(kind: Kind, filter: Filter): [Hit]
          old: Int @deprecated(reason: "use search")
          node: Node
        }
        interface Node { id: ID! }
        type Fund implements Node { id: ID! by: String }
        union Hit = Fund
        enum Kind { OPEN }
        input Filter { min: Int = 1 }
        scalar CPF @specifiedBy(url: "https://example.com/cpf")
        """
        )
        .replace(" }", "\n}")
        .split()
    )


def test_a_renamed_inaccessible_directive_hides_all_the_same() -> None:
    """What counts is the specification, not the name it goes by in the document."""
    sdl = supergraph_sdl(
        "type Query @join__type(graph: A) { open: Int closed: Int @private }",
        graphs="A",
        links='@link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "private", for: SECURITY)',
    )
    query = load(sdl).api_schema.query_type
    assert query is not None
    assert set(query.fields) == {"open"}
