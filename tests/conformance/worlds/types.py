"""Types that differ between subgraphs: nullability, enums, inputs; what is inaccessible."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import TRAP, Fail

_MISMATCH = Federation(
    [
        fed2(
            "a",
            """
         type Query { users: [User] }
         type User @key(fields: "id") { id: ID parent: User @shareable friends: [User] @shareable pin: Int }
         type Admin @key(fields: "id") { id: ID pin: Int }
         """,
            {
                "Query": {"users": [{"id": "1"}]},
                "User": [{"id": "1", "pin": 3, "parent": None, "friends": [{"id": "1"}]}],
                "Admin": [{"id": "2", "pin": 4}],
            },
        ),
        fed2(
            "b",
            """
         type Query { people: [Person] }
         union Person = User | Admin
         type User @key(fields: "id") { id: ID! parent: User @shareable friends: [User!]! @shareable score: Int }
         type Admin @key(fields: "id") { id: ID parent: Admin friends: [Admin] score: Int boss: Admin }
         """,
            {
                "Query": {"people": [{"__typename": "User", "id": "1"}, {"__typename": "Admin", "id": "2"}]},
                "User": [
                    {"id": "1", "score": 7, "parent": {"id": "0"}, "friends": [{"id": "1"}]},
                    {"id": "0", "score": Fail("no score"), "parent": None, "friends": []},
                ],
                "Admin": [
                    {
                        "id": "2",
                        "score": None,
                        "parent": {"id": "2"},
                        "friends": [{"id": "2"}],
                        "boss": {"id": "2"},
                    }
                ],
            },
        ),
    ]
)

_ENUMS = Federation(
    [
        fed2(
            "a",
            """
         type Query { users: [User!] byKind(kind: Kind): [User!] nested(filter: Filter): Int }
         enum Kind { PF PJ MEI @inaccessible }
         input Filter { kind: Kind first: Int }
         type User @key(fields: "id") { id: ID! kind: Kind }
         """,
            {
                "Query": {
                    "users": [{"id": "1"}, {"id": "2"}],
                    "byKind": lambda _, args: [{"id": "1"}] if args.get("kind") == "PF" else [],
                    "nested": lambda _, args: args["filter"].get("first"),
                },
                "User": [{"id": "1", "kind": "PF"}, {"id": "2", "kind": "MEI"}],
            },
        ),
        fed2(
            "b",
            """
         type Query { b: User }
         enum Kind { PF PJ MEI @inaccessible }
         type User @key(fields: "id") { id: ID! mainKind: Kind code: Code }
         enum Code { A B }
         """,
            {
                "Query": {"b": {"id": "1"}},
                "User": [
                    {"id": "1", "mainKind": "PJ", "code": "A"},
                    {"id": "2", "mainKind": "MEI", "code": Fail("no code")},
                ],
            },
        ),
    ]
)

_INPUTS = Federation(
    [
        fed2(
            "a",
            "type Query { a(page: Page, sort: Sort = ASC): String @shareable } input Page { limit: Int offset: Int } enum Sort { ASC DESC }",
            {"Query": {"a": lambda _, args: f"a{args['page']['limit']}{args['sort']}"}},
        ),
        fed2(
            "b",
            "type Query { a(page: Page, sort: Sort = ASC): String @shareable b(page: Page): Int } input Page { limit: Int } enum Sort { ASC DESC }",
            {
                "Query": {
                    "a": lambda _, args: f"a{args['page']['limit']}{args['sort']}",
                    "b": lambda _, args: args["page"]["limit"],
                }
            },
        ),
    ]
)

_HIDDEN = Federation(
    [
        fed2(
            "a",
            """
         type Query { account: Account search: [Hit] hidden: Int @inaccessible rate(bank: String, tax: Int = 5 @inaccessible): Int }
         type Account @key(fields: "key") { key: ID! @inaccessible name: String }
         union Hit = Account | Ghost
         type Ghost @inaccessible { boo: String }
         """,
            {
                "Query": {
                    "account": {"key": "k1"},
                    "search": [{"__typename": "Account", "key": "k1"}, {"__typename": "Ghost", "boo": "!"}],
                    "hidden": TRAP,
                    "rate": lambda _, args: args["tax"],
                },
                "Account": [{"key": "k1", "name": "Ana"}],
            },
        ),
        fed2(
            "b",
            'type Account @key(fields: "key") { key: ID! balance: Int }',
            {"Account": [{"key": "k1", "balance": 10}]},
        ),
    ]
)

WORLDS = (
    World(
        "type-mismatch",
        _MISMATCH,
        (
            Case(
                "one key with different nullability on two types",
                "{ people { ... on User { id } ... on Admin { id } } }",
                {"people": [{"id": "1"}, {"id": "2"}]},
            ),
            Case(
                "deep below equal composite keys",
                "{ people { ... on User { parent { id } } ... on Admin { parent { id boss { id } } } } }",
                {"people": [{"parent": {"id": "0"}}, {"parent": {"id": "2", "boss": {"id": "2"}}}]},
            ),
            Case(
                "lists that differ in their wrappers",
                "{ people { ... on User { friends { id } } ... on Admin { friends { id } } } }",
                {"people": [{"friends": [{"id": "1"}]}, {"friends": [{"id": "2"}]}]},
            ),
            Case(
                "below such lists",
                "{ people { ... on User { friends { parent { id } } } ... on Admin { friends { parent { id } } } } }",
                {"people": [{"friends": [{"parent": {"id": "0"}}]}, {"friends": [{"parent": {"id": "2"}}]}]},
            ),
            Case(
                "in an entity fetch",
                "{ people { ... on User { pin } ... on Admin { pin } } }",
                {"people": [{"pin": 3}, {"pin": 4}]},
            ),
            Case(
                "the client's aliases on both",
                "{ people { ... on User { key: id } ... on Admin { key: id } } }",
                {"people": [{"key": "1"}, {"key": "2"}]},
            ),
            Case(
                "the client's alias looks like the gateway's",
                "{ people { ... on User { id _m0_id: score } ... on Admin { id _m0_id: score } } }",
                {"people": [{"id": "1", "_m0_id": 7}, {"id": "2", "_m0_id": None}]},
            ),
            Case(
                "an error below an aliased key has the client's path",
                "{ people { ... on Admin { friends { score } } ... on User { friends { id parent { score } } } } }",
                {
                    "people": [
                        {"friends": [{"id": "1", "parent": {"score": None}}]},
                        {"friends": [{"score": None}]},
                    ]
                },
                errors=(("people", 0, "friends", 0, "parent", "score"),),
            ),
            Case(
                "the key is needed as well",
                "{ people { ... on User { id pin } ... on Admin { id pin boss { id } } } users { id } }",
                {
                    "people": [{"id": "1", "pin": 3}, {"id": "2", "pin": 4, "boss": {"id": "2"}}],
                    "users": [{"id": "1"}],
                },
            ),
        ),
    ),
    World(
        "enums",
        _ENUMS,
        (
            Case(
                "a value that clients may not see is null",
                "{ users { id kind } }",
                {"users": [{"id": "1", "kind": "PF"}, {"id": "2", "kind": None}]},
            ),
            Case(
                "from the second subgraph",
                "{ users { mainKind } }",
                {"users": [{"mainKind": "PJ"}, {"mainKind": None}]},
            ),
            Case(
                "nor may they send it",
                "{ byKind(kind: MEI) { id } }",
                None,
                codes=("GRAPHQL_VALIDATION_FAILED",),
            ),
            Case("others they may", "{ byKind(kind: PF) { kind } }", {"byKind": [{"kind": "PF"}]}),
            Case(
                "by variable",
                "query($k: Kind) { byKind(kind: $k) { id } }",
                {"byKind": [{"id": "1"}]},
                variables={"k": "PF"},
            ),
            Case("in an input object", "{ nested(filter: { kind: PJ, first: 2 }) }", {"nested": 2}),
            Case(
                "a subgraph's error passes through",
                "{ users { code } }",
                {"users": [{"code": "A"}, {"code": None}]},
                errors=(("users", 1, "code"),),
            ),
        ),
    ),
    World(
        "inputs",
        _INPUTS,
        (
            Case(
                "an input field that only one subgraph has is refused",
                "{ a(page: { limit: 1, offset: 2 }) }",
                None,
                codes=("GRAPHQL_VALIDATION_FAILED",),
            ),
            Case(
                "common fields and an enum's default",
                "{ a(page: { limit: 1 }) b(page: { limit: 3 }) }",
                {"a": "a1ASC", "b": 3},
            ),
            Case(
                "a variable of an input type",
                "query($p: Page!) { b(page: $p) a(page: $p, sort: DESC) }",
                {"b": 4, "a": "a4DESC"},
                variables={"p": {"limit": 4}},
            ),
        ),
    ),
    World(
        "inaccessible",
        _HIDDEN,
        (
            Case(
                "an inaccessible key still joins",
                "{ account { name balance } }",
                {"account": {"name": "Ana", "balance": 10}},
            ),
            Case("it cannot be asked", "{ account { key } }", None, codes=("GRAPHQL_VALIDATION_FAILED",)),
            Case(
                "a hidden root field cannot be asked",
                "{ hidden }",
                None,
                codes=("GRAPHQL_VALIDATION_FAILED",),
            ),
            Case(
                "an object of a hidden type is null",
                "{ search { __typename ... on Account { balance } } }",
                {"search": [{"__typename": "Account", "balance": 10}, None]},
            ),
            Case("a hidden argument keeps the subgraph's default", '{ rate(bank: "x") }', {"rate": 5}),
            Case(
                "a hidden argument cannot be sent",
                "{ rate(tax: 1) }",
                None,
                codes=("GRAPHQL_VALIDATION_FAILED",),
            ),
            Case(
                "the client's aliases do not meet the hidden key",
                "{ account { key: name balance } }",
                {"account": {"key": "Ana", "balance": 10}},
            ),
        ),
    ),
)
