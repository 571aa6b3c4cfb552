"""`_entities` and `customer`: how the gateway and direct callers reach customers."""

from __future__ import annotations

import pytest

from tests.unit.subgraphs.customer.test_mutations import UNKNOWN
from tests.unit.subgraphs.customer.world import World, statements

_ENTITIES = (
    "query Load($of: [_Any!]!) { _entities(representations: $of) {"
    " ... on Customer { id totalDebt monthlyIncome maskedCpf debts { amount } } } }"
)


def reference(customer_id: object) -> dict[str, object]:
    """A representation."""
    return {"__typename": "Customer", "id": customer_id}


async def test_references_are_resolved_in_order_with_gaps(world: World) -> None:
    """Duplicates too; who does not exist is null without an error."""
    one, two = await world.register(), await world.register()
    of = [reference(two), reference(UNKNOWN), reference(one), reference(two)]
    entities = (await world.ask(_ENTITIES, {"of": of})).data["_entities"]
    assert [entity and entity["id"] for entity in entities] == [two, None, one, two]


async def test_a_batch_of_references_is_one_statement_for_each_kind_of_row(world: World) -> None:
    """Customers, contacts, debts, incomes: four, for any number of customers."""
    ids = [await world.register() for _ in range(7)]
    with statements() as sent:
        answer = await world.ask(_ENTITIES, {"of": [reference(one) for one in ids]})
    assert len(answer.data["_entities"]) == 7
    assert len(sent) == 4


@pytest.mark.parametrize(
    "bad",
    [
        {"$ne": 1},
        {"$ne": None},
        [UNKNOWN],
        1,
        True,
        None,
        "",
        "42",
        "' OR 1=1 --",
        UNKNOWN + "\0",
        {"$where": "sleep(1000)"},
    ],
)
async def test_an_operator_in_place_of_an_id_is_refused_alone(world: World, bad: object) -> None:
    """Its item is null with BAD_USER_INPUT; the others are answered; the store never sees it."""
    customer_id = await world.register()
    with statements() as sent:
        answer = await world.ask(_ENTITIES, {"of": [reference(customer_id), reference(bad)]})
    assert answer.codes in (["BAD_USER_INPUT"], [])
    if "data" in answer.body and answer.body["data"] is not None:
        assert [one and one["id"] for one in answer.body["data"]["_entities"]] == [customer_id, None]
        assert len(sent) == 4
    else:
        assert sent == []


@pytest.mark.parametrize("typename", ["Query", "Debt", "Nobody", None, 1, {"$ne": 1}])
async def test_only_customers_can_be_referred_to(world: World, typename: object) -> None:
    """Another __typename is a bad item, not a failed list."""
    customer_id = await world.register()
    of = [{"__typename": typename, "id": customer_id}, reference(customer_id)]
    answer = await world.ask(_ENTITIES, {"of": of})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert [one and one["id"] for one in answer.body["data"]["_entities"]] == [None, customer_id]


async def test_statements_do_not_depend_on_what_callers_send(world: World) -> None:
    """Values are bound: the same texts go to PostgreSQL whatever the ids, filters and CPFs."""
    seen = set()
    query = (
        "query Any($id: ID!, $cpf: String!, $city: String!) { customer(id: $id) { id }"
        " customerByCpf(cpf: $cpf) { id } customers(filter: {city: $city, ids: [$id]}) { totalCount } }"
    )
    for hostile in (UNKNOWN, "'; DROP TABLE customer; --", "\\", "%", "$1", ":id"):
        with statements() as sent:
            await world.ask(query, {"id": UNKNOWN, "cpf": "52998224725", "city": hostile})
        seen.add(frozenset(sent))
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("selection", "scopes", "codes"),
    [
        ("id maskedCpf age totalDebt debts { amount }", "", []),
        ("name", "", ["UNAUTHORIZED_FIELD_OR_TYPE"]),
        ("cpf", "graph:write ops:read", ["UNAUTHORIZED_FIELD_OR_TYPE"]),
        ("birthDate", "", ["UNAUTHORIZED_FIELD_OR_TYPE"]),
        ("email", "", ["UNAUTHORIZED_FIELD_OR_TYPE"]),
        ("phone", "", ["UNAUTHORIZED_FIELD_OR_TYPE"]),
        ("addresses { city }", "", ["UNAUTHORIZED_FIELD_OR_TYPE"]),
        ("name cpf birthDate email phone addresses { street }", "customer:pii", []),
        ("id", None, ["UNAUTHORIZED_FIELD_OR_TYPE"]),
    ],
)
async def test_what_identifies_a_person_needs_its_scope(
    world: World, selection: str, scopes: str | None, codes: list[str]
) -> None:
    """Direct callers meet the same rules as those who come through the gateway."""
    customer_id = await world.register()
    query = f"query Look($id: ID!) {{ customer(id: $id) {{ {selection} }} }}"
    assert (await world.ask(query, {"id": customer_id}, scopes=scopes)).codes == codes


@pytest.mark.parametrize(
    ("query", "scopes"),
    [
        ('{ customerByCpf(cpf: "52998224725") { id } }', "graph:write"),
        ("{ pipeline { targets { name } } }", "graph:write customer:pii"),
        ("{ customers { totalCount } }", None),
        (
            'mutation { eraseCustomer(input: {customerId: "1", reason: "x"}) { customerId } }',
            "graph:write customer:pii",
        ),
        (
            'mutation { removeAsset(input: {customerId: "1", assetId: "1"}) { userErrors { code } } }',
            "customer:pii customer:erase ops:read",
        ),
    ],
)
async def test_root_fields_need_their_scopes(world: World, query: str, scopes: str | None) -> None:
    """Reading by CPF, the pipeline, writing and erasing are four different rights."""
    answer = await world.ask(query, scopes=scopes)
    assert answer.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"]


@pytest.mark.parametrize("customer_id", [UNKNOWN, "42", "", "nobody"])
async def test_an_unknown_customer_is_null(world: World, customer_id: str) -> None:
    """Without an error, whether the id could be one of ours or not."""
    answer = await world.ask("query Q($id: ID!) { customer(id: $id) { id } }", {"id": customer_id})
    assert answer.body == {"data": {"customer": None}}
