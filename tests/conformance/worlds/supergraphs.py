"""Supergraphs that were made elsewhere: join v0.1 of Federation 1, and specifications under other names."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed1, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import TRAP

_FED1_SDL = """
schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query mutation: Mutation }
directive @core(feature: String!) repeatable on SCHEMA
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) on FIELD_DEFINITION
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE
directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
scalar join__FieldSet
enum join__Graph { CLIENTS @join__graph(name: "clients", url: "http://clients.test") LOANS @join__graph(name: "loans", url: "http://loans.test") RISKS @join__graph(name: "risks", url: "http://risks.test") }
type Query { me: Client @join__field(graph: CLIENTS) loans: [Loan!] @join__field(graph: LOANS) }
type Mutation { rename(name: String!): Client @join__field(graph: CLIENTS) }
type Client @join__owner(graph: CLIENTS) @join__type(graph: CLIENTS, key: "id") @join__type(graph: LOANS, key: "id") @join__type(graph: RISKS, key: "id") {
  id: ID! @join__field(graph: CLIENTS)
  name: String @join__field(graph: CLIENTS)
  city: String
  loans: [Loan!] @join__field(graph: LOANS)
  risk: String @join__field(graph: RISKS, requires: "city")
}
type Loan @join__owner(graph: LOANS) @join__type(graph: LOANS, key: "id") @join__type(graph: RISKS, key: "id") {
  id: ID! @join__field(graph: LOANS)
  amount: Money @join__field(graph: LOANS)
  client: Client @join__field(graph: LOANS, provides: "name")
  grade: String @join__field(graph: RISKS)
}
type Money { cents: Int currency: String }
"""

_FED1 = Federation(
    [
        fed1(
            "clients",
            """
            type Query { me: Client }
            type Mutation { rename(name: String!): Client }
            type Client @key(fields: "id") { id: ID! name: String city: String }
            """,
            {
                "Query": {"me": {"id": "1"}},
                "Mutation": {"rename": lambda _, args: {"id": "1", "name": args["name"]}},
                "Client": [{"id": "1", "name": "Ana", "city": "Recife"}],
            },
        ),
        fed1(
            "loans",
            """
            type Query { loans: [Loan!] }
            type Loan @key(fields: "id") { id: ID! amount: Money client: Client @provides(fields: "name") }
            type Money { cents: Int currency: String }
            extend type Client @key(fields: "id") { id: ID! @external name: String @external loans: [Loan!] }
            """,
            {
                "Query": {"loans": [{"id": "l1"}]},
                "Loan": [
                    {
                        "id": "l1",
                        "amount": {"cents": 5, "currency": "BRL"},
                        "client": {"id": "1", "name": "Ana"},
                    }
                ],
                "Client": [{"id": "1", "name": TRAP, "loans": [{"id": "l1"}]}],
            },
        ),
        fed1(
            "risks",
            """
            extend type Client @key(fields: "id") { id: ID! @external city: String @external risk: String @requires(fields: "city") }
            extend type Loan @key(fields: "id") { id: ID! @external grade: String }
            """,
            {
                "Client": [{"id": "1", "risk": lambda client, _: f"low in {client['city']}"}],
                "Loan": [{"id": "l1", "grade": "A"}],
            },
        ),
    ],
    _FED1_SDL,
)

_RENAMED_SDL = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", as: "j", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", import: [{ name: "@inaccessible", as: "@private" }], for: SECURITY)
  @link(url: "https://example.com/notes/v1.0", import: ["@note"])
{ query: Root }
enum j__Graph { A @j__graph(name: "alpha", url: "http://alpha.test") B @j__graph(name: "beta", url: "http://beta.test") }
scalar j__FieldSet
type Root @j__type(graph: A) @j__type(graph: B) { thing: Thing @note(text: "x") @j__field(graph: A) secret: Int @private @j__field(graph: B) }
type Thing @j__type(graph: A, key: "id") @j__type(graph: B, key: "id") { id: ID! join__type: Int @j__field(graph: B) key: Int @private @j__field(graph: A) sum: Int @j__field(graph: B, requires: "key") }
"""

_RENAMED = Federation(
    [
        fed2(
            "alpha",
            'schema { query: Root } type Root { thing: Thing } type Thing @key(fields: "id") { id: ID! key: Int }',
            {"Root": {"thing": {"id": "t"}}, "Thing": [{"id": "t", "key": 4}]},
        ),
        fed2(
            "beta",
            """
            schema { query: Root }
            type Root { secret: Int }
            type Thing @key(fields: "id") { id: ID! join__type: Int key: Int @external sum: Int @requires(fields: "key") }
            """,
            {
                "Root": {"secret": TRAP},
                "Thing": [{"id": "t", "join__type": 1, "sum": lambda thing, _: thing["key"] + 1}],
            },
        ),
    ],
    _RENAMED_SDL,
)

WORLDS = (
    World(
        "join-0.1",
        _FED1,
        (
            Case(
                "an entity's own field and an extension's",
                "{ me { name loans { id } } }",
                {"me": {"name": "Ana", "loans": [{"id": "l1"}]}},
            ),
            Case("a field that names no graph is its owner's", "{ me { city } }", {"me": {"city": "Recife"}}),
            Case(
                "a value type in every graph",
                "{ loans { amount { cents currency } } }",
                {"loans": [{"amount": {"cents": 5, "currency": "BRL"}}]},
            ),
            Case(
                "a provided field", "{ loans { client { name } } }", {"loans": [{"client": {"name": "Ana"}}]}
            ),
            Case(
                "a required field",
                "{ loans { client { risk } grade } }",
                {"loans": [{"client": {"risk": "low in Recife"}, "grade": "A"}]},
            ),
            Case(
                "there and back",
                "{ me { loans { client { city name risk } } } }",
                {"me": {"loans": [{"client": {"city": "Recife", "name": "Ana", "risk": "low in Recife"}}]}},
            ),
            Case(
                "a mutation",
                'mutation { rename(name: "Bia") { name loans { grade } } }',
                {"rename": {"name": "Bia", "loans": [{"grade": "A"}]}},
            ),
        ),
    ),
    World(
        "renamed-specifications",
        _RENAMED,
        (
            Case(
                "join under another prefix, a root of another name",
                "{ thing { id join__type } }",
                {"thing": {"id": "t", "join__type": 1}},
            ),
            Case("a hidden field is required", "{ thing { sum } }", {"thing": {"sum": 5}}),
            Case("a renamed @inaccessible hides", "{ secret }", None, codes=("GRAPHQL_VALIDATION_FAILED",)),
            Case("below the root too", "{ thing { key } }", None, codes=("GRAPHQL_VALIDATION_FAILED",)),
        ),
    ),
)
