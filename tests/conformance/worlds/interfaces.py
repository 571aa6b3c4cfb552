"""Interfaces and unions whose implementers and members differ between subgraphs; R1 and R2."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import TRAP

_NODE_A = {"__typename": "Account", "id": "a1"}
_NODE_B = {"__typename": "Chat", "id": "c1"}

#: A shareable `node` whose implementers have their id in one subgraph only: no single option serves all.
_SPLIT = Federation(
    [
        fed2(
            "a",
            """
         type Query { node: Node @shareable }
         interface Node { id: ID! }
         type Account implements Node { id: ID! @shareable owner: String }
         type Chat implements Node @key(fields: "id") { id: ID! @external text: String }
         """,
            {
                "Query": {"node": dict(_NODE_A)},
                "Account": [{"id": "a1", "owner": "Ana"}],
                "Chat": [{"id": "c1", "text": "oi"}],
            },
        ),
        fed2(
            "b",
            """
         type Query { node: Node @shareable }
         interface Node { id: ID! }
         type Account implements Node @key(fields: "id") { id: ID! @external }
         type Chat implements Node @key(fields: "id") { id: ID! }
         """.replace("@external }\n         type Chat", "@external plan: String }\n         type Chat"),
            {
                "Query": {"node": dict(_NODE_B)},
                "Account": [{"id": "a1", "plan": "ouro"}],
                "Chat": [{"id": "c1"}],
            },
        ),
    ],
    satisfiable=False,
)

_OWN_FIELDS = Federation(
    [
        fed2(
            "a",
            """
         type Query { assets: [Asset!] best: Asset }
         interface Asset { id: ID! value: Int }
         type House implements Asset @key(fields: "id") { id: ID! value: Int rooms: Int }
         type Car implements Asset @key(fields: "id") { id: ID! value: Int @external }
         type Boat implements Asset @key(fields: "id") { id: ID! value: Int }
         """,
            {
                "Query": {
                    "assets": [
                        {"__typename": "House", "id": "h1"},
                        {"__typename": "Car", "id": "k1"},
                        {"__typename": "Boat", "id": "b1"},
                    ],
                    "best": {"__typename": "House", "id": "h1"},
                },
                "House": [{"id": "h1", "value": 500, "rooms": 3}],
                "Car": [{"id": "k1"}],
                "Boat": [{"id": "b1", "value": 90}],
            },
        ),
        fed2(
            "b",
            """
         type Car @key(fields: "id") { id: ID! value: Int plate: String }
         type House @key(fields: "id") { id: ID! tax: Int }
         type Boat @key(fields: "id") { id: ID! tax: Int length: String }
         """,
            {
                "Car": [{"id": "k1", "value": 40, "plate": "ABC1D23"}],
                "House": [{"id": "h1", "tax": 12}],
                "Boat": [{"id": "b1", "tax": 3, "length": "9 m"}],
            },
        ),
    ]
)

_DISTRIBUTED = Federation(
    [
        fed2(
            "a",
            """
         type Query { products: [Product] node(id: ID!): Node }
         union Product = Oven | Toaster
         interface Node { id: ID! }
         type Oven @key(fields: "id") { id: ID! }
         type Toaster implements Node @key(fields: "id") { id: ID! warranty: Int }
         """,
            {
                "Query": {
                    "products": [{"__typename": "Oven", "id": "o1"}, {"__typename": "Toaster", "id": "t1"}],
                    "node": lambda _, args: {"__typename": "Toaster", "id": args["id"]},
                },
                "Oven": [{"id": "o1"}],
                "Toaster": [{"id": "t1", "warranty": 3}],
            },
        ),
        fed2(
            "b",
            """
         interface Node { id: ID! }
         type Oven implements Node @key(fields: "id") { id: ID! warranty: Int }
         """,
            {"Oven": [{"id": "o1", "warranty": 1}]},
        ),
    ]
)

_PARTIAL_UNION = Federation(
    [
        fed2(
            "a",
            """
         type Query { media: Media @shareable book: Book }
         union Media = Book | Movie
         type Book @key(fields: "id") { id: ID! title: String @shareable }
         type Movie @key(fields: "id") { id: ID! title: String @shareable }
         """,
            {
                "Query": {"media": {"__typename": "Book", "id": "b1"}, "book": {"id": "b1"}},
                "Book": [{"id": "b1", "title": "Vidas Secas"}],
                "Movie": [{"id": "m1", "title": TRAP}],
            },
        ),
        fed2(
            "b",
            """
         type Query { media: Media @shareable viewer: Viewer }
         type Viewer { media: Media song: Media }
         union Media = Book | Song
         type Book @key(fields: "id") { id: ID! title: String @shareable aisle: String }
         type Song @key(fields: "id") { id: ID! title: String }
         """,
            {
                "Query": {
                    "media": {"__typename": "Book", "id": "b1"},
                    "viewer": {
                        "media": {"__typename": "Book", "id": "b1"},
                        "song": {"__typename": "Song", "id": "s1"},
                    },
                },
                "Book": [{"id": "b1", "title": "Vidas Secas", "aisle": "B3"}],
                "Song": [{"id": "s1", "title": "Asa Branca"}],
            },
        ),
    ]
)

_PARTIAL_WRAPPER = Federation(
    [
        fed2(
            "a",
            """
         type Query { wrapper: Wrapper @shareable a: Container @shareable }
         type Wrapper { union: Thing @shareable }
         type Container @key(fields: "id") { id: ID! wrapper: Wrapper @shareable }
         union Thing = A1 | Both
         type A1 @key(fields: "id") { id: ID! a: String }
         type Both @key(fields: "id") { id: ID! name: String @shareable }
         """,
            {
                "Query": {"wrapper": {"union": {"__typename": "A1", "id": "1"}}, "a": {"id": "c1"}},
                "Container": [{"id": "c1", "wrapper": {"union": {"__typename": "A1", "id": "1"}}}],
                "A1": [{"id": "1", "a": "só em A"}],
                "Both": [{"id": "2", "name": "ambos"}],
            },
        ),
        fed2(
            "b",
            """
         type Query { b: Container }
         type Wrapper { union: Thing @shareable }
         type Container @key(fields: "id") { id: ID! wrapper: Wrapper @shareable }
         union Thing = Both
         type Both @key(fields: "id") { id: ID! name: String @shareable }
         """,
            {
                "Query": {"b": {"id": "c2"}},
                "Container": [
                    {"id": "c2", "wrapper": {"union": {"__typename": "Both", "id": "2"}}},
                    {"id": "c1", "wrapper": {"union": {"__typename": "Both", "id": "2"}}},
                ],
                "Both": [{"id": "2", "name": "ambos"}],
            },
        ),
    ]
)

_NARROW = Federation(
    [
        fed2(
            "a",
            """
         type Query { viewer: Viewer @shareable }
         type Viewer { book: Book @shareable media: Media @shareable }
         union Media = Book | Movie
         type Book @key(fields: "id") { id: ID! title: String @shareable a: Int }
         type Movie @key(fields: "id") { id: ID! a: Int }
         """,
            {
                "Query": {"viewer": {"book": {"id": "b1"}, "media": {"__typename": "Book", "id": "b1"}}},
                "Book": [{"id": "b1", "title": "Torto Arado", "a": 1}],
                "Movie": [{"id": "m1", "a": 1}],
            },
        ),
        fed2(
            "b",
            """
         type Query { viewer: Viewer @shareable }
         type Viewer { book: Media @shareable media: Media @shareable }
         union Media = Book | Movie
         type Book @key(fields: "id") { id: ID! title: String @shareable b: Int }
         type Movie @key(fields: "id") { id: ID! b: Int }
         """,
            {
                "Query": {
                    "viewer": {
                        "book": {"__typename": "Book", "id": "b1"},
                        "media": {"__typename": "Book", "id": "b1"},
                    }
                },
                "Book": [{"id": "b1", "title": "Torto Arado", "b": 2}],
                "Movie": [{"id": "m1", "b": 2}],
            },
        ),
    ]
)

_SAME_PLACE = Federation(
    [
        fed2(
            "a",
            """
         type Query { works: [Work] }
         interface Work { id: ID! }
         type Book implements Work { id: ID! author: Person pages: Int }
         type Film implements Work { id: ID! author: Person minutes: Int }
         type Play implements Work { id: ID! author: Person @shareable }
         type Person @key(fields: "id") { id: ID! }
         """,
            {
                "Query": {
                    "works": [
                        {"__typename": "Book", "id": "1", "author": {"id": "p1"}, "pages": 9},
                        {"__typename": "Film", "id": "2", "author": {"id": "p2"}, "minutes": 90},
                        {"__typename": "Play", "id": "3", "author": {"id": "p1"}},
                    ]
                },
                "Person": [],
            },
        ),
        fed2(
            "b",
            'type Person @key(fields: "id") { id: ID! name: String born: Int }',
            {
                "Person": [
                    {"id": "p1", "name": "Clarice", "born": 1920},
                    {"id": "p2", "name": "Glauber", "born": 1939},
                ]
            },
        ),
    ]
)

WORLDS = (
    World(
        "options-split-node",
        _SPLIT,
        (
            Case(
                "no single option serves the interface's field: there is no plan",
                "{ node { id } }",
                None,
                codes=("QUERY_PLAN_NOT_FOUND",),
            ),
            Case(
                "below a fragment there is one where the subgraph has the field",
                "{ node { ... on Chat { text } } }",
                {"node": {}},
            ),
            Case("types are to be had", "{ node { __typename } }", {"node": {"__typename": "Account"}}),
        ),
    ),
    World(
        "interface-fields",
        _OWN_FIELDS,
        (
            Case(
                "an interface field that one implementer has elsewhere is asked per type",
                "{ assets { value } }",
                {"assets": [{"value": 500}, {"value": 40}, {"value": 90}]},
            ),
            Case(
                "an interface field that all have is asked on the interface",
                "{ assets { id } }",
                {"assets": [{"id": "h1"}, {"id": "k1"}, {"id": "b1"}]},
            ),
            Case(
                "fields of implementers from their owners, in one request",
                "{ assets { ... on House { tax rooms } ... on Boat { tax } ... on Car { plate } } }",
                {"assets": [{"tax": 12, "rooms": 3}, {"plate": "ABC1D23"}, {"tax": 3}]},
            ),
            Case(
                "one alias for different fields of like types",
                "{ assets { ... on House { extra: tax } ... on Boat { extra: tax } } }",
                {"assets": [{"extra": 12}, {}, {"extra": 3}]},
            ),
            Case(
                "a fragment on the interface itself changes nothing",
                "{ assets { ... on Asset { value __typename } } }",
                {
                    "assets": [
                        {"value": 500, "__typename": "House"},
                        {"value": 40, "__typename": "Car"},
                        {"value": 90, "__typename": "Boat"},
                    ]
                },
            ),
            Case(
                "order of keys with fragments in between",
                "{ best { ... on House { tax } id ... on House { rooms } value } }",
                {"best": {"tax": 12, "id": "h1", "rooms": 3, "value": 500}},
            ),
        ),
    ),
    World(
        "interface-implemented-elsewhere",
        _DISTRIBUTED,
        (
            Case(
                "possible types are the supergraph's for the client",
                "{ products { ... on Node { id } } }",
                {"products": [{"id": "o1"}, {"id": "t1"}]},
            ),
            Case(
                "members' fields from their owners",
                "{ products { ... on Oven { warranty } ... on Toaster { warranty } } }",
                {"products": [{"warranty": 1}, {"warranty": 3}]},
            ),
            Case(
                "an interface's runtime types are the subgraph's for routing",
                '{ node(id: "t1") { id __typename ... on Toaster { warranty } } }',
                {"node": {"id": "t1", "__typename": "Toaster", "warranty": 3}},
            ),
            Case(
                "a type that the answering subgraph cannot yield is dropped",
                '{ node(id: "t1") { id ... on Oven { warranty } } }',
                {"node": {"id": "t1"}},
            ),
        ),
    ),
    World(
        "unions-partial",
        _PARTIAL_UNION,
        (
            Case(
                "members that every option has",
                "{ media { ... on Book { title } } }",
                {"media": {"title": "Vidas Secas"}},
            ),
            Case(
                "a member that one option lacks is dropped",
                "{ media { __typename ... on Book { title } ... on Movie { title } ... on Song { title } } }",
                {"media": {"__typename": "Book", "title": "Vidas Secas"}},
            ),
            Case(
                "with one option nothing is dropped",
                "{ viewer { song { ... on Song { title } ... on Book { title } } } }",
                {"viewer": {"song": {"title": "Asa Branca"}}},
            ),
            Case(
                "a member's field from its owner",
                "{ media { ... on Book { aisle title } } book { aisle } }",
                {"media": {"aisle": "B3", "title": "Vidas Secas"}, "book": {"aisle": "B3"}},
            ),
            Case("only the type", "{ media { __typename } }", {"media": {"__typename": "Book"}}),
            Case(
                "aliases of __typename",
                "{ media { a: __typename b: __typename } }",
                {"media": {"a": "Book", "b": "Book"}},
            ),
        ),
    ),
    World(
        "unions-behind-keys",
        _PARTIAL_WRAPPER,
        (
            Case(
                "one option behind a value type",
                "{ wrapper { union { ... on A1 { a } ... on Both { name } } } }",
                {"wrapper": {"union": {"a": "só em A"}}},
            ),
            Case(
                "an entity above opens a second option, so the type is dropped",
                "{ a { wrapper { union { __typename ... on A1 { a } } } } }",
                {"a": {"wrapper": {"union": {"__typename": "A1", "a": None}}}},
            ),
            Case(
                "the common member stays",
                "{ b { wrapper { union { ... on Both { name } } } } }",
                {"b": {"wrapper": {"union": {"name": "ambos"}}}},
            ),
        ),
    ),
    World(
        "union-here-object-there",
        _NARROW,
        (
            Case(
                "a field that is a union in one subgraph and an object in the other",
                "{ viewer { book { ... on Book { title } } } }",
                {"viewer": {"book": {"title": "Torto Arado"}}},
            ),
            Case(
                "fields of both subgraphs",
                "{ viewer { book { ... on Book { a b } } } }",
                {"viewer": {"book": {"a": 1, "b": 2}}},
            ),
            Case(
                "a type that the object can never be is dropped",
                "{ viewer { book { __typename ... on Movie { a } } } }",
                {"viewer": {"book": {"__typename": "Book"}}},
            ),
            Case(
                "through a union on both sides",
                "{ viewer { media { ... on Book { a b } ... on Movie { a b } } } }",
                {"viewer": {"media": {"a": 1, "b": 2}}},
            ),
        ),
    ),
    World(
        "same-place-many-types",
        _SAME_PLACE,
        (
            Case(
                "entities behind several types are one request",
                "{ works { ... on Book { author { name } } ... on Film { author { name } } ... on Play { author { name } } } }",
                {
                    "works": [
                        {"author": {"name": "Clarice"}},
                        {"author": {"name": "Glauber"}},
                        {"author": {"name": "Clarice"}},
                    ]
                },
            ),
            Case(
                "also when they are asked different things",
                "{ works { ... on Book { author { name } } ... on Film { author { born } } } }",
                {"works": [{"author": {"name": "Clarice"}}, {"author": {"born": 1939}}, {}]},
            ),
            Case(
                "an alias that means different things on different types and hides a key",
                "{ works { ... on Book { n: pages author { id: name } } ... on Film { n: minutes author { id: name born } } } }",
                {
                    "works": [
                        {"n": 9, "author": {"id": "Clarice"}},
                        {"n": 90, "author": {"id": "Glauber", "born": 1939}},
                        {},
                    ]
                },
            ),
            Case(
                "aliases around the key",
                "{ works { ... on Book { author { x: id born } } ... on Film { author { x: id name } } } }",
                {
                    "works": [
                        {"author": {"x": "p1", "born": 1920}},
                        {"author": {"x": "p2", "name": "Glauber"}},
                        {},
                    ]
                },
            ),
        ),
    ),
)
