"""Interfaces and unions over many subgraphs at once, nested fragments, conditions in between."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation

_WORLD = Federation(
    [
        fed2(
            "catalogue",
            """
         type Query { similar(id: ID!): [Product] }
         interface Product { id: ID! dimensions: Dimensions hidden: Boolean }
         interface Similar { id: ID! sku: String }
         type Dimensions { size: String weight: Float }
         type Book implements Product & Similar @key(fields: "id") { id: ID! sku: String dimensions: Dimensions @shareable hidden: Boolean }
         type Magazine implements Product & Similar @key(fields: "id") { id: ID! sku: String dimensions: Dimensions @shareable hidden: Boolean }
         """.replace("type Dimensions {", "type Dimensions @shareable {"),
            {
                "Query": {
                    "similar": lambda _, __: [
                        {"__typename": "Book", "id": "1"},
                        {"__typename": "Magazine", "id": "2"},
                    ]
                },
                "Book": [
                    {"id": "1", "sku": "b-1", "dimensions": {"size": "A5", "weight": 0.5}, "hidden": False}
                ],
                "Magazine": [
                    {"id": "2", "sku": "m-2", "dimensions": {"size": "A4", "weight": 0.2}, "hidden": True}
                ],
            },
        ),
        fed2(
            "stock",
            """
         interface Product { id: ID! dimensions: Dimensions delivery(zip: String): Delivery }
         type Dimensions @shareable { size: String weight: Float }
         type Delivery { estimate: String fastest: String }
         type Book implements Product @key(fields: "id") { id: ID! dimensions: Dimensions @external delivery(zip: String): Delivery @requires(fields: "dimensions { size weight }") }
         type Magazine implements Product @key(fields: "id") { id: ID! dimensions: Dimensions @external delivery(zip: String): Delivery @requires(fields: "dimensions { size weight }") }
         """,
            {
                "Book": [
                    {
                        "id": "1",
                        "delivery": lambda book, args: {
                            "estimate": f"{book['dimensions']['size']} {args.get('zip')}",
                            "fastest": "1d",
                        },
                    }
                ],
                "Magazine": [
                    {
                        "id": "2",
                        "delivery": lambda item, args: {
                            "estimate": f"{item['dimensions']['size']} {args.get('zip')}",
                            "fastest": "2d",
                        },
                    }
                ],
            },
        ),
        fed2(
            "people",
            """
         type Query { user(id: ID!): User }
         type User @key(fields: "id") { id: ID! email: String totalProducts: Int }
         """,
            {
                "Query": {"user": lambda _, args: {"id": args["id"]}},
                "User": [{"id": "u1", "email": "ana@exemplo.br", "totalProducts": 4}],
            },
        ),
        fed2(
            "books",
            """
         interface Product { id: ID! createdBy: User publisher: Publisher }
         type Book implements Product @key(fields: "id") { id: ID! createdBy: User publisher: Publisher }
         type User @key(fields: "id", resolvable: false) { id: ID! }
         union Publisher = Agency | Self | Group
         type Agency @key(fields: "id") { id: ID! }
         type Self { email: String @shareable }
         type Group { name: String }
         """,
            {
                "Book": [
                    {"id": "1", "createdBy": {"id": "u1"}, "publisher": {"__typename": "Agency", "id": "a1"}}
                ]
            },
        ),
        fed2(
            "magazines",
            """
         interface Product { id: ID! createdBy: User publisher: Publisher }
         type Magazine implements Product @key(fields: "id") { id: ID! createdBy: User publisher: Publisher }
         type User @key(fields: "id", resolvable: false) { id: ID! }
         union Publisher = Agency | Self
         type Agency @key(fields: "id") { id: ID! }
         type Self { email: String @shareable }
         """,
            {
                "Magazine": [
                    {
                        "id": "2",
                        "createdBy": {"id": "u1"},
                        "publisher": {"__typename": "Self", "email": "eu@exemplo.br"},
                    }
                ]
            },
        ),
        fed2(
            "agencies",
            'type Agency @key(fields: "id") { id: ID! name: String mail: Mail } type Mail { address: String }',
            {"Agency": [{"id": "a1", "name": "Recorte", "mail": {"address": "oi@recorte.br"}}]},
        ),
        fed2(
            "reviews",
            """
         interface Product { id: ID! reviews: [Review] stars: Float }
         type Review { id: Int product: Product }
         type Book implements Product @key(fields: "id") { id: ID! reviews: [Review] stars: Float }
         type Magazine implements Product @key(fields: "id") { id: ID! reviews: [Review] stars: Float }
         """,
            {
                "Book": [
                    {
                        "id": "1",
                        "stars": 4.5,
                        "reviews": [{"id": 1, "product": {"__typename": "Magazine", "id": "2"}}],
                    }
                ],
                "Magazine": [{"id": "2", "stars": None, "reviews": []}],
            },
        ),
    ]
)


WORLDS = (
    World(
        "abstract",
        _WORLD,
        (
            Case(
                "an interface field from one other subgraph",
                "{ similar(id: 1) { id stars } }",
                {"similar": [{"id": "1", "stars": 4.5}, {"id": "2", "stars": None}]},
            ),
            Case(
                "an interface field whose implementers have different owners",
                "{ similar(id: 1) { createdBy { id email } } }",
                {
                    "similar": [
                        {"createdBy": {"id": "u1", "email": "ana@exemplo.br"}},
                        {"createdBy": {"id": "u1", "email": "ana@exemplo.br"}},
                    ]
                },
            ),
            Case(
                "a requirement on every implementer, with a variable",
                "query($zip: String) { similar(id: 1) { delivery(zip: $zip) { estimate } } }",
                {"similar": [{"delivery": {"estimate": "A5 50000"}}, {"delivery": {"estimate": "A4 50000"}}]},
                variables={"zip": "50000"},
            ),
            Case(
                "the requirement's fields are shown too",
                '{ similar(id: 1) { dimensions { w: weight } delivery(zip: "1") { estimate fastest } } }',
                {
                    "similar": [
                        {"dimensions": {"w": 0.5}, "delivery": {"estimate": "A5 1", "fastest": "1d"}},
                        {"dimensions": {"w": 0.2}, "delivery": {"estimate": "A4 1", "fastest": "2d"}},
                    ]
                },
            ),
            Case(
                "only one implementer's branch",
                '{ similar(id: 1) { ... on Magazine { delivery(zip: "2") { estimate } } } }',
                {"similar": [{}, {"delivery": {"estimate": "A4 2"}}]},
            ),
            Case(
                "unions behind an interface field with different owners",
                "{ similar(id: 1) { publisher { __typename ... on Agency { id name } ... on Self { email } } } }",
                {
                    "similar": [
                        {"publisher": {"__typename": "Agency", "id": "a1", "name": "Recorte"}},
                        {"publisher": {"__typename": "Self", "email": "eu@exemplo.br"}},
                    ]
                },
            ),
            Case(
                "aliases for fields of different types on union members",
                "{ similar(id: 1) { publisher { ... on Agency { mailObject: mail { address } } ... on Self { mailText: email } } } }",
                {
                    "similar": [
                        {"publisher": {"mailObject": {"address": "oi@recorte.br"}}},
                        {"publisher": {"mailText": "eu@exemplo.br"}},
                    ]
                },
            ),
            Case(
                "a member that only one owner knows",
                "{ similar(id: 1) { publisher { ... on Group { name } ... on Agency { name } } } }",
                {"similar": [{"publisher": {"name": "Recorte"}}, {"publisher": {}}]},
            ),
            Case(
                "an interface below an interface",
                "{ similar(id: 1) { reviews { product { __typename id stars createdBy { email } } } } }",
                {
                    "similar": [
                        {
                            "reviews": [
                                {
                                    "product": {
                                        "__typename": "Magazine",
                                        "id": "2",
                                        "stars": None,
                                        "createdBy": {"email": "ana@exemplo.br"},
                                    }
                                }
                            ]
                        },
                        {"reviews": []},
                    ]
                },
            ),
            Case(
                "fragments on another interface",
                "{ similar(id: 1) { ... on Similar { sku ... on Product { id ... on Book { hidden } } } } }",
                {"similar": [{"sku": "b-1", "id": "1", "hidden": False}, {"sku": "m-2", "id": "2"}]},
            ),
            Case(
                "conditions in nested fragments",
                "query($t: Boolean!, $f: Boolean!) { similar(id: 1) { id ... on Book @include(if: $t) { stars reviews @skip(if: $t) { id } } ... on Magazine @include(if: $f) { createdBy { id } } } }",
                {"similar": [{"id": "1", "stars": 4.5}, {"id": "2"}]},
                variables={"t": True, "f": False},
            ),
            Case(
                "everything at once",
                """
            query($zip: String!) { similar(id: 1) { ...P ... on Book { sku publisher { ... on Agency { mail { address } } } } } user(id: "u1") { totalProducts } }
            fragment P on Product { id __typename ...D createdBy { email totalProducts } reviews { product { ...D } } }
            fragment D on Product { delivery(zip: $zip) { estimate } ... on Similar { sku } }
            """,
                {
                    "similar": [
                        {
                            "id": "1",
                            "__typename": "Book",
                            "delivery": {"estimate": "A5 9"},
                            "sku": "b-1",
                            "createdBy": {"email": "ana@exemplo.br", "totalProducts": 4},
                            "reviews": [{"product": {"delivery": {"estimate": "A4 9"}, "sku": "m-2"}}],
                            "publisher": {"mail": {"address": "oi@recorte.br"}},
                        },
                        {
                            "id": "2",
                            "__typename": "Magazine",
                            "delivery": {"estimate": "A4 9"},
                            "sku": "m-2",
                            "createdBy": {"email": "ana@exemplo.br", "totalProducts": 4},
                            "reviews": [],
                        },
                    ],
                    "user": {"totalProducts": 4},
                },
                variables={"zip": "9"},
            ),
        ),
    ),
)
