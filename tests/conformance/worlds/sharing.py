"""`@shareable`: shared roots, value types in parts, children that only a parent's entity leads to."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import TRAP

_ROOT = Federation(
    [
        fed2(
            "category",
            "type Query { product: Product @shareable products: [Product!] @shareable } type Product { id: ID! @shareable category: Category } type Category { id: ID! name: String }",
            {
                "Query": {
                    "product": {"id": "1", "category": {"id": "c1", "name": "Cesta"}},
                    "products": [
                        {"id": "1", "category": {"id": "c1", "name": "Cesta"}},
                        {"id": "2", "category": None},
                    ],
                }
            },
        ),
        fed2(
            "name",
            "type Query { product: Product @shareable products: [Product!] @shareable } type Product { id: ID! @shareable name: Name } type Name { id: ID! brand: String }",
            {
                "Query": {
                    "product": {"id": "1", "name": {"id": "n1", "brand": "Sol"}},
                    "products": [
                        {"id": "1", "name": {"id": "n1", "brand": "Sol"}},
                        {"id": "2", "name": {"id": "n2", "brand": "Lua"}},
                    ],
                }
            },
        ),
        fed2(
            "price",
            "type Query { product: Product @shareable products: [Product!] @shareable } type Product { id: ID! @shareable price: Price } type Price { id: ID! amount: Int }",
            {
                "Query": {
                    "product": {"id": "1", "price": {"id": "p1", "amount": 9}},
                    "products": [
                        {"id": "1", "price": {"id": "p1", "amount": 9}},
                        {"id": "2", "price": {"id": "p2", "amount": 8}},
                    ],
                }
            },
        ),
    ]
)

_PARENT = Federation(
    [
        fed2(
            "a",
            """
         type Query { products: [Product!]! }
         type Product @key(fields: "id") { id: ID! pid: ID! @shareable name: String category: Category @shareable }
         type Category { name: String @shareable }
         """,
            {
                "Query": {"products": [{"id": "1", "pid": "p1"}, {"id": "2", "pid": "p2"}]},
                "Product": [
                    {"id": "1", "pid": "p1", "name": "Arroz", "category": {"name": "Grãos"}},
                    {"id": "2", "pid": "p2", "name": "Sal", "category": {"name": "Temperos"}},
                ],
            },
        ),
        fed2(
            "c",
            """
         type Product @key(fields: "id pid") { id: ID! pid: ID! category: Category @shareable }
         type Category { name: String @shareable details: Details tags: [Tag!] }
         type Details { products: Int }
         type Tag { label: String }
         """,
            {
                "Product": [
                    {
                        "id": "1",
                        "pid": "p1",
                        "category": {
                            "name": "Grãos",
                            "details": {"products": 5},
                            "tags": [{"label": "a"}, {"label": "b"}],
                        },
                    },
                    {
                        "id": "2",
                        "pid": "p2",
                        "category": {"name": "Temperos", "details": {"products": 2}, "tags": []},
                    },
                ]
            },
        ),
    ]
)

_COMPLEX = Federation(
    [
        fed2(
            "a",
            """
         type Query { productFromA(id: ID): Product }
         type Product @key(fields: "id", resolvable: false) @key(fields: "pid", resolvable: false) { id: ID! pid: ID! }
         """,
            {"Query": {"productFromA": {"id": "1", "pid": "p1"}}, "Product": []},
        ),
        fed2(
            "b",
            """
         type Product @key(fields: "id") { id: ID! category: Category @shareable }
         type Category { details: String @shareable size: Int }
         """,
            {"Product": [{"id": "1", "category": {"details": "detalhes", "size": 3}}]},
        ),
        fed2(
            "c",
            """
         type Product @key(fields: "pid") { pid: ID! name: String category: Category @shareable }
         type Category @key(fields: "id") { id: ID! }
         """,
            {
                "Product": [{"pid": "p1", "name": "Milho", "category": {"id": "c1"}}],
                "Category": [{"id": "c1"}],
            },
        ),
        fed2(
            "d",
            'type Category @key(fields: "id") { id: ID! name: String }',
            {"Category": [{"id": "c1", "name": "Grãos"}]},
        ),
    ]
)

_CALLS = Federation(
    [
        fed2(
            "a",
            'type Query { node: Holder } type Holder @key(fields: "id") { id: ID! city: String @shareable state: String }',
            {"Query": {"node": {"id": "1"}}, "Holder": [{"id": "1", "city": "Natal", "state": "RN"}]},
        ),
        fed2(
            "b",
            'type Query { other: Holder } type Holder @key(fields: "id") { id: ID! city: String @shareable zip: String }',
            {"Query": {"other": {"id": "1"}}, "Holder": [{"id": "1", "city": "Natal", "zip": "59000"}]},
        ),
        fed2(
            "c",
            'type Holder @key(fields: "id") { id: ID! city: String @shareable region: String @shareable }',
            {"Holder": [{"id": "1", "city": TRAP, "region": "Nordeste"}]},
        ),
    ]
)

_NULLS = Federation(
    [
        fed2(
            "a",
            'type Query { book: Book books: [Book] } type Book @key(fields: "id") { id: ID! title: String }',
            {
                "Query": {
                    "book": {"id": "gone"},
                    "books": [{"id": "gone", "title": None}, {"id": "b1"}, None],
                },
                "Book": [{"id": "b1", "title": "Iracema"}],
            },
        ),
        fed2(
            "b",
            'type Book @key(fields: "id") { id: ID! author: Author } type Author @key(fields: "id") { id: ID! }',
            {"Book": [{"id": "b1", "author": {"id": "a1"}}], "Author": [{"id": "a1"}]},
        ),
        fed2(
            "c",
            'type Author @key(fields: "id") { id: ID! name: String }',
            {"Author": [{"id": "a1", "name": "José"}]},
        ),
    ]
)

WORLDS = (
    World(
        "shared-root",
        _ROOT,
        (
            Case(
                "a value type's parts from several roots",
                "{ product { category { name } name { brand } price { amount } } }",
                {
                    "product": {
                        "category": {"name": "Cesta"},
                        "name": {"brand": "Sol"},
                        "price": {"amount": 9},
                    }
                },
            ),
            Case(
                "only the roots that are needed",
                "{ product { id price { amount } } }",
                {"product": {"id": "1", "price": {"amount": 9}}},
            ),
            Case(
                "lists are merged by index",
                "{ products { id category { name } price { amount } } }",
                {
                    "products": [
                        {"id": "1", "category": {"name": "Cesta"}, "price": {"amount": 9}},
                        {"id": "2", "category": None, "price": {"amount": 8}},
                    ]
                },
            ),
            Case("a shared leaf needs one root", "{ product { id } }", {"product": {"id": "1"}}),
            Case(
                "every alias may choose its root",
                "{ a: product { name { brand } } b: product { price { amount } } }",
                {"a": {"name": {"brand": "Sol"}}, "b": {"price": {"amount": 9}}},
            ),
        ),
    ),
    World(
        "parent-entity",
        _PARENT,
        (
            Case(
                "a value type's field by way of its parent's entity elsewhere",
                "{ products { category { details { products } } } }",
                {
                    "products": [
                        {"category": {"details": {"products": 5}}},
                        {"category": {"details": {"products": 2}}},
                    ]
                },
            ),
            Case(
                "both halves of the value type",
                "{ products { category { name details { products } tags { label } } } }",
                {
                    "products": [
                        {
                            "category": {
                                "name": "Grãos",
                                "details": {"products": 5},
                                "tags": [{"label": "a"}, {"label": "b"}],
                            }
                        },
                        {"category": {"name": "Temperos", "details": {"products": 2}, "tags": []}},
                    ]
                },
            ),
            Case(
                "the shared half stays where it is read already",
                "{ products { name category { name } } }",
                {
                    "products": [
                        {"name": "Arroz", "category": {"name": "Grãos"}},
                        {"name": "Sal", "category": {"name": "Temperos"}},
                    ]
                },
            ),
        ),
    ),
    World(
        "parent-entity-complex",
        _COMPLEX,
        (
            Case(
                "a child in two parts, one of which is an entity with more",
                "{ productFromA { name category { details id name } } }",
                {
                    "productFromA": {
                        "name": "Milho",
                        "category": {"details": "detalhes", "id": "c1", "name": "Grãos"},
                    }
                },
            ),
            Case(
                "each part alone",
                "{ productFromA { category { details size } } }",
                {"productFromA": {"category": {"details": "detalhes", "size": 3}}},
            ),
            Case(
                "the entity's part alone",
                "{ productFromA { category { name } } }",
                {"productFromA": {"category": {"name": "Grãos"}}},
            ),
        ),
    ),
    World(
        "shared-fields",
        _CALLS,
        (
            Case(
                "a shared field is read where one is",
                "{ node { city state } }",
                {"node": {"city": "Natal", "state": "RN"}},
            ),
            Case(
                "also from the other side",
                "{ other { city zip } }",
                {"other": {"city": "Natal", "zip": "59000"}},
            ),
            Case(
                "even when another subgraph is asked anyway",
                "{ node { city region } }",
                {"node": {"city": "Natal", "region": "Nordeste"}},
            ),
            Case(
                "all together",
                "{ node { zip region state city } other { state } }",
                {
                    "node": {"zip": "59000", "region": "Nordeste", "state": "RN", "city": "Natal"},
                    "other": {"state": "RN"},
                },
            ),
        ),
    ),
    World(
        "null-entities",
        _NULLS,
        (
            Case(
                "an entity that the second subgraph does not find",
                "{ book { author { name } } }",
                {"book": {"author": None}},
            ),
            Case(
                "others of the list go on",
                "{ books { author { id name } } }",
                {"books": [{"author": None}, {"author": {"id": "a1", "name": "José"}}, None]},
            ),
            Case(
                "what is missing is null",
                "{ books { title } }",
                {"books": [{"title": None}, {"title": "Iracema"}, None]},
            ),
        ),
    ),
)
