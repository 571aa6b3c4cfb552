"""Fake subgraphs: type-correct, repeatable, and in agreement with each other."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.composition import compose
from gateway.mock.answers import POOL, FakeSubgraph, MockSettings
from gateway.mock.keys import number_in
from gateway.mock.server import FakeSubgraphs
from gateway.supergraph import Supergraph, load
from tests.kit.composition import fed2

LOANS = """
scalar Date scalar DateTime scalar Decimal scalar UUID scalar Long scalar JSON
type Query { loan(id: ID!): Loan loans: [Loan!]! party: Party parties: [Party!]!
  node: Node search: [Result!]! }
interface Party @key(fields: "id") { id: ID! name: String! }
type Person implements Party @key(fields: "id") { id: ID! name: String! cpf: String! }
type Company implements Party @key(fields: "id") { id: ID! name: String! cnpj: String! }
union Result = Person | Loan
interface Node { id: ID! }
type Loan implements Node @key(fields: "id") @key(fields: "branch { code }") {
  id: ID! amount: Decimal! on: Date! at: DateTime uuid: UUID long: Long json: JSON branch: Branch! @shareable
  status: Status! rate: Float! parts: [Int!]! paid: Boolean! borrower: Party! email: String city: String
}
type Branch { code: Int! @shareable city: String }
enum Status { OPEN PAID }
"""
RISK = """
type Query { worst: Loan any: Party }
type Loan @key(fields: "branch { code }") { branch: Branch! @shareable amount: Decimal! @external
  risk: Float! @requires(fields: "amount") note(long: Boolean!): String }
type Branch { code: Int! @shareable }
type Party @interfaceObject @key(fields: "id") { id: ID! score: Int! }
scalar Decimal
"""


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    result = compose([fed2("loans", LOANS), fed2("risk", RISK)])
    assert result.supergraph_sdl is not None, [str(e) for e in result.errors]
    return load(result.supergraph_sdl)


def ask(
    supergraph: Supergraph, name: str, query: str, settings: MockSettings | None = None, **variables: object
) -> Any:
    answer = FakeSubgraph(supergraph, name, settings or MockSettings()).answer(query, variables, None)
    assert "errors" not in answer, answer
    return answer["data"]


EVERYTHING = (
    "{ loans { id amount on at uuid long json branch { code city } status rate parts paid email city"
    " borrower { __typename id name ... on Person { cpf } ... on Company { cnpj } } }"
    " node { __typename id } search { __typename ... on Person { id } ... on Loan { id } } }"
)


def test_every_type_gets_a_value_that_serialises(supergraph: Supergraph) -> None:
    """Built-in and custom scalars, enums, lists, interfaces and unions, for many seeds."""
    for seed in range(20):
        loans = ask(supergraph, "loans", EVERYTHING, MockSettings(seed))["loans"]
        assert all(loan["status"] in ("OPEN", "PAID") for loan in loans)
        assert all(loan["borrower"]["__typename"] in ("Person", "Company") for loan in loans)


def test_a_seed_repeats_and_another_one_differs(supergraph: Supergraph) -> None:
    """Answers depend on the seed and the question, on nothing else."""
    first = ask(supergraph, "loans", EVERYTHING)
    assert first == ask(supergraph, "loans", EVERYTHING)
    assert first != ask(supergraph, "loans", EVERYTHING, MockSettings(seed=2))


def test_an_argument_asks_for_the_entity(supergraph: Supergraph) -> None:
    """loan(id: "id-7") is the loan with that id, also met on another way."""
    loan = ask(supergraph, "loans", '{ loan(id: "id-7") { id amount } }')["loan"]
    entity = ask(
        supergraph,
        "loans",
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Loan { id amount } } }",
        r=[{"__typename": "Loan", "id": "id-7"}],
    )
    assert loan["id"] == "id-7"
    assert entity["_entities"] == [loan]


def test_subgraphs_agree_whatever_key_they_use(supergraph: Supergraph) -> None:
    """By a nested key of another subgraph one gets the same entity."""
    loan = ask(supergraph, "loans", '{ loan(id: "id-7") { id branch { code } } }')["loan"]
    assert loan["branch"]["code"] == 7
    risk = ask(
        supergraph,
        "risk",
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Loan { branch { code }"
        " amount risk } } }",
        r=[{"__typename": "Loan", "branch": {"code": 7}, "amount": "10.00"}],
    )["_entities"][0]
    assert risk["branch"] == {"code": 7}
    assert risk["amount"] == "10.00"


def test_an_interface_entity_has_one_runtime_type(supergraph: Supergraph) -> None:
    """Who knows an object only as an interface can ask the subgraph that knows its type."""
    party = ask(supergraph, "risk", "{ any { __typename id score } }")["any"]
    assert party["__typename"] == "Party"
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Party { id name } } }"
    items = [{"__typename": "Party", "id": party["id"]}] * 2
    first, second = ask(supergraph, "loans", query, r=items)["_entities"]
    assert first == second
    assert first["__typename"] in ("Person", "Company")
    assert first["id"] == party["id"]


def test_unknown_and_broken_representations_are_null(supergraph: Supergraph) -> None:
    """Nothing is made up for what the subgraph does not have."""
    data = ask(
        supergraph,
        "risk",
        "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
        r=[{"__typename": "Nobody"}, {}, "x", {"__typename": 3}],
    )
    assert data["_entities"] == [None] * 4


def test_foreign_keys_name_entities_too(supergraph: Supergraph) -> None:
    """A key without a number still always means the same entity."""
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Person { id name } } }"
    items = [{"__typename": "Person", "id": "ana"}, {"__typename": "Person", "id": "ana"}]
    first, second = ask(supergraph, "loans", query, r=items)["_entities"]
    assert first == second
    assert first["id"] == "ana"


def test_nulls_and_list_lengths_follow_the_settings(supergraph: Supergraph) -> None:
    """Non-null values and keys stay; nullable ones go by their share."""
    settings = MockSettings(nulls=1.0, minimum_items=5, maximum_items=5)
    loans = ask(supergraph, "loans", "{ loans { id amount at city } }", settings)["loans"]
    assert len(loans) == 5
    assert all(loan["at"] is None and loan["city"] is None and loan["amount"] for loan in loans)
    assert {number_in(loan["id"]) in range(POOL) for loan in loans} == {True}


@pytest.mark.parametrize("query", ["{ nobody }", "{", "{ worst { amount(x: 1) } }", "{ loans { id } }"])
def test_a_query_that_the_subgraph_does_not_know_is_an_error(supergraph: Supergraph, query: str) -> None:
    """So that a wrong plan is found out, and not answered."""
    assert FakeSubgraph(supergraph, "risk", MockSettings()).answer(query, {}, None)["errors"]


def test_each_subgraph_has_its_own_schema(supergraph: Supergraph) -> None:
    """Fields of other subgraphs are unknown, externals are there for @provides."""
    ask(supergraph, "risk", "{ worst { amount risk note(long: true) } __typename _service { sdl } }")
    assert "errors" in FakeSubgraph(supergraph, "loans", MockSettings()).answer(
        "{ loans { risk } }", {}, None
    )


async def test_over_http_each_subgraph_is_under_its_name(supergraph: Supergraph) -> None:
    """Other paths and other bodies are refused in JSON."""
    app = FakeSubgraphs(supergraph, ["loans", "risk"], MockSettings())
    assert (await post(app, "/loans", b'{"query": "{ loans { id } }"}'))[0] == 200
    assert (await post(app, "/nobody", b"{}"))[0] == 404
    assert (await post(app, "/risk", b"["))[0] == 400
    assert (await post(app, "/risk", b'{"query": 1}'))[0] == 400


async def post(app: FakeSubgraphs, path: str, body: bytes) -> tuple[int, bytes]:
    sent: list[Any] = []
    messages = [
        {"type": "http.request", "body": body[:3], "more_body": True},
        {"type": "http.request", "body": body[3:]},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "path": path}, receive, send)
    return sent[0]["status"], sent[1]["body"]
