"""Reads of activity on Elasticsearch while the number of events grows.

    tests/services/services start elasticsearch && eval "$(tests/services/services env elasticsearch)"
    python -m bench.real_servers.activity [--events 10000 100000 1000000] [--seconds 10]

For each size, one after the other for some seconds: a page of `activityFeed` with and without words, a page
further down, a page of one customer, and the gateway's batch for the last purchases of 100 customers; each as
a GraphQL operation in this process, the subgraph's parsing, resolving and printing included, and how many
requests it made of Elasticsearch. Prints one JSON line a size. Loading holds a thousand events at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import logging
import os
import random
import resource
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from subgraphs.activity.domain import Event
from subgraphs.activity.store.elastic import ElasticStore
from tests.kit.activity import bureau_query, card_purchase, moved, movement
from tests.kit.elasticsearch import temporary_store
from tests.kit.real import ELASTICSEARCH_URL
from tests.unit.subgraphs.activity.world import World

#: Events of one customer on average.
EVENTS_EACH = 50
_MERCHANTS = ("Padaria Real", "Farmácia São João", "Livraria Buriti", "Posto Ipê", "Mercado Jatobá")
_BEGIN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_DAYS = 900
_BATCH = 1_000
_NODE = "id occurredAt kind customer { id } ... on CardPurchase { amount merchant }"
_PAGE = f"edges {{ cursor node {{ {_NODE} }} }} pageInfo {{ hasNextPage endCursor }}"
_FEED = f"query ($after: String) {{ activityFeed(first: 20, after: $after) {{ {_PAGE} }} }}"
_WORDS = (
    f'{{ activityFeed(first: 20, filter: {{ kinds: [CARD_PURCHASE], search: "farmácia" }}) {{ {_PAGE} }} }}'
)
_LAST = "lastCardPurchase { id occurredAt amount merchant }"
_OF_ONE = f"activity(first: 20) {{ {_PAGE} }}"
#: Pages that are turned before the one further down is asked for.
_DOWN = 50


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


class Requests(logging.Handler):
    """How many requests the client has made: it writes one line for each."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.count = 0
        logger = logging.getLogger("elastic_transport.transport")
        logger.addHandler(self)
        logger.setLevel(logging.INFO)
        logger.propagate = False

    def emit(self, _record: logging.LogRecord) -> None:
        """Count the line."""
        self.count += 1


async def figures(
    read: Callable[[], Awaitable[object]], seconds: float, requests: Requests
) -> dict[str, float]:
    """Milliseconds of one read after the other, and requests made by each."""
    for _ in range(20):
        await read()
    taken: list[float] = []
    before, ends_at = requests.count, time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        started = time.perf_counter()
        await read()
        taken.append(1000 * (time.perf_counter() - started))
    made = (requests.count - before) / len(taken)
    taken.sort()
    shares = {f"p{share}": round(taken[share * (len(taken) - 1) // 100], 2) for share in (50, 95, 99)}
    return {**shares, "reads": len(taken), "requests": made}


async def further_down(world: World) -> str:
    """The cursor of a page that many pages come before."""
    after: str | None = None
    for _ in range(_DOWN):
        page = (await world.ask(_FEED, after=after)).data["activityFeed"]
        after = page["pageInfo"]["endCursor"]
    assert after is not None
    return after


async def measure(sizes: list[int], seconds: float) -> None:
    """Grow the store from size to size."""
    assert ELASTICSEARCH_URL is not None, (
        "start Elasticsearch first: tests/services/services start elasticsearch"
    )
    chance, requests = random.Random(2026), Requests()
    customers = [uuid.UUID(int=chance.getrandbits(128)) for _ in range(max(sizes) // EVENTS_EACH)]
    size = 0
    async with temporary_store(ELASTICSEARCH_URL, ElasticStore) as store:
        world = World(store)
        for wanted in sizes:
            rate = await fill(store, made_up(chance, customers, wanted - size))
            size = wanted
            after = await further_down(world)
            reads: dict[str, Callable[[], Awaitable[object]]] = {
                "feed": lambda: world.ask(_FEED),
                "feed_page_51": partial(world.ask, _FEED, after=after),
                "feed_words": lambda: world.ask(_WORDS),
                "page_of_one_customer": lambda: world.entities(_OF_ONE, chance.choice(customers)),
                "last_purchase_of_100": lambda: world.entities(_LAST, *chance.sample(customers, 100)),
            }
            line = {
                "events": size,
                "written_per_second": round(rate),
                "ms": {name: await figures(read, seconds, requests) for name, read in reads.items()},
                "max_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "load_average": os.getloadavg()[0],
            }
            print(json.dumps(line), flush=True)


def main() -> None:
    """Measure in indices that are gone afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    asyncio.run(measure(sorted(given.events), given.seconds))


if __name__ == "__main__":
    main()
