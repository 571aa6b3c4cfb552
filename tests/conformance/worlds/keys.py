"""Keys: compound, nested, in lists, several of them, not resolvable, fetched from several subgraphs."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed1, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import TRAP

_COMPOUND = Federation(
    [
        fed2(
            "branches",
            """
         type Query { accounts: [Account] }
         type Account @key(fields: "branch number") { branch: Int! number: Int! holder: String }
         """,
            {
                "Query": {"accounts": [{"branch": 1, "number": 7}, {"branch": 2, "number": 7}]},
                "Account": [
                    {"branch": 1, "number": 7, "holder": "Ana"},
                    {"branch": 2, "number": 7, "holder": "Bia"},
                ],
            },
        ),
        fed2(
            "balances",
            'type Account @key(fields: "branch number") { branch: Int! number: Int! balance: Int }',
            {
                "Account": [
                    {"branch": 1, "number": 7, "balance": 10},
                    {"branch": 2, "number": 7, "balance": 20},
                ]
            },
        ),
        fed2(
            "cards",
            'type Account @key(fields: "number branch") { branch: Int! number: Int! cards: [String!] }',
            {
                "Account": [
                    {"branch": 1, "number": 7, "cards": ["azul"]},
                    {"branch": 2, "number": 7, "cards": []},
                ]
            },
        ),
    ]
)

_CHAIN = Federation(
    [
        fed2(
            "a",
            'type Query { item: Item } type Item @key(fields: "ka") { ka: ID! inA: Int }',
            {"Query": {"item": {"ka": "1"}}, "Item": [{"ka": "1", "inA": 1}]},
        ),
        fed2(
            "b",
            'type Item @key(fields: "ka") @key(fields: "kb") { ka: ID! kb: ID! inB: Int }',
            {"Item": [{"ka": "1", "kb": "2", "inB": 2}]},
        ),
        fed2(
            "c",
            'type Item @key(fields: "kb") @key(fields: "kc") { kb: ID! kc: ID! inC: Int }',
            {"Item": [{"kb": "2", "kc": "3", "inC": 3}]},
        ),
        fed2(
            "d",
            'type Item @key(fields: "kc kb") { kb: ID! kc: ID! inD: Int }',
            {"Item": [{"kb": "2", "kc": "3", "inD": 4}]},
        ),
    ]
)

_NESTED = Federation(
    [
        fed2(
            "catalogue",
            """
         type Query { products: [Product!] }
         type Product @key(fields: "id pid") @key(fields: "id") { id: ID! pid: ID @shareable name: String }
         """,
            {
                "Query": {"products": [{"id": "1"}, {"id": "2"}]},
                "Product": [
                    {"id": "1", "pid": "p1", "name": "Crédito"},
                    {"id": "2", "pid": "p2", "name": "Seguro"},
                ],
            },
        ),
        fed2(
            "links",
            'type Product @key(fields: "id") { id: ID! pid: ID @shareable list: ProductList } '
            'type ProductList @key(fields: "products { id }") { products: [Product!]! first: Product @shareable }',
            {
                "Product": [
                    {"id": "1", "pid": "p1", "list": {"products": [{"id": "1"}, {"id": "2"}]}},
                    {"id": "2", "pid": "p2", "list": {"products": [{"id": "2"}]}},
                ],
                "ProductList": [
                    {"products": [{"id": "1"}, {"id": "2"}], "first": {"id": "1"}},
                    {"products": [{"id": "2"}], "first": {"id": "2"}},
                ],
            },
        ),
        fed2(
            "prices",
            """
         type ProductList @key(fields: "products { id pid }") { products: [Product!]! total: Int selected: Product }
         type Product @key(fields: "id pid") { id: ID! pid: ID price: Price }
         type Price { cents: Int! }
         """.replace("pid: ID price", "pid: ID @shareable price"),
            {
                "ProductList": [
                    {
                        "products": [{"id": "1", "pid": "p1"}, {"id": "2", "pid": "p2"}],
                        "total": 30,
                        "selected": {"id": "2", "pid": "p2"},
                    },
                    {
                        "products": [{"id": "2", "pid": "p2"}],
                        "total": 20,
                        "selected": {"id": "2", "pid": "p2"},
                    },
                ],
                "Product": [
                    {"id": "1", "pid": "p1", "price": {"cents": 10}},
                    {"id": "2", "pid": "p2", "price": {"cents": 20}},
                ],
            },
        ),
    ]
)

_CLOSED = Federation(
    [
        fed2(
            "a",
            'type Query { product: Product } type Product @key(fields: "id") { id: ID! name: String }',
            {"Query": {"product": {"id": "1"}}, "Product": [{"id": "1", "name": "Consórcio"}]},
        ),
        fed2(
            "b",
            "type Query { offer: Offer } type Offer { product: Product rate: Int } "
            'type Product @key(fields: "id", resolvable: false) { id: ID! }',
            {"Query": {"offer": {"rate": 3, "product": {"id": "1"}}}, "Product": []},
        ),
        fed2(
            "c",
            'type Product @key(fields: "id", resolvable: false) @key(fields: "sku") { id: ID! sku: ID! stock: Int }',
            {"Product": [{"id": "1", "sku": "s1", "stock": 4}]},
        ),
        fed2(
            "d",
            'type Product @key(fields: "id") @key(fields: "sku", resolvable: false) { id: ID! sku: ID! }',
            {"Product": [{"id": "1", "sku": "s1"}]},
        ),
    ]
)

_FED1 = Federation(
    [
        fed1(
            "owners",
            'type Query { users: [User] } type User @key(fields: "id") { id: ID! name: String }',
            {"Query": {"users": [{"id": "1"}]}, "User": [{"id": "1", "name": "Ana"}]},
        ),
        fed1(
            "reviews",
            """
         extend type User @key(fields: "id") { id: ID! @external name: String @external reviews: [Review] }
         type Review { body: String author: User @provides(fields: "name") stars: Int }
         """,
            {
                "User": [
                    {
                        "id": "1",
                        "name": TRAP,
                        "reviews": [{"body": "bom", "stars": 5, "author": {"id": "1", "name": "Ana"}}],
                    }
                ]
            },
        ),
    ]
)

_EXTENSIONS = Federation(
    [
        fed1(
            "catalogue",
            'type Query { products: [Product] } type Product @key(fields: "id name") @key(fields: "upc") { id: ID! name: String upc: String! price: Int }',
            {
                "Query": {"products": [{"id": "1", "name": "Poupança", "upc": "u1"}]},
                "Product": [{"id": "1", "name": "Poupança", "upc": "u1", "price": 9}],
            },
        ),
        fed1(
            "stock",
            'extend type Product @key(fields: "id name") { id: ID! @external name: String @external stock: Int }',
            {"Product": [{"id": "1", "name": "Poupança", "stock": 2}]},
        ),
        fed2(
            "fees",
            'type Product @key(fields: "upc") @extends { upc: String! @external fee: Int }',
            {"Product": [{"upc": "u1", "fee": 1}]},
        ),
        fed2(
            "taxes",
            'extend type Product @key(fields: "upc") { upc: String! @external tax: Int }',
            {"Product": [{"upc": "u1", "tax": 3}]},
        ),
    ]
)

WORLDS = (
    World(
        "keys-compound",
        _COMPOUND,
        (
            Case(
                "all fields of a compound key are sent",
                "{ accounts { holder balance } }",
                {"accounts": [{"holder": "Ana", "balance": 10}, {"holder": "Bia", "balance": 20}]},
            ),
            Case(
                "the order of a key's fields does not matter",
                "{ accounts { cards balance } }",
                {"accounts": [{"cards": ["azul"], "balance": 10}, {"cards": [], "balance": 20}]},
            ),
            Case(
                "an alias on one part of a key",
                "{ accounts { branch: holder n: number balance } }",
                {
                    "accounts": [
                        {"branch": "Ana", "n": 7, "balance": 10},
                        {"branch": "Bia", "n": 7, "balance": 20},
                    ]
                },
            ),
        ),
    ),
    World(
        "keys-chain",
        _CHAIN,
        (
            Case("one hop", "{ item { inB } }", {"item": {"inB": 2}}),
            Case("two hops over a key that only the middle knows", "{ item { inC } }", {"item": {"inC": 3}}),
            Case("a key whose parts come from two subgraphs", "{ item { inD } }", {"item": {"inD": 4}}),
            Case(
                "every subgraph once",
                "{ item { inD inC inB inA } }",
                {"item": {"inD": 4, "inC": 3, "inB": 2, "inA": 1}},
            ),
        ),
    ),
    World(
        "keys-nested",
        _NESTED,
        (
            Case(
                "a nested key in a list",
                "{ products { list { first { name } } } }",
                {
                    "products": [
                        {"list": {"first": {"name": "Crédito"}}},
                        {"list": {"first": {"name": "Seguro"}}},
                    ]
                },
            ),
            Case(
                "a nested key that has to be completed elsewhere first",
                "{ products { list { total } } }",
                {"products": [{"list": {"total": 30}}, {"list": {"total": 20}}]},
            ),
            Case(
                "a compound key over an entity with two keys",
                "{ products { name price { cents } } }",
                {
                    "products": [
                        {"name": "Crédito", "price": {"cents": 10}},
                        {"name": "Seguro", "price": {"cents": 20}},
                    ]
                },
            ),
            Case(
                "everything at once",
                "{ products { list { total selected { name price { cents } } first { pid } products { name } } } }",
                {
                    "products": [
                        {
                            "list": {
                                "total": 30,
                                "selected": {"name": "Seguro", "price": {"cents": 20}},
                                "first": {"pid": "p1"},
                                "products": [{"name": "Crédito"}, {"name": "Seguro"}],
                            }
                        },
                        {
                            "list": {
                                "total": 20,
                                "selected": {"name": "Seguro", "price": {"cents": 20}},
                                "first": {"pid": "p2"},
                                "products": [{"name": "Seguro"}],
                            }
                        },
                    ]
                },
            ),
        ),
    ),
    World(
        "keys-not-resolvable",
        _CLOSED,
        (
            Case(
                "a key that is not resolvable still describes the entity",
                "{ offer { rate product { name } } }",
                {"offer": {"rate": 3, "product": {"name": "Consórcio"}}},
            ),
            Case(
                "the way in is the key that is resolvable", "{ product { stock } }", {"product": {"stock": 4}}
            ),
            Case(
                "out of a reference and in by another key",
                "{ offer { product { stock sku } } }",
                {"offer": {"product": {"stock": 4, "sku": "s1"}}},
            ),
        ),
    ),
    World(
        "fed1-provides",
        _FED1,
        (
            Case(
                "an extension's own field",
                "{ users { name reviews { body stars } } }",
                {"users": [{"name": "Ana", "reviews": [{"body": "bom", "stars": 5}]}]},
            ),
            Case(
                "a provided field is taken where it is provided",
                "{ users { reviews { author { name } } } }",
                {"users": [{"reviews": [{"author": {"name": "Ana"}}]}]},
            ),
            Case(
                "outside the provided path the owner is asked",
                "{ users { reviews { author { reviews { author { id name } } } } name } }",
                {
                    "users": [
                        {
                            "reviews": [{"author": {"reviews": [{"author": {"id": "1", "name": "Ana"}}]}}],
                            "name": "Ana",
                        }
                    ]
                },
            ),
        ),
    ),
    World(
        "fed1-extensions",
        _EXTENSIONS,
        (
            Case(
                "an extension is entered by a compound key",
                "{ products { stock } }",
                {"products": [{"stock": 2}]},
            ),
            Case("an extension by directive", "{ products { fee } }", {"products": [{"fee": 1}]}),
            Case(
                "an extension by keyword",
                "{ products { tax price } }",
                {"products": [{"tax": 3, "price": 9}]},
            ),
            Case(
                "all three at once",
                "{ products { stock fee tax } }",
                {"products": [{"stock": 2, "fee": 1, "tax": 3}]},
            ),
        ),
    ),
)
