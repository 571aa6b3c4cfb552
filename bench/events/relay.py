"""How many events a second go from the outbox to a queue, and how much memory a backlog costs.

    python -m bench.events.relay [--events 1000000] [--customers 20000] [--seconds 30]

A real PostgreSQL (the wheel's, fsync off) and a queue that takes everything: what is measured is the relay
and the database. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import psutil
from pydantic import SecretStr

from devstack.servers.postgres import SUPERUSER, Postgres
from subgraphs.customer.publishing.queue import Depth, Entry, QueuePolicy, Rejection
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.relay import Relay
from subgraphs.customer.store.migrate import upgrade
from subgraphs.customer.store.outbox_reader import OutboxReader
from subgraphs.customer.store.provision import APPLICATION, OWNER, RELAY, provision
from tests.kit.postgres import free_port

QUEUE = "customer-rating.fifo"
_FILL = """
WITH someone AS (
    INSERT INTO customer_graph.customer (id, erased_at)
    SELECT gen_random_uuid(), now() FROM generate_series(1, $2) RETURNING id),
numbered AS (SELECT id, row_number() OVER () AS place FROM someone)
INSERT INTO customer_graph.outbox (id, aggregatetype, aggregateid, type, payload, sequence, queue)
SELECT gen_random_uuid(), 'customer', numbered.id, 'customer.profile.v1',
       jsonb_build_object('city', 'Recife', 'debts', '[]'::jsonb, 'filler', repeat('x', 400)), turn, $3
  FROM generate_series(1, $1 / $2) AS turn, numbered ORDER BY turn
"""


class CountingPublisher:
    """Takes everything."""

    def __init__(self) -> None:
        self.taken = 0

    async def send(self, _queue: str, entries: Sequence[Entry]) -> list[Rejection]:
        """Count; a turn of the loop stands for the network."""
        await asyncio.sleep(0)
        self.taken += len(entries)
        return []

    async def depth(self, _queue: str) -> Depth:
        """The queue never changes."""
        return Depth("bench", 1)

    async def create(self, _queue: str, _policy: QueuePolicy) -> None:
        """It is there."""


async def measure(server: Postgres, events: int, customers: int, seconds: float) -> dict[str, object]:
    """Fill the outbox, relay for a while, and count."""
    await provision(
        server.url(SUPERUSER, "postgres"),
        {role: server.password(role) for role in (OWNER, APPLICATION, RELAY)},
        "customer",
    )
    await upgrade(server.url(OWNER, "customer"))
    connection = await asyncpg.connect(server.url(SUPERUSER, "customer"))
    await connection.execute(
        _FILL.replace("$1", str(events)).replace("$2", str(customers)).replace("$3", f"'{QUEUE}'")
    )
    await connection.execute("ANALYZE customer_graph.outbox")
    await connection.close()
    settings = RelaySettings.model_validate(
        {
            "customer_relay_database_url": SecretStr(server.url(RELAY, "customer")),
            "relay_queues": (QUEUE,),
        }
    )
    reader = OutboxReader(server.url(RELAY, "customer"), connections=settings.relay_connections)
    publisher = CountingPublisher()
    relay = Relay(settings, reader, publisher)
    process = psutil.Process()
    before = process.memory_info().rss
    started, cpu = time.perf_counter(), sum(process.cpu_times()[:2])
    relay.start()
    peak = before
    while time.perf_counter() - started < seconds and publisher.taken < events:
        await asyncio.sleep(0.1)
        peak = max(peak, process.memory_info().rss)
    elapsed = time.perf_counter() - started
    taken, used = publisher.taken, sum(process.cpu_times()[:2]) - cpu
    await relay.stop()
    await reader.close()
    return {
        "backlog": events,
        "customers": customers,
        "published": taken,
        "seconds": round(elapsed, 2),
        "events_per_second": round(taken / elapsed),
        "relay_cpu_ms_per_event": round(1000 * used / taken, 3),
        "rss_before_mb": round(before / 1e6),
        "rss_peak_mb": round(peak / 1e6),
    }


def main() -> None:
    """Measure on a database of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="customer-graph-bench-"))
    folder.chmod(0o755)
    server = Postgres(folder / "data", free_port(), folder / "log", {"fsync": "off"})
    try:
        server.initialise()
        server.start()
        print(
            json.dumps(asyncio.run(measure(server, given.events, given.customers, given.seconds)), indent=2)
        )
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
