"""Events a second from the outbox to both copies, and how far the copies are behind at a given rate.

    tests/services/services start all && eval "$(tests/services/services env)"
    python -m bench.real_servers.pipeline [--backlog 10000] [--rate 250] [--seconds 30]

The whole stack as processes, on PostgreSQL, ElasticMQ, mongo-java-server and Elasticsearch, with one router
of one process. Two events in three are profiles (rating), one is a purchase (activity); they are written to
the outbox by SQL, because it is the pipeline that is measured. The lag is from an event's commit to the
router's note that its target has it, both on this machine's clock. CPU time tells what the rate would be
on a machine with nothing else to do: the milliseconds of all processes for one event. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil

from tests.kit.brazil import debt, income
from tests.kit.graph import Graph
from tests.kit.postgres import RunningServer
from tests.kit.real import ELASTICSEARCH_URL, MONGODB_URL, POSTGRES_URL, SQS_URL
from tests.kit.real_stack import real_stack_environment
from tests.kit.stack import Stack

#: Seconds that the pipeline may take for a backlog before it counts as stuck.
PATIENCE = 600.0
CUSTOMERS = 2_000
_PEOPLE = """
INSERT INTO customer_graph.customer (id, erased_at)
SELECT gen_random_uuid(), now() FROM generate_series(1, $1)
"""
#: Numbers `first` to `last`: each customer in turn, with growing versions.
_APPEND = """
WITH people AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place
      FROM customer_graph.customer WHERE erased_at IS NOT NULL),
template AS (SELECT DISTINCT ON (type) type, queue, payload FROM customer_graph.outbox
              WHERE aggregateid = $3 ORDER BY type),
numbered AS (
    SELECT number, gen_random_uuid() AS event_id, people.id AS customer_id,
           CASE WHEN number % 3 = 0 THEN 'customer.activity.v1' ELSE 'customer.profile.v1' END AS type
      FROM generate_series($1::bigint, $2::bigint) AS number JOIN people ON place = number % $4::bigint)
INSERT INTO customer_graph.outbox (id, aggregatetype, aggregateid, type, payload, sequence, queue)
SELECT event_id, 'customer', customer_id, type,
       CASE WHEN payload ? 'eventId'
            THEN payload || jsonb_build_object('eventId', event_id, 'customerId', customer_id)
            ELSE payload END,
       number, queue
  FROM numbered JOIN template USING (type) ORDER BY number
"""


class Pipeline:
    """The stack, and its outbox as the superuser sees it."""

    def __init__(self, stack: Stack, connection: asyncpg.Connection, template: str) -> None:
        self._stack = stack
        self._connection = connection
        self._template = template
        self._last = 0
        self._delivered: dict[str, datetime] = {}
        self._read_to = 0

    async def append(self, count: int) -> None:
        """Commit so many further events."""
        first, self._last = self._last + 1, self._last + count
        await self._connection.execute(_APPEND, first, self._last, self._template, CUSTOMERS)

    async def delivered(self, count: int) -> dict[str, datetime]:
        """When each event was noted as delivered, once there are `count`."""
        ends_at = time.monotonic() + PATIENCE
        while True:
            self._read_on()
            if len(self._delivered) >= count or time.monotonic() > ends_at:
                return dict(self._delivered)
            await asyncio.sleep(0.5)

    def _read_on(self) -> None:
        """What the router has noted since; whoever measures must not read all of its log again and again."""
        with (self._stack.data / "logs" / "router.log").open("rb") as log:
            log.seek(self._read_to)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                if b"router.event_delivered" in line:
                    told = json.loads(line)
                    self._delivered[told["event_id"]] = datetime.fromisoformat(told["timestamp"])

    async def committed(self) -> dict[str, datetime]:
        """When each event was committed."""
        rows = await self._connection.fetch("SELECT id, created_at FROM customer_graph.outbox")
        return {str(row["id"]): row["created_at"] for row in rows}


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """CPU time of every process so far, the servers' too, by name."""
    pids = {record["name"]: record["pid"] for record in stack.status() if record["pid"]}
    ports = {"elasticsearch": ELASTICSEARCH_URL, "elasticmq": SQS_URL, "mongodb": MONGODB_URL}
    names = {urlsplit(url or "").port: name for name, url in {**ports, "postgres": POSTGRES_URL}.items()}
    for connection in psutil.net_connections("tcp"):
        port = connection.laddr[1] if connection.laddr else None
        if connection.status == psutil.CONN_LISTEN and port in names and connection.pid:
            pids[names[port]] = connection.pid
    used = {}
    for name, pid in pids.items():
        process = psutil.Process(pid)
        times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
        # Children that have ended are counted with their parent.
        used[name] = sum(each.user + each.system for each in times) + times[0].children_user
    return used


async def measure(stack: Stack, url: str, backlog: int, rate: int, seconds: int) -> dict[str, object]:
    """A backlog first, then a steady rate."""
    graph = Graph(stack)
    template = graph.register(debts=[debt()], incomes=[income()])
    graph.purchase(template)
    connection = await asyncpg.connect(url)
    await connection.execute(_PEOPLE, CUSTOMERS)
    pipeline = Pipeline(stack, connection, template)
    before = len(await pipeline.delivered(2))
    await pipeline.append(1_000)  # warms up
    before = len(await pipeline.delivered(before + 1_000))

    known = set((await pipeline.delivered(before)).keys())
    cpu = await asyncio.to_thread(cpu_seconds, stack)
    await pipeline.append(backlog)
    done = await pipeline.delivered(before + backlog)
    moments = sorted(moment for event, moment in done.items() if event not in known)
    burst = (len(moments) - 1) / (moments[-1] - moments[0]).total_seconds()

    after = await asyncio.to_thread(cpu_seconds, stack)
    used = {name: round(1000 * (after[name] - cpu[name]) / backlog, 2) for name in sorted(cpu)}

    known = set(done)
    started = time.monotonic()
    for tick in range(seconds * 10):
        await asyncio.sleep(max(0.0, started + tick / 10 - time.monotonic()))
        await pipeline.append(rate // 10)
    done = await pipeline.delivered(len(known) + seconds * 10 * (rate // 10))
    committed = await pipeline.committed()
    lags = sorted((done[event] - committed[event]).total_seconds() for event in done.keys() - known)
    await connection.close()
    return {
        "backlog": backlog,
        "delivered_of_it": len(moments),
        "events_per_second": round(burst),
        "cpu_ms_per_event": {**used, "all": round(sum(used.values()), 2)},
        "steady_rate": rate,
        "steady_events": len(lags),
        "lag_p50_ms": _milliseconds(lags, 0.50),
        "lag_p95_ms": _milliseconds(lags, 0.95),
        "lag_p99_ms": _milliseconds(lags, 0.99),
        "load_average": os.getloadavg()[0],
    }


def _milliseconds(seconds: Sequence[float], share: float) -> int:
    return round(1000 * seconds[int(share * (len(seconds) - 1))])


def main() -> None:
    """Measure on stores of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backlog", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=250)
    parser.add_argument("--seconds", type=int, default=30)
    given = parser.parse_args()
    environment = real_stack_environment()
    if POSTGRES_URL is None:
        parser.error("start the servers first: tests/services/services start all")
    with tempfile.TemporaryDirectory(prefix="customer-graph-bench-") as folder:
        stack = Stack(Path(folder, "data"), Path(folder, "output.txt"), environment=environment)
        stack.start()
        try:
            database = environment["CUSTOMER_DATABASE_URL"].rpartition("/")[2]
            url = RunningServer(POSTGRES_URL).url("postgres", database)
            figures = asyncio.run(measure(stack, url, given.backlog, given.rate, given.seconds))
            print(json.dumps(figures, indent=2))
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
