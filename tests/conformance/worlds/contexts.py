"""Contexts: arguments that objects further up fill in (`@context`, `@fromContext`)."""

from __future__ import annotations

from typing import Any

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import Fail

_JOURNAL: list[str] = []


def _balance(source: dict[str, Any], arguments: dict[str, Any]) -> str:
    _JOURNAL.append(f"{source['number']} {arguments.get('currency')}")
    return f"{source['number']} in {arguments.get('currency')}"


def _limit(source: dict[str, Any], arguments: dict[str, Any]) -> str:
    return (
        " ".join(f"{name}={value}" for name, value in sorted(arguments.items())) + f" of {source['number']}"
    )


_ACCOUNTS: list[dict[str, Any]] = [
    {"number": str(number), "balance": _balance, "limit": _limit, "card": {"label": "azul"}}
    for number in range(1, 5)
]
_CUSTOMERS: list[dict[str, Any]] = [
    {"id": "ana", "currency": "BRL", "accounts": [{"number": "1"}, {"number": "2"}]},
    {"id": "bia", "currency": "USD", "accounts": [{"number": "2"}]},
    {"id": "caio", "currency": "BRL", "accounts": [{"number": "3"}]},
    {"id": "davi", "currency": None, "accounts": [{"number": "4"}]},
]

_PLAIN = Federation(
    [
        fed2(
            "bank",
            """
            type Query { customers: [Customer!]! customer(id: ID!): Customer branch: Branch }
            type Branch @context(name: "branch") { region: String! customers: [Customer!]! }
            type Customer @key(fields: "id") @context(name: "customer") @context(name: "branch") {
              id: ID! currency: String region: String accounts: [Account!]! dependent: Customer
            }
            type Account @key(fields: "number") {
              number: ID!
              balance(currency: String @fromContext(field: "$customer { currency }")): String
              limit(
                currency: String @fromContext(field: "$customer { currency }")
                at: String
                region: String @fromContext(field: "$branch { region }")
              ): String
              statement(currency: String @fromContext(field: "$customer { currency }"), pages: Int): Statement
              card: Card
            }
            type Statement { lines: [Line!]! title: String }
            type Line { text: String account: Account }
            type Card { label: String }
            """,
            {
                "Query": {
                    "customers": _CUSTOMERS,
                    "customer": lambda _, given: next(c for c in _CUSTOMERS if c["id"] == given["id"]),
                    "branch": {"region": "Sul", "customers": [_CUSTOMERS[0]]},
                },
                "Customer": [
                    {"id": "ana", "dependent": {**_CUSTOMERS[1], "region": "Norte"}, "region": "Leste"},
                    {"id": "bia", "dependent": None, "region": "Oeste"},
                ],
                "Account": [
                    {
                        **account,
                        "statement": lambda source, given: {
                            "title": f"{source['number']} {given['currency']}",
                            "lines": [
                                {"text": "saldo", "account": {"number": "3"}},
                            ][: given.get("pages")],
                        },
                    }
                    for account in _ACCOUNTS
                ],
            },
        )
    ]
)

_PLAIN_CASES = (
    Case(
        "each account is told its own customer's currency, also one that two customers share",
        "{ customers { id accounts { number balance } } }",
        {
            "customers": [
                {
                    "id": "ana",
                    "accounts": [
                        {"number": "1", "balance": "1 in BRL"},
                        {"number": "2", "balance": "2 in BRL"},
                    ],
                },
                {"id": "bia", "accounts": [{"number": "2", "balance": "2 in USD"}]},
                {"id": "caio", "accounts": [{"number": "3", "balance": "3 in BRL"}]},
                {"id": "davi", "accounts": [{"number": "4", "balance": "4 in None"}]},
            ]
        },
        # Calls by currency, in order of appearance: equal values share a call, a missing one is null.
        journal=("1 BRL", "2 BRL", "3 BRL", "2 USD", "4 None"),
    ),
    Case(
        "the nearest object that sets the context counts",
        '{ customer(id: "ana") { dependent { accounts { balance } } accounts { balance } } }',
        {
            "customer": {
                "dependent": {"accounts": [{"balance": "2 in USD"}]},
                "accounts": [{"balance": "1 in BRL"}, {"balance": "2 in BRL"}],
            }
        },
    ),
    Case(
        "two contexts at once, set by objects at different heights or by the same one",
        "{ branch { customers { accounts { limit } dependent { region accounts { limit } } } } }",
        {
            "branch": {
                "customers": [
                    {
                        "accounts": [
                            {"limit": "currency=BRL region=Leste of 1"},
                            {"limit": "currency=BRL region=Leste of 2"},
                        ],
                        "dependent": {
                            "region": "Norte",
                            "accounts": [{"limit": "currency=USD region=Norte of 2"}],
                        },
                    }
                ]
            }
        },
    ),
    Case(
        "the client's own arguments, variables and aliases stand beside contextual ones",
        """
        query($at: String, $context_0: String) {
          customer(id: "ana") { accounts { today: limit(at: $at) later: limit(at: $context_0) card { label } } }
        }
        """,
        {
            "customer": {
                "accounts": [
                    {
                        "today": f"at=hoje currency=BRL region=Leste of {number}",
                        "later": f"at=depois currency=BRL region=Leste of {number}",
                        "card": {"label": "azul"},
                    }
                    for number in (1, 2)
                ]
            }
        },
        variables={"at": "hoje", "context_0": "depois"},
    ),
    Case(
        "a field with children takes a context, and so does an entity below it",
        '{ customer(id: "bia") { accounts { statement(pages: 1) { title lines { text account { balance } } } } } }',
        {
            "customer": {
                "accounts": [
                    {
                        "statement": {
                            "title": "2 USD",
                            "lines": [{"text": "saldo", "account": {"balance": "3 in USD"}}],
                        }
                    }
                ]
            }
        },
    ),
    Case(
        "what the client selects at the object that sets the context does not get in the way",
        '{ customer(id: "bia") { currency: id accounts { balance: number number: balance } } }',
        {"customer": {"currency": "bia", "accounts": [{"balance": "2", "number": "2 in USD"}]}},
    ),
    Case(
        "a variable is defined where it is used only: nobody below takes it",
        """
        query($at: String) {
          customer(id: "bia") { accounts { balance } dependent { accounts { limit(at: $at) } } }
        }
        """,
        {"customer": {"accounts": [{"balance": "2 in USD"}], "dependent": None}},
        variables={"at": "hoje"},
    ),
    Case(
        "the client cannot fill a contextual argument",
        '{ customer(id: "bia") { accounts { balance(currency: "EUR") } } }',
        None,
        codes=("GRAPHQL_VALIDATION_FAILED",),
    ),
)


def _fee(source: dict[str, Any], arguments: dict[str, Any]) -> str:
    return f"{source['id']} for {arguments.get('document')}"


_HOLDERS = Federation(
    [
        fed2(
            "contracts",
            """
            type Query { holders: [Holder!]! parties: [Party!]! }
            interface Holder @context(name: "holder") { contract: Contract }
            union Party = Person | Company | Trust
            type Person implements Holder { cpf: ID! contract: Contract }
            type Company implements Holder { cnpj: ID! contract: Contract }
            type Trust implements Holder { name: String contract: Contract }
            type Contract @key(fields: "id") {
              id: ID!
              fee(document: ID @fromContext(
                field: "$holder ... on Person { cpf } ... on Company { cnpj } ... on Trust { name }"
              )): String
            }
            """.replace("name: String contract", "name: ID contract"),
            {
                "Query": {
                    "holders": [
                        {"__typename": "Person", "cpf": "111", "contract": {"id": "c1"}},
                        {"__typename": "Company", "cnpj": "222", "contract": {"id": "c1"}},
                        {"__typename": "Trust", "name": None, "contract": {"id": "c2"}},
                        {"__typename": "Person", "cpf": "333", "contract": None},
                    ],
                    "parties": [
                        {"__typename": "Company", "cnpj": "222", "contract": {"id": "c1"}},
                        {"__typename": "Person", "cpf": "111", "contract": {"id": "c2"}},
                    ],
                },
                "Contract": [{"id": "c1", "fee": _fee}, {"id": "c2", "fee": Fail("no fee is known")}],
            },
        )
    ]
)

_HOLDER_CASES = (
    Case(
        "type conditions choose what an interface's objects give",
        "{ holders { __typename contract { id fee } } }",
        {
            "holders": [
                {"__typename": "Person", "contract": {"id": "c1", "fee": "c1 for 111"}},
                {"__typename": "Company", "contract": {"id": "c1", "fee": "c1 for 222"}},
                {"__typename": "Trust", "contract": {"id": "c2", "fee": None}},
                {"__typename": "Person", "contract": None},
            ]
        },
        errors=(("holders", 2, "contract", "fee"),),
    ),
    Case(
        "members of a union set the context of their interface",
        "{ parties { ... on Company { contract { fee } } ... on Person { contract { id fee } } } }",
        {"parties": [{"contract": {"fee": "c1 for 222"}}, {"contract": {"id": "c2", "fee": None}}]},
        errors=(("parties", 1, "contract", "fee"),),
    ),
)


def _price(source: dict[str, Any], arguments: dict[str, Any]) -> str:
    return f"{source['sku']} at {arguments.get('tier')}"


_SOME = Federation(
    [
        fed2(
            "shop",
            """
            type Query { club: Club }
            type Club @context(name: "tier") { tier: String visitors: [Visitor!]! }
            interface Visitor { name: String basket: [Item!] }
            type Guest implements Visitor { name: String basket: [Item!] }
            type Member implements Visitor @context(name: "tier") {
              name: String tier: String basket: [Item!]
            }
            type Item @key(fields: "sku") {
              sku: ID! price(tier: String @fromContext(field: "$tier { tier }")): String
            }
            """,
            {
                "Query": {
                    "club": {
                        "tier": "bronze",
                        "visitors": [
                            {"__typename": "Guest", "name": "Ana", "basket": [{"sku": "1"}]},
                            {"__typename": "Member", "name": "Bia", "tier": "ouro", "basket": [{"sku": "1"}]},
                        ],
                    }
                },
                "Item": [{"sku": "1", "price": _price}],
            },
        )
    ]
)

_SOME_CASES = (
    Case(
        "where only some implementers set the context, each is asked for itself",
        "{ club { visitors { name basket { sku price } } } }",
        {
            "club": {
                "visitors": [
                    {"name": "Ana", "basket": [{"sku": "1", "price": "1 at bronze"}]},
                    {"name": "Bia", "basket": [{"sku": "1", "price": "1 at ouro"}]},
                ]
            }
        },
    ),
    Case(
        "under a type condition it is known who sets the context",
        "{ club { visitors { ... on Member { basket { price } } } } }",
        {"club": {"visitors": [{}, {"basket": [{"price": "1 at ouro"}]}]}},
    ),
)


def _quote(source: dict[str, Any], arguments: dict[str, Any]) -> str:
    return f"{source['id']} {source['weight']}kg to {arguments['city']}"


_APART = Federation(
    [
        fed2(
            "people",
            """
            type Query { people: [Person!]! }
            type Person @key(fields: "id") { id: ID! }
            """,
            {"Query": {"people": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}},
        ),
        fed2(
            "addresses",
            'type Person @key(fields: "id") { id: ID! city: String! }',
            {
                "Person": [
                    {"id": "1", "city": "Recife"},
                    {"id": "2", "city": "Natal"},
                    {"id": "3", "city": Fail("no address")},
                ]
            },
        ),
        fed2(
            "orders",
            """
            type Person @key(fields: "id") { id: ID! orders: [[Order]] }
            type Order @key(fields: "id") { id: ID! total: Int }
            """,
            {
                "Person": [
                    {"id": "1", "orders": [[{"id": "a"}, None], [{"id": "b"}]]},
                    {"id": "2", "orders": [[{"id": "a"}], None]},
                    {"id": "3", "orders": [[{"id": "b"}]]},
                ],
                "Order": [{"id": "a", "total": 10}, {"id": "b", "total": 20}],
            },
        ),
        fed2(
            "scales",
            'type Order @key(fields: "id") { id: ID! weight: Int! }',
            {
                "Order": [{"id": "a", "weight": 5}, {"id": "b", "weight": 7}],
            },
        ),
        fed2(
            "freight",
            """
            type Person @key(fields: "id") @context(name: "person") { id: ID! city: String! @external }
            type Order @key(fields: "id") {
              id: ID! weight: Int! @external
              quote(city: String! @fromContext(field: "$person { city }")): String @requires(fields: "weight")
              courier: String
            }
            """,
            {
                "Order": [
                    {"id": "a", "quote": _quote, "courier": "Correios"},
                    {"id": "b", "quote": _quote, "courier": "Loggi"},
                ]
            },
        ),
    ]
)

_APART_CASES = (
    Case(
        "the object, its context, the entity and the field's requirement come from four subgraphs",
        "{ people { id orders { id total quote courier } } }",
        {
            "people": [
                {
                    "id": "1",
                    "orders": [
                        [{"id": "a", "total": 10, "quote": "a 5kg to Recife", "courier": "Correios"}, None],
                        [{"id": "b", "total": 20, "quote": "b 7kg to Recife", "courier": "Loggi"}],
                    ],
                },
                {
                    "id": "2",
                    "orders": [
                        [{"id": "a", "total": 10, "quote": "a 5kg to Natal", "courier": "Correios"}],
                        None,
                    ],
                },
                # The city failed, and an argument that cannot be null cannot be sent.
                {"id": "3", "orders": [[{"id": "b", "total": 20, "quote": None, "courier": None}]]},
            ]
        },
        errors=(("people", 2, "city"),),
    ),
)

_SHARED = Federation(
    [
        fed2(
            "customers",
            """
            type Query { customers: [Customer!]! }
            type Customer @key(fields: "id") { id: ID! household: Household }
            type Household @key(fields: "id") { id: ID! }
            """,
            {
                "Query": {
                    "customers": [
                        {"id": "ana", "household": {"id": "h"}},
                        {"id": "bia", "household": {"id": "h"}},
                    ]
                }
            },
        ),
        fed2(
            "households",
            """
            type Household @key(fields: "id") { id: ID! bills: [Bill!]! }
            type Bill @key(fields: "id") { id: ID! }
            """,
            {"Household": [{"id": "h", "bills": [{"id": "luz"}, {"id": "gás"}]}]},
        ),
        fed2(
            "shares",
            """
            type Customer @key(fields: "id") @context(name: "payer") { id: ID! }
            type Bill @key(fields: "id") {
              id: ID! share(of: ID @fromContext(field: "$payer { id }")): String
            }
            """,
            {
                "Bill": [
                    {"id": name, "share": lambda source, given: f"{source['id']} for {given['of']}"}
                    for name in ("luz", "gás")
                ]
            },
        ),
    ]
)

_SHARED_CASES = (
    Case(
        "one entity under two objects is fetched once, yet what is below it differs",
        "{ customers { household { bills { share } } } }",
        {
            "customers": [
                {"household": {"bills": [{"share": f"luz for {name}"}, {"share": f"gás for {name}"}]}}
                for name in ("ana", "bia")
            ]
        },
    ),
)

WORLDS = [
    World("contexts", _PLAIN, _PLAIN_CASES, _JOURNAL),
    World("contexts-by-type", _HOLDERS, _HOLDER_CASES),
    World("contexts-of-some", _SOME, _SOME_CASES),
    World("contexts-from-afar", _APART, _APART_CASES),
    World("contexts-of-shared-entities", _SHARED, _SHARED_CASES),
]
