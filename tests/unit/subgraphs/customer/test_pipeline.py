"""pipeline: how far the copies are behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from subgraphs.customer.store.replay import replay
from tests.kit import brazil
from tests.unit.subgraphs.customer.test_mutations import changes_of, erasure
from tests.unit.subgraphs.customer.world import World

_PIPELINE = (
    "query Behind { pipeline { targets { name pending oldestPendingSeconds inFlight deadLettered"
    " lastPublishedAt } } }"
)


async def test_an_empty_pipeline_has_nothing_to_tell(world: World) -> None:
    """Both targets are there, all zero, before anything happened and before a relay has looked."""
    nothing = {
        "pending": 0,
        "oldestPendingSeconds": 0.0,
        "inFlight": 0,
        "deadLettered": 0,
        "lastPublishedAt": None,
    }
    assert (await world.ask(_PIPELINE)).data["pipeline"]["targets"] == [
        {"name": "rating", **nothing},
        {"name": "activity", **nothing},
    ]


async def test_the_backlog_and_what_the_relay_saw_are_told(world: World) -> None:
    """Pending events and the age of the oldest out of the outbox, the rest out of the relay's own table."""
    customer_id = await world.register()
    await world.mutate("recordBureauQuery", dict(changes_of(customer_id))["recordBureauQuery"])
    await world.mutate("addDebt", {"customerId": customer_id, "debt": brazil.debt()})
    await world.database.rows(
        "UPDATE customer_graph.outbox SET created_at = now() - interval '1 minute' WHERE sequence = 1"
    )
    await world.database.rows(
        "INSERT INTO customer_graph.relay_queue (queue, in_flight, dead_lettered, last_published_at) "
        "VALUES ('customer-rating.fifo', 4, 2, '2026-11-24T12:00:00Z')"
    )
    rating, activity = (await world.ask(_PIPELINE)).data["pipeline"]["targets"]
    assert 60 <= rating.pop("oldestPendingSeconds") < 120
    assert rating == {
        "name": "rating",
        "pending": 2,
        "inFlight": 4,
        "deadLettered": 2,
        "lastPublishedAt": "2026-11-24T12:00:00Z",
    }
    assert (activity["pending"], activity["inFlight"]) == (1, 0)


async def test_a_replay_lets_the_sent_events_of_one_target_wait_again(world: World) -> None:
    """From the given instant on; those of the other target, and erased ones, stay as they are."""
    gone = await world.register()
    await world.mutate("eraseCustomer", erasure(gone))
    customer_id = await world.register()
    await world.mutate("recordBureauQuery", dict(changes_of(customer_id))["recordBureauQuery"])
    await world.database.rows("UPDATE customer_graph.outbox SET published_at = now()")
    now = datetime.now(UTC)

    assert await replay(world.database.relay_url, "customer-rating.fifo", now) == 0
    assert await replay(world.database.relay_url, "customer-rating.fifo", now - timedelta(hours=1)) == 2
    waiting = await world.database.rows(
        "SELECT type, aggregateid::text AS customer FROM customer_graph.outbox "
        "WHERE published_at IS NULL ORDER BY position"
    )
    assert waiting == [
        {"type": "customer.erased.v1", "customer": gone},
        {"type": "customer.profile.v1", "customer": customer_id},
    ]
