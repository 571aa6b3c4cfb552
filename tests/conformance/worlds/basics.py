"""Entities over four subgraphs: the plain cases, fragments, aliases, variables, conditions."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import Fail

_CLIENTS = fed2(
    "clients",
    """
    type Query { clients: [Client!]! client(id: ID!): Client me: Client missing: Client }
    type Client @key(fields: "id") { id: ID! name: String! city: String email: String }
    """,
    {
        "Query": {
            "clients": [{"id": "c1"}, {"id": "c2"}],
            "client": lambda _, args: {"id": args["id"]},
            "me": {"id": "c1"},
            "missing": None,
        },
        "Client": [
            {"id": "c1", "name": "Ana", "city": "Recife", "email": "ana@exemplo.br"},
            {"id": "c2", "name": "Bia", "city": "Belém", "email": Fail("mailbox is down")},
        ],
    },
)
_LOANS = fed2(
    "loans",
    """
    type Query { loan(id: ID!): Loan }
    type Client @key(fields: "id") { id: ID! loans(open: Boolean = true, first: Int): [Loan!] }
    type Loan @key(fields: "id") { id: ID! amount: Int! client: Client! bank: Bank }
    type Bank @key(fields: "ispb") { ispb: ID! }
    """,
    {
        "Query": {"loan": lambda _, args: {"id": args["id"]}},
        "Client": [
            {
                "id": "c1",
                "loans": lambda _, args: (
                    [{"id": "l1"}, {"id": "l2"}][: args.get("first")] if args["open"] else []
                ),
            },
            {"id": "c2", "loans": []},
        ],
        "Loan": [
            {"id": "l1", "amount": 100, "client": {"id": "c1"}, "bank": {"ispb": "b1"}},
            {"id": "l2", "amount": 250, "client": {"id": "c1"}, "bank": None},
        ],
        "Bank": [{"ispb": "b1"}],
    },
)
_BANKS = fed2(
    "banks",
    """
    type Query { banks: [Bank!]! }
    type Bank @key(fields: "ispb") { ispb: ID! name: String! clients: [Client!] }
    type Client @key(fields: "id") { id: ID! }
    """,
    {
        "Query": {"banks": [{"ispb": "b1"}, {"ispb": "b2"}]},
        "Bank": [
            {"ispb": "b1", "name": "Banco do Norte", "clients": [{"id": "c1"}, {"id": "c2"}]},
            {"ispb": "b2", "name": "Banco do Sul", "clients": []},
        ],
        "Client": [],
    },
)
_SCORES = fed2(
    "scores",
    """
    type Client @key(fields: "id") { id: ID! score: Int city: String @external risk: String @requires(fields: "city") }
    """,
    {
        "Client": [
            {"id": "c1", "score": 700, "risk": lambda client, _: f"low in {client['city']}"},
            {"id": "c2", "score": None, "risk": lambda client, _: f"high in {client['city']}"},
        ]
    },
)
_WORLD = Federation([_CLIENTS, _LOANS, _BANKS, _SCORES])

_CASES = (
    Case(
        "one subgraph alone needs one fetch",
        "{ clients { id name } }",
        {"clients": [{"id": "c1", "name": "Ana"}, {"id": "c2", "name": "Bia"}]},
    ),
    Case("a key that is not selected is fetched and not shown", "{ me { score } }", {"me": {"score": 700}}),
    Case(
        "a list of entities is one request",
        "{ clients { name score } }",
        {"clients": [{"name": "Ana", "score": 700}, {"name": "Bia", "score": None}]},
    ),
    Case(
        "two subgraphs are asked side by side",
        "{ me { score loans { amount } } }",
        {"me": {"score": 700, "loans": [{"amount": 100}, {"amount": 250}]}},
    ),
    Case(
        "a chain of three subgraphs",
        "{ me { loans { bank { name } } } }",
        {"me": {"loans": [{"bank": {"name": "Banco do Norte"}}, {"bank": None}]}},
    ),
    Case(
        "there and back again",
        '{ loan(id: "l1") { client { name loans { client { city } } } } }',
        {
            "loan": {
                "client": {
                    "name": "Ana",
                    "loans": [{"client": {"city": "Recife"}}, {"client": {"city": "Recife"}}],
                }
            }
        },
    ),
    Case("a null entity is not followed", "{ missing { name score } }", {"missing": None}),
    Case(
        "roots of three subgraphs run side by side",
        '{ me { name } banks { name } loan(id: "l2") { amount } }',
        {
            "me": {"name": "Ana"},
            "banks": [{"name": "Banco do Norte"}, {"name": "Banco do Sul"}],
            "loan": {"amount": 250},
        },
    ),
    Case(
        "entities met at two places are asked for together",
        "{ me { score } clients { score } }",
        {"me": {"score": 700}, "clients": [{"score": 700}, {"score": None}]},
    ),
    Case(
        "aliases of one field with different arguments",
        '{ a: client(id: "c1") { name } b: client(id: "c2") { name } }',
        {"a": {"name": "Ana"}, "b": {"name": "Bia"}},
    ),
    Case(
        "aliases below an entity",
        "{ me { all: loans { id } one: loans(first: 1) { id } none: loans(open: false) { id } } }",
        {"me": {"all": [{"id": "l1"}, {"id": "l2"}], "one": [{"id": "l1"}], "none": []}},
    ),
    Case(
        "an alias that takes the key's name", "{ me { id: name score } }", {"me": {"id": "Ana", "score": 700}}
    ),
    Case("an alias for the key", "{ me { key: id score } }", {"me": {"key": "c1", "score": 700}}),
    Case(
        "an alias that looks like one of the gateway's",
        "{ me { id: name _i0_id: city score } }",
        {"me": {"id": "Ana", "_i0_id": "Recife", "score": 700}},
    ),
    Case(
        "an alias called __typename's neighbour",
        "{ me { type: __typename score } }",
        {"me": {"type": "Client", "score": 700}},
    ),
    Case(
        "variables go only where they are used",
        "query($id: ID!, $first: Int) { client(id: $id) { name loans(first: $first) { id } } }",
        {"client": {"name": "Ana", "loans": [{"id": "l1"}]}},
        variables={"id": "c1", "first": 1},
    ),
    Case(
        "a variable's default is kept",
        "query($open: Boolean = false) { me { loans(open: $open) { id } } }",
        {"me": {"loans": []}},
    ),
    Case(
        "a variable without value leaves the subgraph's default",
        "query($open: Boolean) { me { loans(open: $open) { id } } }",
        {"me": {"loans": [{"id": "l1"}, {"id": "l2"}]}},
    ),
    Case(
        "a client's variable called representations",
        "query($representations: Int) { me { loans(first: $representations) { id } } }",
        {"me": {"loans": [{"id": "l1"}]}},
        variables={"representations": 1},
    ),
    Case(
        "the same field in overlapping fragments",
        "{ me { ...A ...B } } fragment A on Client { name loans { id } } fragment B on Client { loans { amount } score }",
        {
            "me": {
                "name": "Ana",
                "loans": [{"id": "l1", "amount": 100}, {"id": "l2", "amount": 250}],
                "score": 700,
            }
        },
    ),
    Case(
        "keys come in the order of the document",
        "{ me { score name ...F } } fragment F on Client { risk city }",
        {"me": {"score": 700, "name": "Ana", "risk": "low in Recife", "city": "Recife"}},
    ),
    Case(
        "a skipped field costs no fetch",
        "query($no: Boolean!) { me { name score @skip(if: $no) } }",
        {"me": {"name": "Ana"}},
        variables={"no": True},
    ),
    Case(
        "an included field is fetched",
        "query($yes: Boolean!) { me { name score @include(if: $yes) } }",
        {"me": {"name": "Ana", "score": 700}},
        variables={"yes": True},
    ),
    Case(
        "skip wins over include",
        "{ me { name score @skip(if: true) @include(if: true) } }",
        {"me": {"name": "Ana"}},
    ),
    Case(
        "conditions on fragments with defaults",
        "query($a: Boolean = true, $b: Boolean = false) { me { ...F @include(if: $a) ... @include(if: $b) { risk } } } fragment F on Client { score }",
        {"me": {"score": 700}},
    ),
    Case(
        "all fields of an object skipped leave an empty object", "{ me { name @skip(if: true) } }", {"me": {}}
    ),
    Case("all root fields skipped need no fetch", "{ me @skip(if: true) { name } }", {}),
    Case("__typename at the root needs no fetch", "{ __typename }", {"__typename": "Query"}),
    Case(
        "__typename alone below an entity shows that it exists",
        "{ me { __typename } missing { __typename } }",
        {"me": {"__typename": "Client"}, "missing": None},
    ),
    Case(
        "introspection beside data",
        '{ __type(name: "Bank") { name } me { score } }',
        {"__type": {"name": "Bank"}, "me": {"score": 700}},
    ),
    Case(
        "an error below an entity has the client's path",
        "{ clients { mail: email } }",
        {"clients": [{"mail": "ana@exemplo.br"}, {"mail": None}]},
        errors=(("clients", 1, "mail"),),
    ),
    Case("a required field is fetched first", "{ me { risk } }", {"me": {"risk": "low in Recife"}}),
    Case(
        "a required field that the client aliases",
        "{ me { town: city risk } }",
        {"me": {"town": "Recife", "risk": "low in Recife"}},
    ),
    Case(
        "a requirement and a plain field of one subgraph share a request",
        "{ clients { score risk } }",
        {"clients": [{"score": 700, "risk": "low in Recife"}, {"score": None, "risk": "high in Belém"}]},
    ),
    Case(
        "lists of entities below lists of entities",
        "{ banks { clients { loans { amount } risk } } }",
        {
            "banks": [
                {
                    "clients": [
                        {"loans": [{"amount": 100}, {"amount": 250}], "risk": "low in Recife"},
                        {"loans": [], "risk": "high in Belém"},
                    ]
                },
                {"clients": []},
            ]
        },
    ),
    Case(
        "deep fragments that spread each other twice",
        """
        { me { ...A } }
        fragment A on Client { ...B ...B score }
        fragment B on Client { ...C ...C city }
        fragment C on Client { loans { client { name } } }
        """,
        {
            "me": {
                "loans": [{"client": {"name": "Ana"}}, {"client": {"name": "Ana"}}],
                "city": "Recife",
                "score": 700,
            }
        },
    ),
)

WORLDS = (World("basics", _WORLD, _CASES),)
