"""`@interfaceObject`: fields for all implementers from a subgraph that does not know them."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation
from tests.kit.subgraph_double import Fail

_SIMPLE = Federation(
    [
        fed2(
            "people",
            """
         type Query { owners: [Owner!] }
         interface Owner @key(fields: "id") { id: ID! name: String }
         type Person implements Owner @key(fields: "id") { id: ID! name: String cpf: String }
         type Firm implements Owner @key(fields: "id") { id: ID! name: String cnpj: String }
         """,
            {
                "Query": {"owners": [{"__typename": "Person", "id": "1"}, {"__typename": "Firm", "id": "2"}]},
                "Person": [{"id": "1", "name": "Ana", "cpf": "111"}],
                "Firm": [{"id": "2", "name": "Feira", "cnpj": "222"}],
            },
        ),
        fed2(
            "accounts",
            """
         type Query { holders: [Owner] anyone: Owner }
         type Owner @key(fields: "id") @interfaceObject { id: ID! accounts: [Account!] blocked: Boolean }
         type Account @key(fields: "id") { id: ID! owner: Owner }
         """,
            {
                "Query": {"holders": [{"id": "1"}, {"id": "2"}], "anyone": {"id": "2"}},
                "Owner": [
                    {"id": "1", "accounts": [{"id": "a1"}], "blocked": False},
                    {"id": "2", "accounts": [], "blocked": Fail("unknown")},
                ],
                "Account": [{"id": "a1", "owner": {"id": "1"}}],
            },
        ),
        fed2(
            "badges",
            """
         type Person @key(fields: "id") { id: ID! badge: String }
         type Account @key(fields: "id") { id: ID! bank: String }
         """,
            {"Person": [{"id": "1", "badge": "vip"}], "Account": [{"id": "a1", "bank": "Banco do Norte"}]},
        ),
    ]
)

_TWO = Federation(
    [
        fed2(
            "a",
            """
         type Query { things: [Thing] }
         interface Thing @key(fields: "id") { id: ID! }
         type Left implements Thing @key(fields: "id") { id: ID! left: Int }
         type Right implements Thing @key(fields: "id") { id: ID! right: Int }
         """,
            {
                "Query": {"things": [{"__typename": "Left", "id": "l"}, {"__typename": "Right", "id": "r"}]},
                "Left": [{"id": "l", "left": 1}],
                "Right": [{"id": "r", "right": 2}],
            },
        ),
        fed2(
            "b",
            'type Query { b: Thing } type Thing @key(fields: "id") @interfaceObject { id: ID! fromB: String }',
            {"Query": {"b": {"id": "l"}}, "Thing": [{"id": "l", "fromB": "bl"}, {"id": "r", "fromB": "br"}]},
        ),
        fed2(
            "c",
            'type Query { c: Thing } type Thing @key(fields: "id") @interfaceObject { id: ID! fromC: String @requires(fields: "fromB") fromB: String @external }',
            {
                "Query": {"c": {"id": "r"}},
                "Thing": [{"id": number, "fromC": lambda thing, _: f"c+{thing['fromB']}"} for number in "lr"],
            },
        ),
    ]
)

_CLOSED = Federation(
    [
        fed2(
            "a",
            """
         type Query { a: Node }
         interface Node @key(fields: "id", resolvable: false) { id: ID! }
         type Leaf implements Node @key(fields: "id", resolvable: false) { id: ID! size: Int }
         """,
            {"Query": {"a": {"__typename": "Leaf", "id": "n1", "size": 4}}, "Leaf": []},
        ),
        fed2(
            "b",
            'type Query { b: Node } type Node @key(fields: "id") @interfaceObject { id: ID! color: String }',
            {"Query": {"b": {"id": "n1"}}, "Node": [{"id": "n1", "color": "verde"}]},
        ),
    ],
    satisfiable=False,
)

WORLDS = (
    World(
        "interface-object",
        _SIMPLE,
        (
            Case(
                "its field on the interface",
                "{ owners { accounts { id } } }",
                {"owners": [{"accounts": [{"id": "a1"}]}, {"accounts": []}]},
            ),
            Case(
                "its field on an implementer, asked after the type is known",
                "{ owners { ... on Person { blocked } } }",
                {"owners": [{"blocked": False}, {}]},
            ),
            Case(
                "on all, where one fails",
                "{ owners { blocked } }",
                {"owners": [{"blocked": False}, {"blocked": None}]},
                errors=(("owners", 1, "blocked"),),
            ),
            Case(
                "starting from it, the type comes from the real interface",
                "{ holders { __typename } }",
                {"holders": [{"__typename": "Person"}, {"__typename": "Firm"}]},
            ),
            Case(
                "starting from it, a field of the real interface",
                "{ holders { name } }",
                {"holders": [{"name": "Ana"}, {"name": "Feira"}]},
            ),
            Case(
                "starting from it, fields of implementers",
                "{ holders { ... on Person { cpf } ... on Firm { cnpj } } }",
                {"holders": [{"cpf": "111"}, {"cnpj": "222"}]},
            ),
            Case(
                "starting from it, its own fields need no type",
                "{ holders { id accounts { id } } }",
                {"holders": [{"id": "1", "accounts": [{"id": "a1"}]}, {"id": "2", "accounts": []}]},
            ),
            Case(
                "a third subgraph extends an implementer",
                "{ holders { ... on Person { badge } } }",
                {"holders": [{"badge": "vip"}, {}]},
            ),
            Case(
                "its own field behind a fragment on an implementer",
                "{ holders { ... on Firm { blocked } ... on Person { accounts { bank } } } }",
                {"holders": [{"accounts": [{"bank": "Banco do Norte"}]}, {"blocked": None}]},
                errors=(("holders", 1, "blocked"),),
            ),
            Case(
                "aliases of __typename",
                "{ anyone { a: __typename b: __typename id } }",
                {"anyone": {"a": "Firm", "b": "Firm", "id": "2"}},
            ),
            Case(
                "and back to it below",
                "{ owners { accounts { owner { name accounts { bank } } } } }",
                {
                    "owners": [
                        {"accounts": [{"owner": {"name": "Ana", "accounts": [{"bank": "Banco do Norte"}]}}]},
                        {"accounts": []},
                    ]
                },
            ),
            Case(
                "everything at once",
                "{ anyone { __typename id name ... on Firm { cnpj blocked } ... on Person { badge cpf } } }",
                {
                    "anyone": {
                        "__typename": "Firm",
                        "id": "2",
                        "name": "Feira",
                        "cnpj": "222",
                        "blocked": None,
                    }
                },
                errors=(("anyone", "blocked"),),
            ),
        ),
    ),
    World(
        "interface-objects-two",
        _TWO,
        (
            Case(
                "fields of both on the interface",
                "{ things { fromB fromC } }",
                {"things": [{"fromB": "bl", "fromC": "c+bl"}, {"fromB": "br", "fromC": "c+br"}]},
            ),
            Case("a requirement of one on the other", "{ c { fromC } }", {"c": {"fromC": "c+br"}}),
            Case(
                "from one to the other without the real interface",
                "{ b { fromC fromB } }",
                {"b": {"fromC": "c+bl", "fromB": "bl"}},
            ),
            Case(
                "types and fields of implementers",
                "{ b { __typename ... on Left { left fromC } ... on Right { right } } }",
                {"b": {"__typename": "Left", "left": 1, "fromC": "c+bl"}},
            ),
            Case(
                "on implementers only",
                "{ things { ... on Right { fromC } ... on Left { fromB } } }",
                {"things": [{"fromB": "bl"}, {"fromC": "c+br"}]},
            ),
        ),
    ),
    World(
        "interface-object-closed",
        _CLOSED,
        (
            Case(
                "from the interface into the interface object",
                "{ a { id color } }",
                {"a": {"id": "n1", "color": "verde"}},
            ),
            Case(
                "an implementer's field where it was answered",
                "{ a { ... on Leaf { size color } } }",
                {"a": {"size": 4, "color": "verde"}},
            ),
            Case(
                "there is no way back by a key that is not resolvable",
                "{ b { id __typename } }",
                None,
                codes=("QUERY_PLAN_NOT_FOUND",),
            ),
            Case(
                "nor to an implementer's field",
                "{ b { color ... on Leaf { size } } }",
                None,
                codes=("QUERY_PLAN_NOT_FOUND",),
            ),
            Case("its own fields are fine", "{ b { color } }", {"b": {"color": "verde"}}),
        ),
    ),
)
