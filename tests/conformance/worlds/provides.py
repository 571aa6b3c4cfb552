"""`@provides`: nested, on interfaces and union members, with alternatives that must not be asked."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import TRAP

_NESTED = Federation(
    [
        fed2(
            "a",
            """
         type Query { wallet: Wallet @shareable @provides(fields: "holder { id address { id street } }") }
         type Wallet @key(fields: "id") { id: ID! holder: Holder @external }
         type Holder @key(fields: "id") { id: ID! address: Address @external }
         type Address @key(fields: "id") { id: ID! street: String @external }
         """,
            {
                "Query": {
                    "wallet": {
                        "id": "w1",
                        "holder": {"id": "h1", "address": {"id": "a1", "street": "Rua da Aurora"}},
                    }
                },
                "Wallet": [{"id": "w1"}],
                "Holder": [{"id": "h1"}],
                "Address": [{"id": "a1"}],
            },
        ),
        fed2(
            "b",
            """
         type Wallet @key(fields: "id") { id: ID! holder: Holder @shareable }
         type Holder @key(fields: "id") { id: ID! address: Address @shareable name: String }
         type Address @key(fields: "id") { id: ID! street: String @shareable city: String }
         """,
            {
                "Wallet": [{"id": "w1", "holder": {"id": "h1"}}],
                "Holder": [{"id": "h1", "address": {"id": "a1"}, "name": "Ana"}],
                "Address": [{"id": "a1", "street": "Rua da Aurora", "city": "Recife"}],
            },
        ),
        fed2(
            "c",
            """
         type Query { wallet: Wallet @shareable }
         type Wallet @key(fields: "id") { id: ID! total: Int }
         """,
            {"Query": {"wallet": {"id": "w1"}}, "Wallet": [{"id": "w1", "total": 8}]},
        ),
    ]
)

_INTERFACE = Federation(
    [
        fed2(
            "a",
            """
         type Query { media: Media @shareable @provides(fields: "animals { id name }") }
         interface Media { id: ID! animals: [Animal!] }
         interface Animal { id: ID! name: String }
         type Book implements Media @key(fields: "id") { id: ID! animals: [Animal!] @external }
         type Dog implements Animal @key(fields: "id") { id: ID! name: String @external }
         type Cat implements Animal @key(fields: "id") { id: ID! name: String @external }
         """,
            {
                "Query": {
                    "media": {
                        "__typename": "Book",
                        "id": "m1",
                        "animals": [
                            {"__typename": "Dog", "id": "d1", "name": "Rex"},
                            {"__typename": "Cat", "id": "k1", "name": "Mia"},
                        ],
                    }
                },
                "Book": [{"id": "m1"}],
                "Dog": [{"id": "d1"}],
                "Cat": [{"id": "k1"}],
            },
        ),
        fed2(
            "b",
            """
         interface Media { id: ID! animals: [Animal!] }
         interface Animal { id: ID! name: String }
         type Query { media: Media @shareable @provides(fields: "animals { ... on Dog { name } }") }
         type Book implements Media @key(fields: "id") { id: ID! animals: [Animal!] @shareable }
         type Dog implements Animal @key(fields: "id") { id: ID! name: String @external }
         type Cat implements Animal @key(fields: "id") { id: ID! name: String @external age: Int }
         """,
            {
                "Query": {
                    "media": {
                        "__typename": "Book",
                        "id": "m1",
                        "animals": [
                            {"__typename": "Dog", "id": "d1", "name": "Rex"},
                            {"__typename": "Cat", "id": "k1", "name": TRAP},
                        ],
                    }
                },
                "Book": [
                    {
                        "id": "m1",
                        "animals": [
                            {"__typename": "Dog", "id": "d1", "name": TRAP},
                            {"__typename": "Cat", "id": "k1", "name": TRAP},
                        ],
                    }
                ],
                "Dog": [{"id": "d1"}],
                "Cat": [{"id": "k1", "age": 3}],
            },
        ),
        fed2(
            "c",
            """
         interface Animal { id: ID! name: String }
         type Dog implements Animal @key(fields: "id") { id: ID! name: String @shareable age: Int }
         type Cat implements Animal @key(fields: "id") { id: ID! name: String @shareable }
         """,
            {"Dog": [{"id": "d1", "name": "Rex", "age": 5}], "Cat": [{"id": "k1", "name": "Mia"}]},
        ),
    ]
)

_UNION = Federation(
    [
        fed2(
            "a",
            """
         type Query { pick: Pick @provides(fields: "... on Fund { manager }") picks: [Pick] }
         union Pick = Fund | Bond
         type Fund @key(fields: "id") { id: ID! manager: String @external }
         type Bond @key(fields: "id") { id: ID! issuer: String @external }
         """.replace("issuer: String @external", "rate: Int"),
            {
                "Query": {
                    "pick": {"__typename": "Fund", "id": "f1", "manager": "Caixa"},
                    "picks": [
                        {"__typename": "Fund", "id": "f1", "manager": TRAP},
                        {"__typename": "Bond", "id": "b1"},
                    ],
                },
                "Fund": [{"id": "f1"}],
                "Bond": [{"id": "b1", "rate": 12}],
            },
        ),
        fed2(
            "b",
            """
         type Fund @key(fields: "id") { id: ID! manager: String @shareable }
         type Bond @key(fields: "id") { id: ID! issuer: String }
         """,
            {"Fund": [{"id": "f1", "manager": "BNDES"}], "Bond": [{"id": "b1", "issuer": "Tesouro"}]},
        ),
    ]
)

WORLDS = (
    World(
        "provides-nested",
        _NESTED,
        (
            Case(
                "two levels come from the providing root alone",
                "{ wallet { holder { address { street } } } }",
                {"wallet": {"holder": {"address": {"street": "Rua da Aurora"}}}},
            ),
            Case(
                "what is not provided is fetched from its owner",
                "{ wallet { holder { name address { street city } } } }",
                {
                    "wallet": {
                        "holder": {"name": "Ana", "address": {"street": "Rua da Aurora", "city": "Recife"}}
                    }
                },
            ),
            Case(
                "a shared root with parts elsewhere",
                "{ wallet { total holder { id } } }",
                {"wallet": {"total": 8, "holder": {"id": "h1"}}},
            ),
            Case(
                "keys may be taken from what is provided",
                "{ wallet { holder { address { city } } } }",
                {"wallet": {"holder": {"address": {"city": "Recife"}}}},
            ),
        ),
    ),
    World(
        "provides-interface",
        _INTERFACE,
        (
            Case(
                "a provided interface field is read at once",
                "{ media { animals { id name } } }",
                {"media": {"animals": [{"id": "d1", "name": "Rex"}, {"id": "k1", "name": "Mia"}]}},
            ),
            Case(
                "fragments below a provided interface field",
                "{ media { animals { ... on Dog { name } ... on Cat { name } } } }",
                {"media": {"animals": [{"name": "Rex"}, {"name": "Mia"}]}},
            ),
            Case(
                "a type's own field beside what is provided",
                "{ media { animals { name ... on Dog { age } } } }",
                {"media": {"animals": [{"name": "Rex", "age": 5}, {"name": "Mia"}]}},
            ),
            Case(
                "types only",
                "{ media { __typename animals { __typename } } }",
                {"media": {"__typename": "Book", "animals": [{"__typename": "Dog"}, {"__typename": "Cat"}]}},
            ),
        ),
    ),
    World(
        "provides-union",
        _UNION,
        (
            Case(
                "a member's field is provided on one path",
                "{ pick { ... on Fund { manager } ... on Bond { rate } } }",
                {"pick": {"manager": "Caixa"}},
            ),
            Case(
                "the same field is not provided on another path",
                "{ picks { ... on Fund { manager } ... on Bond { rate } } }",
                {"picks": [{"manager": "BNDES"}, {"rate": 12}]},
            ),
            Case(
                "members' owners share a request",
                "{ picks { ... on Fund { manager } ... on Bond { issuer } } }",
                {"picks": [{"manager": "BNDES"}, {"issuer": "Tesouro"}]},
            ),
        ),
    ),
)
