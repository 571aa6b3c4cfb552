"""`@override`: the new owner answers, the old one never; with labels, as the request decides."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import TRAP

_PLAIN = Federation(
    [
        fed2(
            "old",
            'type Query { feed: [Post] @shareable } type Post @key(fields: "id") { id: ID! created: String title: String }',
            {"Query": {"feed": [{"id": "1"}]}, "Post": [{"id": "1", "created": TRAP, "title": "Olá"}]},
        ),
        fed2(
            "new",
            'type Query { feed: [Post] @shareable latest: Post } type Post @key(fields: "id") { id: ID! created: String @override(from: "old") likes: Int }',
            {
                "Query": {"feed": [{"id": "1"}], "latest": {"id": "1"}},
                "Post": [{"id": "1", "created": "hoje", "likes": 3}],
            },
        ),
        fed2(
            "third",
            'type Post @key(fields: "id") { id: ID! score: Int @override(from: "nobody") }',
            {"Post": [{"id": "1", "score": 9}]},
        ),
    ]
)

_REQUIRED = Federation(
    [
        fed2(
            "old",
            'type Query { bill: Bill } type Bill @key(fields: "id") { id: ID! amount: Int total: Int @requires(fields: "tax") tax: Int @external }',
            {
                "Query": {"bill": {"id": "1"}},
                "Bill": [{"id": "1", "amount": TRAP, "total": lambda bill, _: bill["tax"] + 100}],
            },
        ),
        fed2(
            "new",
            'type Bill @key(fields: "id") { id: ID! amount: Int @override(from: "old") tax: Int @requires(fields: "fee") fee: Int @external }',
            {"Bill": [{"id": "1", "amount": 100, "tax": lambda bill, _: bill["fee"] * 2}]},
        ),
        fed2(
            "fees",
            'type Bill @key(fields: "id") { id: ID! fee: Int @requires(fields: "amount") amount: Int @external }',
            {"Bill": [{"id": "1", "fee": lambda bill, _: bill["amount"] // 10}]},
        ),
    ]
)

_INTERFACE = Federation(
    [
        fed2(
            "a",
            """
         type Query { feed: [Post] @shareable }
         interface Post { id: ID! createdAt: String! }
         type ImagePost implements Post @key(fields: "id") { id: ID! createdAt: String! @override(from: "b") }
         """,
            {
                "Query": {"feed": [{"__typename": "ImagePost", "id": "i1"}]},
                "ImagePost": [{"id": "i1", "createdAt": "2026"}],
            },
        ),
        fed2(
            "b",
            """
         type Query { feed: [Post] @shareable another: [AnotherPost] }
         interface Post { id: ID! createdAt: String! }
         type TextPost implements Post @key(fields: "id") { id: ID! createdAt: String! body: String! }
         interface AnotherPost { id: ID! createdAt: String! }
         type ImagePost implements Post & AnotherPost @key(fields: "id") { id: ID! createdAt: String! }
         """,
            {
                "Query": {
                    "feed": [{"__typename": "ImagePost", "id": "i1"}, {"__typename": "TextPost", "id": "t1"}],
                    "another": [{"__typename": "ImagePost", "id": "i1"}],
                },
                "TextPost": [{"id": "t1", "createdAt": "2025", "body": "oi"}],
                "ImagePost": [{"id": "i1", "createdAt": TRAP}],
            },
        ),
    ]
)

_LABELLED = Federation(
    [
        fed2(
            "old",
            'type Query { user: User } type User @key(fields: "id") { id: ID! email: String phone: String }',
            {
                "Query": {"user": {"id": "1"}},
                "User": [{"id": "1", "email": "antigo@exemplo.br", "phone": "81"}],
            },
        ),
        fed2(
            "new",
            """
         type User @key(fields: "id") {
           id: ID!
           email: String @override(from: "old", label: "percent(20)")
           phone: String @override(from: "old", label: "moved_phone")
           name: String
         }
         """.replace('"moved_phone"', '"percent(0)"'),
            {"User": [{"id": "1", "email": "novo@exemplo.br", "phone": "82", "name": "Ana"}]},
        ),
    ]
)

WORLDS = (
    World(
        "override",
        _PLAIN,
        (
            Case("the new owner answers", "{ feed { created } }", {"feed": [{"created": "hoje"}]}),
            Case(
                "with a field of the old owner beside",
                "{ feed { title created likes } }",
                {"feed": [{"title": "Olá", "created": "hoje", "likes": 3}]},
            ),
            Case(
                "from the new owner's own root",
                "{ latest { created title } }",
                {"latest": {"created": "hoje", "title": "Olá"}},
            ),
            Case("an override from nobody is a plain field", "{ feed { score } }", {"feed": [{"score": 9}]}),
        ),
    ),
    World(
        "override-required",
        _REQUIRED,
        (
            Case(
                "a third subgraph requires an overridden field",
                "{ bill { amount } }",
                {"bill": {"amount": 100}},
            ),
            Case("from the new owner", "{ bill { fee } }", {"bill": {"fee": 10}}),
            Case("through all of them", "{ bill { tax } }", {"bill": {"tax": 20}}),
            Case(
                "and back to the old owner",
                "{ bill { total amount } }",
                {"bill": {"total": 120, "amount": 100}},
            ),
        ),
    ),
    World(
        "override-interface",
        _INTERFACE,
        (
            Case(
                "an overridden field is not asked through an interface",
                "{ another { createdAt } }",
                {"another": [{"createdAt": "2026"}]},
            ),
            Case(
                "types that only one option yields are dropped",
                "{ feed { id ... on TextPost { body } } }",
                {"feed": [{"id": "i1"}]},
            ),
            Case(
                "the interface's field of a shared root",
                "{ feed { createdAt } }",
                {"feed": [{"createdAt": "2026"}]},
            ),
        ),
    ),
    World(
        "override-labels",
        _LABELLED,
        (
            Case(
                "an inactive label leaves the field with its old owner",
                "{ user { email phone } }",
                {"user": {"email": "antigo@exemplo.br", "phone": "81"}},
            ),
            Case(
                "an active label moves it",
                "{ user { email phone } }",
                {"user": {"email": "novo@exemplo.br", "phone": "81"}},
                labels=frozenset({"percent(20)"}),
            ),
            Case(
                "each label on its own",
                "{ user { email phone name } }",
                {"user": {"email": "antigo@exemplo.br", "phone": "82", "name": "Ana"}},
                labels=frozenset({"percent(0)"}),
            ),
            Case(
                "all of them",
                "{ user { email phone name } }",
                {"user": {"email": "novo@exemplo.br", "phone": "82", "name": "Ana"}},
                labels=frozenset({"percent(0)", "percent(20)"}),
            ),
            Case(
                "a label that nobody uses changes nothing",
                "{ user { email } }",
                {"user": {"email": "antigo@exemplo.br"}},
                labels=frozenset({"other"}),
            ),
        ),
    ),
)
