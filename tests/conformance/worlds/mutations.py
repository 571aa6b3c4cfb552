"""Mutations: in series, from one subgraph each, with what follows; fields that return the root type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation

_journal: list[str] = []


def _note(entry: str, answer: Any) -> Callable[..., Any]:
    def resolve(_source: Any, args: dict[str, Any]) -> Any:
        _journal.append(entry.format(**args))
        return answer

    return resolve


_WORLD = Federation(
    [
        fed2(
            "orders",
            """
         type Query { orders: [Order] @shareable }
         type Mutation { order(item: String!): Order pay(item: String!): Order ping: Boolean @shareable again: Query }
         type Order @key(fields: "id") { id: ID! item: String weight: Int }
         """,
            {
                "Query": {"orders": [{"id": "o1"}]},
                "Mutation": {
                    "order": _note("order {item}", {"id": "o1"}),
                    "pay": _note("pay {item}", {"id": "o2"}),
                    "ping": _note("ping", True),
                    "again": _note("again", {}),
                },
                "Order": [
                    {"id": "o1", "item": "arroz", "weight": 5},
                    {"id": "o2", "item": "feijão", "weight": 2},
                ],
            },
        ),
        fed2(
            "shipping",
            """
         type Query { routes: [String!]! }
         type Mutation { ship(id: ID!): Parcel ping: Boolean @shareable }
         type Parcel { id: ID! order: Order code: String }
         type Order @key(fields: "id") { id: ID! weight: Int @external cost: Int @requires(fields: "weight") carrier: String }
         """,
            {
                "Query": {"routes": ["PE-PA"]},
                "Mutation": {
                    "ship": _note("ship {id}", {"id": "p1", "code": "BR1", "order": {"id": "o1"}}),
                    "ping": _note("ping", True),
                },
                "Order": [
                    {
                        "id": "o1",
                        "carrier": _note("carrier o1", "Correios"),
                        "cost": lambda order, _: order["weight"] * 10,
                    },
                    {"id": "o2", "carrier": "Correios", "cost": lambda order, _: order["weight"] * 10},
                ],
            },
        ),
        fed2(
            "stock",
            """
         type Query { stock: Int }
         type Mutation { reserve(item: String!): Int }
         """,
            {"Query": {"stock": 3}, "Mutation": {"reserve": _note("reserve {item}", 2)}},
        ),
    ]
)

WORLDS = (
    World(
        "mutations",
        _WORLD,
        (
            Case(
                "one mutation",
                'mutation { order(item: "arroz") { id item } }',
                {"order": {"id": "o1", "item": "arroz"}},
                journal=("order arroz",),
            ),
            Case(
                "its fields in another subgraph follow, and it is called once",
                'mutation { order(item: "arroz") { cost } }',
                {"order": {"cost": 50}},
                journal=("order arroz",),
            ),
            Case(
                "three subgraphs in the order of the document",
                'mutation { reserve(item: "a") order(item: "a") { id } ship(id: 1) { code } more: reserve(item: "b") }',
                {"reserve": 2, "order": {"id": "o1"}, "ship": {"code": "BR1"}, "more": 2},
                journal=("reserve a", "order a", "ship 1", "reserve b"),
            ),
            Case(
                "what follows a field comes before the next field",
                'mutation { order(item: "a") { carrier } pay(item: "b") { item } }',
                {"order": {"carrier": "Correios"}, "pay": {"item": "feijão"}},
                journal=("order a", "carrier o1", "pay b"),
            ),
            Case(
                "neighbours of one subgraph share a request and run in order",
                'mutation { order(item: "a") { id } pay(item: "b") { cost } }',
                {"order": {"id": "o1"}, "pay": {"cost": 20}},
                journal=("order a", "pay b"),
            ),
            Case(
                "three neighbours share a request",
                'mutation { a: pay(item: "a") { id } b: pay(item: "b") { id } c: pay(item: "c") { cost } reserve(item: "d") }',
                {"a": {"id": "o2"}, "b": {"id": "o2"}, "c": {"cost": 20}, "reserve": 2},
                journal=("pay a", "pay b", "pay c", "reserve d"),
            ),
            Case(
                "a mutation that two subgraphs share is called once",
                "mutation { ping }",
                {"ping": True},
                journal=("ping",),
            ),
            Case(
                "with variables",
                "mutation($item: String!) { order(item: $item) { id } }",
                {"order": {"id": "o1"}},
                variables={"item": "milho"},
                journal=("order milho",),
            ),
            Case(
                "a field that returns the query root",
                'mutation { order(item: "a") { id } again { orders { id cost } } }',
                {"order": {"id": "o1"}, "again": {"orders": [{"id": "o1", "cost": 50}]}},
                journal=("order a", "again"),
            ),
            Case(
                "the query root in other subgraphs",
                "mutation { again { stock routes orders { item } } }",
                {"again": {"stock": 3, "routes": ["PE-PA"], "orders": [{"item": "arroz"}]}},
                journal=("again",),
            ),
            Case(
                "the query root in another subgraph only",
                "mutation { again { stock } }",
                {"again": {"stock": 3}},
                journal=("again",),
            ),
            Case(
                "__typename of a mutation",
                "mutation { __typename ping }",
                {"__typename": "Mutation", "ping": True},
                journal=("ping",),
            ),
            Case(
                "the payload's entity from two more subgraphs",
                "mutation { ship(id: 1) { code order { item cost carrier } } }",
                {"ship": {"code": "BR1", "order": {"item": "arroz", "cost": 50, "carrier": "Correios"}}},
                journal=("ship 1", "carrier o1"),
            ),
        ),
        _journal,
    ),
)
