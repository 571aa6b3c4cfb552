"""Reads of the customer subgraph on PostgreSQL: how many statements, how many milliseconds.

    tests/services/services start postgres && eval "$(tests/services/services env postgres)"
    python -m bench.real_servers.customer [--customers 1000 10000] [--seconds 10]

`customer(id)` with its debts, assets and incomes (ten, three and two), and the gateway's batch for a hundred
customers with the same; one after the other, each as a GraphQL operation in this process, the subgraph's
parsing, access log, decryption and printing included. Prints one JSON line a size.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from devstack.servers.postgres import SUPERUSER
from subgraphs.customer.store.migrate import upgrade
from subgraphs.customer.store.provision import APPLICATION, OWNER, RELAY, provision
from tests.kit.brazil import debt, income
from tests.kit.postgres import CustomerDatabase, RunningServer
from tests.kit.real import POSTGRES_URL
from tests.unit.subgraphs.customer.world import World, open_world, statements

#: Registrations under way at once while the database is filled.
_AT_ONCE = 8
_PROFILE = {
    "debts": [debt() for _ in range(10)],
    "assets": [{"kind": "VEHICLE", "description": "Fiat Uno", "value": "21500.00"} for _ in range(3)],
    "incomes": [income() for _ in range(2)],
}
_PARTS = (
    "id name version debts { amount dueOn settledOn } assets { kind value } incomes { kind monthlyAmount }"
)
_ENTITIES = (
    f"query ($of: [_Any!]!) {{ _entities(representations: $of) {{ ... on Customer {{ {_PARTS} }} }} }}"
)


async def fill(world: World, count: int) -> list[str]:
    """Register so many customers; answers their ids."""

    async def some(number: int) -> list[str]:
        return [await world.register(**_PROFILE) for _ in range(number)]

    parts = [count // _AT_ONCE + (number < count % _AT_ONCE) for number in range(_AT_ONCE)]
    return list(itertools.chain.from_iterable(await asyncio.gather(*map(some, parts))))


async def figures(read: Callable[[], Awaitable[object]], seconds: float) -> dict[str, float]:
    """Milliseconds of one read after the other, and the statements of one."""
    for _ in range(20):
        await read()
    with statements() as sent:
        await read()
    taken: list[float] = []
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        started = time.perf_counter()
        await read()
        taken.append(1000 * (time.perf_counter() - started))
    taken.sort()
    shares = {f"p{share}": round(taken[share * (len(taken) - 1) // 100], 2) for share in (50, 95, 99)}
    return {**shares, "reads": len(taken), "statements": len(sent)}


async def measure(database: CustomerDatabase, sizes: Sequence[int], seconds: float, folder: Path) -> None:
    """Grow the database from size to size."""
    chance, people = random.Random(2026), list[str]()
    async with open_world(database, folder, log_level="ERROR") as world:

        async def one() -> None:
            assert await world.customer(chance.choice(people), _PARTS)

        async def hundred() -> None:
            of = [{"__typename": "Customer", "id": each} for each in chance.sample(people, 100)]
            assert all((await world.ask(_ENTITIES, {"of": of})).data["_entities"])

        for size in sizes:
            started = time.perf_counter()
            registered = await fill(world, size - len(people))
            people += registered
            line = {
                "customers": size,
                "registered_per_second": round(len(registered) / (time.perf_counter() - started)),
                "ms": {
                    "customer": await figures(one, seconds),
                    "entities_100": await figures(hundred, seconds),
                },
                "load_average": os.getloadavg()[0],
            }
            print(json.dumps(line), flush=True)


async def run(sizes: Sequence[int], seconds: float) -> None:
    """Measure in a database of its own."""
    assert POSTGRES_URL is not None, "start PostgreSQL first: tests/services/services start postgres"
    server = RunningServer(POSTGRES_URL)
    name = f"bench_{uuid.uuid4().hex[:12]}"
    await provision(
        server.url(SUPERUSER, "postgres"),
        {role: server.password(role) for role in (OWNER, APPLICATION, RELAY)},
        name,
    )
    await upgrade(server.url(OWNER, name))
    roles = (SUPERUSER, OWNER, APPLICATION, RELAY)
    database = CustomerDatabase(name, *(server.url(role, name) for role in roles))
    with tempfile.TemporaryDirectory(prefix="customer-graph-bench-") as folder:
        await measure(database, sizes, seconds, Path(folder))


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    asyncio.run(run(sorted(given.customers), given.seconds))


if __name__ == "__main__":
    main()
