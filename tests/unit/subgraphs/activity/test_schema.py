"""The activity graph as the gateway and its users see it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from subgraphs.activity.schema import build_schema
from subgraphs.activity.store.port import StoreUnavailable
from subgraphs.edge import sdl
from tests.kit.activity import ANA, BIA, CAIO, bureau_query, card_purchase, movement, put
from tests.kit.contract import assert_honours
from tests.kit.edge import call
from tests.unit.subgraphs.activity.world import World

CONTRACT = Path(__file__).resolve().parents[3] / "contract" / "activity.graphql"


def test_the_schema_honours_its_contract() -> None:
    """Names, arguments, defaults, nullability and directives."""
    assert_honours(CONTRACT.read_text(encoding="utf-8"), sdl.export(build_schema()))


FEED = """
query ($filter: ActivityFilter, $first: Int = 20, $after: String) {
  activityFeed(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id } }
    nodes {
      __typename id occurredAt kind customer { id }
      ... on CardPurchase { amount merchant category cardLast4 }
      ... on BureauQuery { bureau reason }
      ... on Movement { amount direction description }
    }
  }
}
"""


async def feed(world: World, **variables: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await world.ask(FEED, **variables)).data["activityFeed"]
    return answer


async def test_each_kind_is_an_object_type_of_its_own(world: World) -> None:
    """With its own fields, and the interface's."""
    purchase = card_purchase(ANA, "2026-03-03", amount=123_456, category="Mercado")
    query, transfer = bureau_query(ANA, "2026-03-02", reason="Crédito"), movement(BIA, "2026-03-01")
    await put(world.store, purchase, query, transfer)
    nodes = (await feed(world))["nodes"]
    assert nodes[0] == {
        "__typename": "CardPurchase",
        "id": str(purchase.id),
        "occurredAt": "2026-03-03T00:00:00Z",
        "kind": "CARD_PURCHASE",
        "customer": {"id": str(ANA)},
        "amount": "1234.56",
        "merchant": "Padaria Real",
        "category": "Mercado",
        "cardLast4": "1234",
    }
    assert (nodes[1]["__typename"], nodes[1]["bureau"], nodes[1]["reason"]) == (
        "BureauQuery",
        "Serasa",
        "Crédito",
    )
    assert (nodes[2]["__typename"], nodes[2]["direction"], nodes[2]["amount"]) == (
        "Movement",
        "CREDIT",
        "3500.00",
    )


async def test_the_feed_is_walked_by_cursors(world: World) -> None:
    """Every event once; the page's ends and neighbours are told."""
    events = [card_purchase(ANA, f"2026-03-0{day}") for day in (5, 4, 3, 2, 1)]
    await put(world.store, *events)
    first = await feed(world, first=2)
    second = await feed(world, first=2, after=first["pageInfo"]["endCursor"])
    third = await feed(world, first=2, after=second["edges"][1]["cursor"])
    seen = [edge["node"]["id"] for page in (first, second, third) for edge in page["edges"]]
    assert seen == [str(event.id) for event in events]
    info = [
        (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"])
        for page in (first, second, third)
    ]
    assert info == [(False, True), (True, True), (True, False)]
    assert {page["totalCount"] for page in (first, second, third)} == {5}
    assert first["pageInfo"]["startCursor"] == first["edges"][0]["cursor"]


async def test_an_empty_page_has_no_cursors(world: World) -> None:
    """Null rather than an invention."""
    assert await feed(world) == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "edges": [],
        "nodes": [],
    }


async def test_the_feed_is_filtered(world: World) -> None:
    """By everything at once."""
    wanted = card_purchase(ANA, "2026-03-05", amount=500, merchant="Farmácia Popular")
    await put(
        world.store,
        wanted,
        card_purchase(ANA, "2026-04-05", amount=500, merchant="Farmácia Popular"),
        movement(BIA),
    )
    given = {
        "kinds": ["CARD_PURCHASE"],
        "from": "2026-03-01T00:00:00-03:00",
        "to": "2026-04-01T00:00:00-03:00",
        "search": "farmacias",
        "minAmount": "4.999",
        "maxAmount": "5",
    }
    answer = await feed(world, filter=given)
    assert [node["id"] for node in answer["nodes"]] == [str(wanted.id)]
    assert answer["totalCount"] == 1


async def test_a_customer_without_events_has_empty_answers(world: World) -> None:
    """Every customer is known here; whether one exists is another subgraph's business."""
    (customer,) = await world.entities(
        "id lastBureauQuery { id } lastCardPurchase { id } monthlySpending { month } "
        "activity { totalCount nodes { id } pageInfo { hasNextPage } }",
        CAIO,
    )
    assert customer == {
        "id": str(CAIO),
        "lastBureauQuery": None,
        "lastCardPurchase": None,
        "monthlySpending": [],
        "activity": {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False}},
    }


async def test_a_batch_of_customers_costs_one_read_for_each_question(world: World) -> None:
    """However many customers: no N + 1, and duplicates cost nothing."""
    customers = [uuid.uuid4() for _ in range(200)]
    await put(world.store, *(card_purchase(customer) for customer in customers))
    selection = """
      lastBureauQuery { bureau } lastCardPurchase { merchant } monthlySpending(months: 3) { total }
      activity(first: 5) { totalCount nodes { id } }
    """
    answers = await world.entities(selection, *customers, *customers[:50])
    assert len(answers) == 250
    assert all(answer["activity"]["totalCount"] == 1 for answer in answers)
    assert dict(world.calls) == {"latest": 2, "monthly_spending": 1, "pages": 1, "counts": 1}


async def test_nothing_is_counted_that_nobody_asked_for(world: World) -> None:
    """totalCount is a read of its own, made when it is selected."""
    await world.entities("activity { nodes { id } }", ANA, BIA)
    assert dict(world.calls) == {"pages": 1}


async def test_different_questions_are_kept_apart(world: World) -> None:
    """Two filters under two aliases are two reads, each with its own answer."""
    await put(world.store, card_purchase(ANA), movement(ANA))
    (customer,) = await world.entities(
        "a: activity(filter: {kinds: [MOVEMENT]}) { nodes { kind } } "
        "b: activity(first: 1) { nodes { kind } } "
        "m: monthlySpending(months: 1) { purchases } n: monthlySpending { purchases }",
        ANA,
    )
    assert customer["a"]["nodes"] == [{"kind": "MOVEMENT"}]
    assert len(customer["b"]["nodes"]) == 1
    assert world.calls["pages"] == 2


async def test_the_customers_activity_is_walked_by_cursors(world: World) -> None:
    """As the feed is."""
    events = [card_purchase(ANA, f"2026-03-0{day}") for day in (3, 2, 1)]
    await put(world.store, *events, card_purchase(BIA))
    (first,) = await world.entities(
        "activity(first: 2) { nodes { id } pageInfo { endCursor hasNextPage } }", ANA
    )
    after = first["activity"]["pageInfo"]["endCursor"]
    (rest,) = await world.entities(
        f'activity(first: 2, after: "{after}") {{ nodes {{ id }} pageInfo {{ hasNextPage }} }}', ANA
    )
    assert rest["activity"] == {"nodes": [{"id": str(events[2].id)}], "pageInfo": {"hasNextPage": False}}


async def test_a_cursor_from_elsewhere_is_bad_user_input(world: World) -> None:
    """Of another customer, of the feed, and garbage; the page is null by nullability, not the wrong one."""
    await put(world.store, card_purchase(ANA), card_purchase(BIA))
    (bia,) = await world.entities("activity { pageInfo { endCursor } }", BIA)
    of_feed = (await feed(world))["pageInfo"]["endCursor"]
    query = """
    query ($r: [_Any!]!, $after: String) {
      _entities(representations: $r) { ... on Customer { activity(after: $after) { nodes { id } } } }
    }
    """
    for cursor in (bia["activity"]["pageInfo"]["endCursor"], of_feed, "garbage", ""):
        answer = await world.ask(query, r=[{"__typename": "Customer", "id": str(ANA)}], after=cursor)
        assert answer.code == "BAD_USER_INPUT"
        assert answer.json["data"] == {"_entities": [None]}
    assert (await world.ask(FEED, after=bia["activity"]["pageInfo"]["endCursor"])).code == "BAD_USER_INPUT"


@pytest.mark.parametrize("first", [-1, 101, 2**31 - 1])
async def test_a_page_size_out_of_bounds_is_bad_user_input(world: World, first: int) -> None:
    """And no store is asked."""
    assert (await world.ask(FEED, first=first)).code == "BAD_USER_INPUT"
    assert not world.calls


@pytest.mark.parametrize("months", [0, -1, 61])
async def test_a_number_of_months_out_of_bounds_is_bad_user_input(world: World, months: int) -> None:
    """From one to sixty."""
    query = """
    query ($r: [_Any!]!, $m: Int) {
      _entities(representations: $r) { ... on Customer { monthlySpending(months: $m) { month } } }
    }
    """
    representation = [{"__typename": "Customer", "id": str(ANA)}]
    assert (await world.ask(query, r=representation, m=months)).code == "BAD_USER_INPUT"
    assert (await world.ask(query, r=representation, m=None)).data == {"_entities": [{"monthlySpending": []}]}


HISTOGRAM = """
query ($interval: HistogramInterval!, $from: DateTime!, $to: DateTime!, $kinds: [ActivityKind!]) {
  activityHistogram(interval: $interval, from: $from, to: $to, kinds: $kinds) { start kind count amount }
}
"""


async def test_the_histogram_counts_and_sums(world: World) -> None:
    """With exact money, and 0.00 where there is none."""
    await put(
        world.store,
        card_purchase(ANA, "2026-03-10", amount=10),
        card_purchase(BIA, "2026-03-10", amount=20),
        bureau_query(ANA),
    )
    window = {"interval": "MONTH", "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    assert (await world.ask(HISTOGRAM, **window)).data["activityHistogram"] == [
        {"start": "2026-03-01T00:00:00Z", "kind": "CARD_PURCHASE", "count": 2, "amount": "0.30"},
        {"start": "2026-03-01T00:00:00Z", "kind": "BUREAU_QUERY", "count": 1, "amount": "0.00"},
    ]
    only = (await world.ask(HISTOGRAM, **window, kinds=["BUREAU_QUERY"])).data["activityHistogram"]
    assert [bucket["kind"] for bucket in only] == ["BUREAU_QUERY"]


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("HOUR", "2026-01-01T00:00:00Z", "2026-02-12T00:00:00Z"),
        ("DAY", "2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("HOUR", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"),
        ("DAY", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
    ],
)
async def test_a_window_that_is_too_wide_or_backwards_is_bad_user_input(
    world: World, interval: str, start: str, end: str
) -> None:
    """A bound on buckets, not on data."""
    answer = await world.ask(HISTOGRAM, interval=interval, **{"from": start, "to": end})
    assert answer.code == "BAD_USER_INPUT"
    assert not world.calls


@pytest.mark.parametrize(
    "query",
    [
        "{ activityFeed { totalCount } }",
        FEED,
        HISTOGRAM.replace("$interval: HistogramInterval!", "$interval: HistogramInterval = DAY"),
    ],
)
async def test_strangers_read_nothing(world: World, query: str) -> None:
    """The root fields are for verified callers."""
    window = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"} if "$from" in query else {}
    answer = await call(world.app, query, window)
    assert answer.code == "UNAUTHORIZED_FIELD_OR_TYPE"
    assert not world.calls


async def test_an_unavailable_store_is_told_as_such(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stable code that the router retries, and no text of a driver."""

    async def unavailable(*_arguments: object) -> None:
        raise StoreUnavailable from OSError("connection to 10.1.2.3 refused")

    monkeypatch.setattr(world.store, "feed", unavailable)
    answer = await world.ask("{ activityFeed { nodes { id } } }")
    (error,) = answer.json["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retriable": True}
    assert b"10.1.2.3" not in answer.body


async def test_customers_of_events_lead_back_into_the_graph(world: World) -> None:
    """From an event to its customer's other events, in one read for all of them."""
    await put(world.store, card_purchase(ANA), card_purchase(BIA), bureau_query(ANA))
    answer = await world.ask("{ activityFeed { nodes { customer { id lastBureauQuery { bureau } } } } }")
    bureaus = {
        node["customer"]["id"]: node["customer"]["lastBureauQuery"]
        for node in answer.data["activityFeed"]["nodes"]
    }
    assert bureaus == {str(ANA): {"bureau": "Serasa"}, str(BIA): None}
    assert world.calls["latest"] == 1
