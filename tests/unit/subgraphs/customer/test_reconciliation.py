"""The fields that the router's `reconcile` reads and calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.subgraphs.customer.world import World

SYNC = "sync:apply"
RATING, ACTIVITY = "customer-rating.fifo", "customer-activity.fifo"
_EVENTS = """
query Events($queue: String!, $before: DateTime!, $first: Int, $after: String) {
  outboxEvents(queue: $queue, publishedBefore: $before, first: $first, after: $after) {
    nodes { eventId customerId type sequence }
    endCursor
  }
}
"""
_REPUBLISH = "mutation Again($ids: [ID!]!) { republishEvents(eventIds: $ids) }"


async def publish(world: World) -> None:
    """As if the relay had sent everything."""
    await world.database.rows(
        "UPDATE customer_graph.outbox SET published_at = now() WHERE published_at IS NULL RETURNING id"
    )


async def page(world: World, queue: str, **variables: object) -> Any:
    """One page of what was published until now."""
    before = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    answer = await world.ask(_EVENTS, {"queue": queue, "before": before, **variables}, scopes=SYNC)
    return answer.data["outboxEvents"]


async def add_debt(world: World, customer: str) -> None:
    """Another version of the profile."""
    debt = {
        "creditor": "Banco do Brasil",
        "amount": "10.00",
        "contractedOn": "2026-01-02",
        "dueOn": "2027-01-02",
    }
    await world.mutate("addDebt", {"customerId": customer, "debt": debt})


async def test_newest_profile_stands_for_all(world: World) -> None:
    """Of three versions only the last one is compared, since it holds the whole profile."""
    customer = await world.register()
    await add_debt(world, customer)
    await add_debt(world, customer)
    await publish(world)
    nodes = (await page(world, RATING))["nodes"]
    assert [(node["customerId"], node["sequence"]) for node in nodes] == [(customer, 3)]


async def test_unpublished_and_recent_events_are_left_out(world: World) -> None:
    """What is on its way is not missing."""
    await world.register()
    assert (await page(world, RATING))["nodes"] == []
    await publish(world)
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    answer = await world.ask(_EVENTS, {"queue": RATING, "before": long_ago}, scopes=SYNC)
    assert answer.data["outboxEvents"]["nodes"] == []


async def test_pages_follow_each_other(world: World) -> None:
    """Five events in pages of two: each once, and the last page has no cursor."""
    customers = [await world.register() for _ in range(5)]
    await publish(world)
    seen, after, pages = [], None, 0
    while True:
        found = await page(world, RATING, first=2, after=after)
        seen += [node["customerId"] for node in found["nodes"]]
        pages += 1
        after = found["endCursor"]
        if after is None:
            break
    assert seen == customers
    assert pages == 3


async def test_republished_event_waits_for_the_relay_again(world: World) -> None:
    """And only the one that was named."""
    await world.register()
    await world.register()
    await publish(world)
    first = (await page(world, RATING))["nodes"][0]["eventId"]
    answer = await world.ask(_REPUBLISH, {"ids": [first]}, scopes=SYNC)
    assert answer.data["republishEvents"] == 1
    waiting = await world.database.rows(
        "SELECT id::text FROM customer_graph.outbox WHERE published_at IS NULL AND queue = $1", RATING
    )
    assert [row["id"] for row in waiting] == [first]


async def test_erased_customers_events_stay_where_they_are(world: World) -> None:
    """Wiped events are neither listed nor sent again; the erasure itself is."""
    customer = await world.register()
    await publish(world)
    wiped = (await page(world, RATING))["nodes"][0]["eventId"]
    await world.mutate("eraseCustomer", {"customerId": customer, "reason": "pedido do titular"})
    await publish(world)
    nodes = (await page(world, RATING))["nodes"]
    assert [node["type"] for node in nodes] == ["customer.erased.v1"]
    answer = await world.ask(_REPUBLISH, {"ids": [wiped, nodes[0]["eventId"]]}, scopes=SYNC)
    assert answer.data["republishEvents"] == 1


@pytest.mark.parametrize("scopes", [None, "", "ops:read graph:write customer:pii"])
async def test_fields_are_the_routers_alone(world: World, scopes: str | None) -> None:
    """Without the scope sync:apply nothing is told and nothing is done."""
    await world.register()
    await publish(world)
    before = datetime.now(UTC).isoformat()
    told = await world.ask(_EVENTS, {"queue": RATING, "before": before}, scopes=scopes)
    done = await world.ask(_REPUBLISH, {"ids": []}, scopes=scopes)
    assert told.codes == done.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"]


@pytest.mark.parametrize(
    "variables",
    [
        {"queue": "payments.fifo"},
        {"queue": RATING, "first": 501},
        {"queue": RATING, "first": -1},
        {"queue": RATING, "after": "garbage"},
        {"queue": RATING, "after": "WyJjdXN0b21lcnMiLDFd"},
    ],
)
async def test_bad_input_is_refused(world: World, variables: dict[str, object]) -> None:
    """Unknown queues, pages that are too large, and cursors from elsewhere."""
    before = datetime.now(UTC).isoformat()
    answer = await world.ask(_EVENTS, {"before": before, **variables}, scopes=SYNC)
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_ids_of_a_republish_are_checked(world: World) -> None:
    """Only canonical UUIDs, and not more than a page."""
    for ids in (["x"], ["0192f0c1-0000-7000-8000-000000000001"] * 501):
        answer = await world.ask(_REPUBLISH, {"ids": ids}, scopes=SYNC)
        assert answer.codes == ["BAD_USER_INPUT"]
