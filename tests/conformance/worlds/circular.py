"""Circles: subgraphs that need each other, keys that contain each other, recursion in the data."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation

_CIRCLE = Federation(
    [
        fed2(
            "a",
            'type Query { p: Proposal } type Proposal @key(fields: "id") { id: ID! price: Int withTax: Int @requires(fields: "tax") tax: Int @external final: Boolean @requires(fields: "cheap") cheap: Boolean @external }',
            {
                "Query": {"p": {"id": "1"}},
                "Proposal": [
                    {
                        "id": "1",
                        "price": 10,
                        "withTax": lambda p, _: p["tax"] + 10,
                        "final": lambda p, _: p["cheap"],
                    }
                ],
            },
        ),
        fed2(
            "b",
            'type Proposal @key(fields: "id") { id: ID! tax: Int @requires(fields: "price") price: Int @external cheap: Boolean @requires(fields: "withTax") withTax: Int @external hasStock: Boolean }',
            {
                "Proposal": [
                    {
                        "id": "1",
                        "tax": lambda p, _: p["price"] // 5,
                        "cheap": lambda p, _: p["withTax"] < 100,
                        "hasStock": True,
                    }
                ]
            },
        ),
    ]
)

_MUTUAL = Federation(
    [
        fed2(
            "a",
            """
         type Query { order: Order }
         type Order @key(fields: "item { sku }") { item: Item @shareable paid: Boolean }
         type Item @key(fields: "sku") { sku: ID! order: Order @shareable size: Int }
         """,
            {
                "Query": {"order": {"item": {"sku": "s1"}}},
                "Order": [{"item": {"sku": "s1"}, "paid": True}],
                "Item": [{"sku": "s1", "order": {"item": {"sku": "s1"}}, "size": 2}],
            },
        ),
        fed2(
            "b",
            """
         type Order @key(fields: "item { sku }") { item: Item @shareable number: Int }
         type Item @key(fields: "order { item { sku } }") @key(fields: "sku") { sku: ID! order: Order @shareable color: String }
         """,
            {
                "Order": [{"item": {"sku": "s1"}, "number": 7}],
                "Item": [{"sku": "s1", "order": {"item": {"sku": "s1"}}, "color": "azul"}],
            },
        ),
    ],
    satisfiable=False,
)

_LAST = 15


def _hop(number: int) -> str:
    """A subgraph that is entered by its own key and knows the next one's."""
    following = number + 1
    keys, fields = f'@key(fields: "k{number}")', f"k{number}: ID! @shareable own{number}: Int"
    if number < _LAST:
        keys, fields = f'{keys} @key(fields: "k{following}")', f"{fields} k{following}: ID! @shareable"
    root = "type Query { start: Thing } " if number == 0 else ""
    return f"{root}type Thing {keys} {{ {fields} }}"


_HOPS = Federation(
    [
        fed2(
            f"s{number:02}",
            _hop(number),
            {
                "Query": {"start": {"k0": "0", "k1": "1"}},
                "Thing": [
                    {f"k{number}": str(number), f"k{number + 1}": str(number + 1), f"own{number}": number}
                ],
            },
        )
        for number in range(_LAST + 1)
    ]
)

WORLDS = (
    World(
        "requires-circle",
        _CIRCLE,
        (
            Case("there", "{ p { tax } }", {"p": {"tax": 2}}),
            Case("and back", "{ p { withTax } }", {"p": {"withTax": 12}}),
            Case("and there again", "{ p { cheap hasStock } }", {"p": {"cheap": True, "hasStock": True}}),
            Case("and back for the last time", "{ p { final } }", {"p": {"final": True}}),
            Case(
                "all of it",
                "{ p { final cheap withTax tax price hasStock } }",
                {"p": {"final": True, "cheap": True, "withTax": 12, "tax": 2, "price": 10, "hasStock": True}},
            ),
        ),
    ),
    World(
        "keys-mutual",
        _MUTUAL,
        (
            Case(
                "a nested key out and in", "{ order { number paid } }", {"order": {"number": 7, "paid": True}}
            ),
            Case(
                "below it",
                "{ order { item { color size order { number } } } }",
                {"order": {"item": {"color": "azul", "size": 2, "order": {"number": 7}}}},
            ),
        ),
    ),
    World(
        "keys-fifteen-hops",
        _HOPS,
        (
            Case("to the far end", "{ start { own15 } }", {"start": {"own15": 15}}),
            Case("halfway", "{ start { own7 } }", {"start": {"own7": 7}}),
        ),
    ),
)
