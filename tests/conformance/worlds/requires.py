"""`@requires`: chains, nesting, fragments, arguments, interface objects, the client in the way."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation

_CHAIN = Federation(
    [
        fed2(
            "a",
            'type Query { item: Item items: [Item] } type Item @key(fields: "id") { id: ID! price: Int inner: Int @external '
            'again: Int @requires(fields: "inner") secret: Int @inaccessible }',
            {
                "Query": {"item": {"id": "1"}, "items": [{"id": "1"}, {"id": "2"}]},
                "Item": [
                    {"id": "1", "price": 10, "secret": 5, "again": lambda item, _: item["inner"] + 1},
                    {"id": "2", "price": None, "secret": 6, "again": lambda item, _: item["inner"] + 1},
                ],
            },
        ),
        fed2(
            "b",
            'type Item @key(fields: "id") { id: ID! price: Int @external inner: Int @requires(fields: "price") }',
            {
                "Item": [
                    {"id": "1", "inner": lambda item, _: item["price"] * 2},
                    {"id": "2", "inner": lambda item, _: -1 if item["price"] is None else item["price"]},
                ]
            },
        ),
        fed2(
            "c",
            'type Item @key(fields: "id") { id: ID! inner: Int @external again: Int @external price: Int @external '
            'last: Int @requires(fields: "again inner") hidden: Int @requires(fields: "secret") secret: Int @external own: Int '
            'mixed: Int @requires(fields: "price") }',
            {
                "Item": [
                    {
                        "id": number,
                        "own": 7,
                        "last": lambda item, _: item["again"] + item["inner"],
                        "hidden": lambda item, _: item["secret"],
                        "mixed": lambda item, _: item["price"],
                    }
                    for number in ("1", "2")
                ]
            },
        ),
    ]
)

_ARGUMENTS = Federation(
    [
        fed2(
            "posts",
            """
         type Query { post: Post }
         type Post @key(fields: "id") { id: ID! comments(limit: Int!): [Comment] price(currency: String!): Int }
         type Comment @key(fields: "id") { id: ID! text: String }
         """,
            {
                "Query": {"post": {"id": "p1"}},
                "Post": [
                    {
                        "id": "p1",
                        "comments": lambda _, args: [{"id": f"k{n}"} for n in range(1, args["limit"] + 1)],
                        "price": lambda _, args: {"BRL": 50, "USD": 10, "EUR": 9}[args["currency"]],
                    }
                ],
                "Comment": [{"id": f"k{n}", "text": f"t{n}"} for n in range(1, 9)],
            },
        ),
        fed2(
            "authors",
            """
         type Post @key(fields: "id") {
           id: ID!
           comments(limit: Int!): [Comment] @external
           price(currency: String!): Int @external
           author: Author @requires(fields: "comments(limit: 3) { id }")
           dollars: Int @requires(fields: "price(currency: \\"USD\\")")
           euros: Int @requires(fields: "price(currency: \\"EUR\\")")
           plain: Int
         }
         type Comment @key(fields: "id", resolvable: false) { id: ID! }
         type Author { comments: [String] }
         """,
            {
                "Post": [
                    {
                        "id": "p1",
                        "plain": 1,
                        "author": lambda post, _: {"comments": [c["id"] for c in post["comments"]]},
                        "dollars": lambda post, _: post["price"],
                        "euros": lambda post, _: post["price"],
                    }
                ]
            },
        ),
    ]
)

_FRAGMENTS = Federation(
    [
        fed2(
            "a",
            """
         type Query { user: User users: [User] }
         type User @key(fields: "id") { id: ID! pet: Pet @external summary: String @requires(fields: "pet { name ... on Dog { breed } ... on Cat { home { id } } }") }
         interface Pet { name: String }
         type Dog implements Pet { name: String @external breed: String @external }
         type Cat implements Pet { name: String @external home: Home @external }
         type Home { id: ID! @external }
         """,
            {
                "Query": {"user": {"id": "u1"}, "users": [{"id": "u1"}, {"id": "u2"}, {"id": "u3"}]},
                "User": [
                    {"id": number, "summary": lambda user, _: _summary(user["pet"])}
                    for number in ("u1", "u2", "u3")
                ],
            },
        ),
        fed2(
            "b",
            """
         type User @key(fields: "id") { id: ID! pet: Pet }
         interface Pet { name: String }
         type Dog implements Pet { name: String breed: String }
         type Cat implements Pet { name: String home: Home }
         type Bird implements Pet @inaccessible { name: String }
         type Home { id: ID! }
         """,
            {
                "User": [
                    {"id": "u1", "pet": {"__typename": "Dog", "name": "Rex", "breed": "vira-lata"}},
                    {"id": "u2", "pet": {"__typename": "Cat", "name": "Mia", "home": {"id": "h1"}}},
                    {"id": "u3", "pet": {"__typename": "Bird", "name": "Louro"}},
                ]
            },
        ),
    ]
)


def _summary(pet: dict[str, object] | None) -> str:
    return "none" if pet is None else " ".join(str(pet[key]) for key in sorted(pet) if key != "__typename")


_INTERFACE_OBJECT = Federation(
    [
        fed2(
            "nodes",
            """
         type Query { node: Node user: User }
         interface Node @key(fields: "id") { id: ID! name: String }
         type User implements Node @key(fields: "id") { id: ID! name: String }
         type Shop implements Node @key(fields: "id") { id: ID! name: String }
         """,
            {
                "Query": {"node": {"__typename": "Shop", "id": "s1"}, "user": {"id": "u1"}},
                "User": [{"id": "u1", "name": "Ana"}],
                "Shop": [{"id": "s1", "name": "Feira"}],
            },
        ),
        fed2(
            "extra",
            """
         type Node @key(fields: "id") @interfaceObject { id: ID! name: String @external label: String @requires(fields: "name") views: Int }
         """,
            {
                "Node": [
                    {"id": "s1", "views": 3, "label": lambda node, _: f"#{node['name']}"},
                    {"id": "u1", "views": 4, "label": lambda node, _: f"#{node['name']}"},
                ]
            },
        ),
    ]
)

WORLDS = (
    World(
        "requires-chain",
        _CHAIN,
        (
            Case("one requirement", "{ item { inner } }", {"item": {"inner": 20}}),
            Case(
                "a requirement on a requirement, and back into the first subgraph",
                "{ item { again } }",
                {"item": {"again": 21}},
            ),
            Case("a chain of three", "{ item { last } }", {"item": {"last": 41}}),
            Case(
                "all links of the chain shown",
                "{ item { price inner again last own } }",
                {"item": {"price": 10, "inner": 20, "again": 21, "last": 41, "own": 7}},
            ),
            Case(
                "a plain field that is asked first rides along",
                "{ item { own last } }",
                {"item": {"own": 7, "last": 41}},
            ),
            Case("an inaccessible field may be required", "{ item { hidden } }", {"item": {"hidden": 5}}),
            Case(
                "a null is sent as it is",
                "{ items { inner mixed } }",
                {"items": [{"inner": 20, "mixed": 10}, {"inner": -1, "mixed": None}]},
            ),
            Case(
                "skipping the field skips its requirements",
                "query($s: Boolean!) { item { own last @skip(if: $s) } }",
                {"item": {"own": 7}},
                variables={"s": True},
            ),
            Case(
                "plain and requiring fields of one subgraph are one request",
                "{ item { own mixed } }",
                {"item": {"own": 7, "mixed": 10}},
            ),
            Case(
                "two aliases of a requiring field",
                "{ item { a: inner b: inner } }",
                {"item": {"a": 20, "b": 20}},
            ),
        ),
    ),
    World(
        "requires-arguments",
        _ARGUMENTS,
        (
            Case(
                "arguments in a requirement",
                "{ post { author { comments } } }",
                {"post": {"author": {"comments": ["k1", "k2", "k3"]}}},
            ),
            Case(
                "the client asks the same field with other arguments",
                "{ post { comments(limit: 1) { text } author { comments } } }",
                {"post": {"comments": [{"text": "t1"}], "author": {"comments": ["k1", "k2", "k3"]}}},
            ),
            Case(
                "the client asks it with a variable of the same value",
                "query($n: Int!) { post { comments(limit: $n) { text } author { comments } } }",
                {
                    "post": {
                        "comments": [{"text": "t1"}, {"text": "t2"}, {"text": "t3"}],
                        "author": {"comments": ["k1", "k2", "k3"]},
                    }
                },
                variables={"n": 3},
            ),
            Case(
                "the client asks exactly what is required",
                "{ post { comments(limit: 3) { id } author { comments } } }",
                {
                    "post": {
                        "comments": [{"id": "k1"}, {"id": "k2"}, {"id": "k3"}],
                        "author": {"comments": ["k1", "k2", "k3"]},
                    }
                },
            ),
            Case(
                "the client's alias for exactly what is required",
                "{ post { c: comments(limit: 3) { id } comments: id author { comments } } }",
                {
                    "post": {
                        "c": [{"id": "k1"}, {"id": "k2"}, {"id": "k3"}],
                        "comments": "p1",
                        "author": {"comments": ["k1", "k2", "k3"]},
                    }
                },
            ),
            Case(
                "two requirements want one field with different arguments",
                "{ post { dollars euros } }",
                {"post": {"dollars": 10, "euros": 9}},
            ),
            Case(
                "and the client wants it with a third",
                '{ post { price(currency: "BRL") dollars euros plain } }',
                {"post": {"price": 50, "dollars": 10, "euros": 9, "plain": 1}},
            ),
            Case(
                "in a fragment, with variables",
                "query($c: String!) { post { ...F } } fragment F on Post { price(currency: $c) euros }",
                {"post": {"price": 50, "euros": 9}},
                variables={"c": "BRL"},
            ),
        ),
    ),
    World(
        "requires-fragments",
        _FRAGMENTS,
        (
            Case(
                "fragments in a requirement", "{ user { summary } }", {"user": {"summary": "vira-lata Rex"}}
            ),
            Case(
                "each runtime type sends its own fields, inaccessible ones too",
                "{ users { summary } }",
                {
                    "users": [
                        {"summary": "vira-lata Rex"},
                        {"summary": "{'id': 'h1'} Mia"},
                        {"summary": "Louro"},
                    ]
                },
            ),
            Case(
                "an inaccessible runtime type is null for the client",
                "{ users { pet { name } summary } }",
                {
                    "users": [
                        {"pet": {"name": "Rex"}, "summary": "vira-lata Rex"},
                        {"pet": {"name": "Mia"}, "summary": "{'id': 'h1'} Mia"},
                        {"pet": None, "summary": "Louro"},
                    ]
                },
            ),
            Case(
                "the client's fragments beside those of the requirement",
                "{ user { pet { ... on Dog { b: breed } ... on Cat { name } } summary } }",
                {"user": {"pet": {"b": "vira-lata"}, "summary": "vira-lata Rex"}},
            ),
        ),
    ),
    World(
        "requires-interface-object",
        _INTERFACE_OBJECT,
        (
            Case("a requirement at interface level", "{ node { label } }", {"node": {"label": "#Feira"}}),
            Case(
                "the same from an object", "{ user { label views } }", {"user": {"label": "#Ana", "views": 4}}
            ),
            Case(
                "with the runtime type",
                "{ node { __typename label ... on Shop { name } } }",
                {"node": {"__typename": "Shop", "label": "#Feira", "name": "Feira"}},
            ),
        ),
    ),
)
