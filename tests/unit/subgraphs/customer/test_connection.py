"""customers: pages that stay put while customers come and go, filters, orders, and bad cursors."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.kit import brazil
from tests.unit.subgraphs.customer.test_mutations import UNKNOWN
from tests.unit.subgraphs.customer.world import World, statements

_PAGE = (
    "query Page($first: Int, $after: String, $filter: CustomerFilter, $order: CustomerOrder) {"
    " customers(first: $first, after: $after, filter: $filter, orderBy: $order) {"
    " edges { cursor node { id } } nodes { id } totalCount"
    " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
)


async def page(world: World, **variables: object) -> Any:
    """One page."""
    return (await world.ask(_PAGE, variables)).data["customers"]


async def listed(world: World, **filters: object) -> set[str]:
    """The ids that a filter lets through."""
    return {node["id"] for node in (await page(world, first=100, filter=filters))["nodes"]}


async def walk(world: World, size: int, order: str) -> list[str]:
    """The ids of all pages."""
    seen: list[str] = []
    after = None
    while True:
        found = await page(world, first=size, after=after, order=order)
        seen += [node["id"] for node in found["nodes"]]
        if not found["pageInfo"]["hasNextPage"]:
            return seen
        after = found["pageInfo"]["endCursor"]


async def test_pages_together_are_the_whole_list_in_order(world: World) -> None:
    """In each order, whatever the size of a page; equal sort values are told apart by id."""
    ids = [await world.register(debts=[brazil.debt(amount=amount)]) for amount in ("5", "7", "5", "5", "1")]
    await world.mutate("updateCustomer", {"customerId": ids[1], "phone": None})
    assert await walk(world, 2, "CREATED_AT_ASC") == ids
    assert await walk(world, 1, "CREATED_AT_DESC") == ids[::-1]
    assert await walk(world, 2, "UPDATED_AT_DESC") == [ids[1], ids[4], ids[3], ids[2], ids[0]]
    assert await walk(world, 2, "TOTAL_DEBT_DESC") == [ids[1], ids[3], ids[2], ids[0], ids[4]]


async def test_a_page_is_stable_while_customers_are_added(world: World) -> None:
    """Who is registered between two pages neither doubles nor hides anybody."""
    ids = [await world.register() for _ in range(4)]
    first = await page(world, first=2)
    await world.register()
    second = await page(world, first=10, after=first["pageInfo"]["endCursor"])
    assert [node["id"] for node in first["nodes"] + second["nodes"]] == ids[::-1]


async def test_page_info_tells_where_the_page_is(world: World) -> None:
    """Cursors of the first and last edge, and whether there is more on either side."""
    ids = [await world.register() for _ in range(3)]
    first = await page(world, first=2)
    assert [edge["node"]["id"] for edge in first["edges"]] == ids[:0:-1]
    assert first["totalCount"] == 3
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][1]["cursor"],
    }
    last = await page(world, first=2, after=first["pageInfo"]["endCursor"])
    assert (last["pageInfo"]["hasNextPage"], last["pageInfo"]["hasPreviousPage"]) == (False, True)
    none = await page(world, first=0)
    assert none["edges"] == []
    assert none["pageInfo"]["endCursor"] is None


async def test_filters_let_through_who_fits(world: World) -> None:
    """Each filter by itself, and two together."""
    recife = await world.register(debts=[brazil.debt(amount="100.00")])
    manaus = await world.register(
        addresses=[brazil.address(city="São José", state="AM"), brazil.address(city="Manaus", state="AM")],
        debts=[brazil.debt(amount="200.00", dueOn="2026-11-23")],
    )
    assert await listed(world, state="PE") == {recife}
    assert await listed(world, state="am") == {manaus}
    assert await listed(world, city="SÃO JOSÉ") == {manaus}
    assert await listed(world, city="manaus", state="PE") == set()
    assert await listed(world, minTotalDebt="100.01") == {manaus}
    assert await listed(world, maxTotalDebt="100.00") == {recife}
    assert await listed(world, hasOverdueDebt=True) == {manaus}
    assert await listed(world, hasOverdueDebt=False) == {recife}
    assert await listed(world, ids=[recife, UNKNOWN, "42"]) == {recife}
    assert await listed(world, ids=[]) == set()
    updated = (await world.customer(manaus, "updatedAt"))["updatedAt"]
    assert await listed(world, updatedSince=updated) == {manaus}
    assert await listed(world, state="PE", hasOverdueDebt=True) == set()
    assert await listed(world) == {recife, manaus}


@pytest.mark.parametrize("text", ["%", "_", "' OR 1=1 --", "\\", "São%"])
async def test_filters_take_texts_literally(world: World, text: str) -> None:
    """Nothing in a text is a pattern or a piece of SQL."""
    await world.register()
    assert await listed(world, city=text) == set()
    assert await listed(world, state=text) == set()


def forged(*values: object) -> str:
    """A cursor that somebody made up."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "variables",
    [
        {"first": -1},
        {"first": 101},
        {"after": "garbage"},
        {"after": ""},
        {"after": "é"},
        {"after": forged("customers:CREATED_AT_ASC", "2026-01-01T00:00:00Z", UNKNOWN)},
        {"after": forged("activity", 1, 2)},
        {"after": forged("customers:CREATED_AT_DESC", "2026-01-01T00:00:00Z")},
        {"after": forged("customers:CREATED_AT_DESC", "yesterday", UNKNOWN)},
        {"after": forged("customers:CREATED_AT_DESC", "2026-01-01T00:00:00Z", "1 OR 1=1")},
        {"after": forged("customers:CREATED_AT_DESC", 7, None)},
        {"after": forged("customers:CREATED_AT_DESC", {"$ne": 1}, UNKNOWN)},
        {"after": "A" * 5_000},
        {"filter": {"city": "Rec\0ife"}},
        {"filter": {"minTotalDebt": "many"}},
        {"filter": {"ids": [UNKNOWN] * 1_001}},
        {"order": "NAME_ASC; DROP TABLE customer"},
    ],
)
async def test_bad_arguments_are_bad_user_input(world: World, variables: dict[str, object]) -> None:
    """Page sizes out of range, and cursors that are garbage, forged, or of another order."""
    answer = await world.ask(_PAGE, variables)
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_a_page_of_a_hundred_is_one_statement_a_level(world: World) -> None:
    """Not one a customer: the page, then each kind of child once, however many customers there are."""
    for _ in range(5):
        await world.register()
    query = (
        "query Deep { customers(first: 100) { nodes { name maskedCpf email totalDebt monthlyIncome"
        " debts { amount } overdue: debts(status: OVERDUE) { id } assets { value } incomes { kind }"
        " addresses { street } } } }"
    )
    with statements() as sent:
        nodes = (await world.ask(query)).data["customers"]["nodes"]
    assert len(nodes) == 5
    assert len(sent) == 6
