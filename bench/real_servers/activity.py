"""Reads of activity on Elasticsearch while the number of events grows.

    tests/services/services start elasticsearch && eval "$(tests/services/services env elasticsearch)"
    python -m bench.real_servers.activity [--events 10000 100000 1000000] [--seconds 10]

For each size: a page of `activityFeed` with and without words, and one request for the last purchases of 100
customers, asked by the store one after the other for some seconds. Prints one JSON line a size.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Any

from subgraphs.activity.domain import ActivityKind, Event
from subgraphs.activity.store.elastic import ElasticStore
from subgraphs.activity.store.port import Filter, PageRequest
from tests.kit.activity import bureau_query, card_purchase, moved, movement
from tests.kit.elasticsearch import temporary_store
from tests.kit.real import ELASTICSEARCH_URL

#: Events of one customer on average.
EVENTS_EACH = 50
_MERCHANTS = ("Padaria Real", "Farmácia São João", "Livraria Buriti", "Posto Ipê", "Mercado Jatobá")
_BEGIN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_DAYS = 900
_BATCH = 1_000
_WORDS = Filter(search="farmácia", kinds=(ActivityKind.CARD_PURCHASE,))


def made_up(chance: random.Random, customers: list[uuid.UUID], count: int) -> Iterator[Event]:
    """So many events of those customers."""
    for _ in range(count):
        make = chance.choice((card_purchase, card_purchase, movement, bureau_query))
        fields: dict[str, Any] = {"id": uuid.UUID(int=chance.getrandbits(128))}
        if make is not bureau_query:
            fields["amount"] = chance.randrange(100, 500_000)
        if make is card_purchase:
            fields["merchant"] = f"{chance.choice(_MERCHANTS)} {chance.randrange(1_000)}"
        moment = _BEGIN + dt.timedelta(seconds=chance.randrange(_DAYS * 86_400))
        yield moved(make(chance.choice(customers), **fields), moment)


async def fill(store: ElasticStore, events: Iterator[Event]) -> float:
    """Write the events, a thousand at a time; answers how many a second."""
    started, count = time.perf_counter(), 0
    while batch := list(islice(events, _BATCH)):
        await store.record(batch)
        count += len(batch)
    await store.refresh()
    return count / (time.perf_counter() - started)


async def percentiles(read: Callable[[], Awaitable[object]], seconds: float) -> dict[str, float]:
    """Milliseconds of one read after the other."""
    for _ in range(20):
        await read()
    taken = []
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        started = time.perf_counter()
        await read()
        taken.append(1000 * (time.perf_counter() - started))
    taken.sort()
    return {f"p{share}": round(taken[share * (len(taken) - 1) // 100], 2) for share in (50, 95, 99)}


async def measure(sizes: list[int], seconds: float) -> None:
    """Grow the store from size to size."""
    assert ELASTICSEARCH_URL is not None, (
        "start Elasticsearch first: tests/services/services start elasticsearch"
    )
    chance = random.Random(2026)
    customers = [uuid.UUID(int=chance.getrandbits(128)) for _ in range(max(sizes) // EVENTS_EACH)]
    size = 0
    async with temporary_store(ELASTICSEARCH_URL, ElasticStore) as store:
        for wanted in sizes:
            rate = await fill(store, made_up(chance, customers, wanted - size))
            size = wanted
            figures = {
                "feed": await percentiles(lambda: store.feed(PageRequest(Filter(), 20)), seconds),
                "feed_words": await percentiles(lambda: store.feed(PageRequest(_WORDS, 20)), seconds),
                "last_purchase_of_100": await percentiles(
                    lambda: store.latest(ActivityKind.CARD_PURCHASE, chance.sample(customers, 100)), seconds
                ),
            }
            line = {"events": size, "written_per_second": round(rate), "ms": figures}
            print(json.dumps({**line, "load_average": os.getloadavg()[0]}), flush=True)


def main() -> None:
    """Measure in indices that are gone afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    asyncio.run(measure(sorted(given.events), given.seconds))


if __name__ == "__main__":
    main()
