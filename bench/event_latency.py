"""From a mutation's answer to the rating's `sourceVersion`: how far the copies are behind.

Adds debts to random customers of a running stack at a fixed rate (open loop: a slow answer does not slow the
next mutation down). One poller asks the gateway for all customers that are awaited, in one request at a time,
so that watching costs the stack the same however late it is; its pause and its own request are part of the
figure.

    .venv/bin/python -m bench.event_latency [--data DIR] [--rate 5] [--seconds 60]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from devstack.client import GraphQLClient
from kernel.events import new_id

#: Seconds between two requests of the poller.
POLL_SECONDS = 0.05
#: Root fields of one request of the poller; the gateway takes up to 20.
POLLED_AT_ONCE = 20
#: Seconds after which an event counts as lost.
GIVE_UP_SECONDS = 60.0
_CUSTOMERS = "{ customers(first: 100) { nodes { id } } }"
_ADD = """
mutation Add($input: AddDebtInput!) {
  addDebt(input: $input) { customer { version } userErrors { code message } }
}
"""


@dataclass
class Awaited:
    """A mutation that was answered and whose rating is not there yet."""

    customer_id: str
    version: int
    answered: float


@dataclass
class Run:
    """The state of one run, and its figures in milliseconds."""

    client: GraphQLClient
    token: str
    awaited: list[Awaited] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    followed: list[float] = field(default_factory=list)
    lost: int = 0

    @property
    def settled(self) -> int:
        """Mutations whose fate is known."""
        return len(self.followed) + self.lost


def devstack(*arguments: str) -> str:
    """What a devstack command prints."""
    script = Path(sys.executable).with_name("customer-graph")
    done = subprocess.run([str(script), "devstack", *arguments], check=True, capture_output=True, text=True)
    return done.stdout


async def add_debt(run: Run, customer_id: str) -> None:
    """One mutation."""
    debt = {
        "creditor": "Banco Araucária",
        "amount": "10.00",
        "contractedOn": "2026-01-10",
        "dueOn": "2030-01-10",
    }
    started = time.perf_counter()
    fields = {"customerId": customer_id, "debt": debt, "idempotencyKey": new_id()}
    answer = await run.client.data(_ADD, {"input": fields}, run.token)
    answered = time.perf_counter()
    run.answered.append((answered - started) * 1000)
    run.awaited.append(Awaited(customer_id, answer["addDebt"]["customer"]["version"], answered))


async def levels(run: Run, customer_ids: list[str]) -> dict[str, int]:
    """The version that each customer's rating is at."""
    found: dict[str, int] = {}
    for start in range(0, len(customer_ids), POLLED_AT_ONCE):
        part = customer_ids[start : start + POLLED_AT_ONCE]
        heads = ", ".join(f"$i{number}: ID!" for number in range(len(part)))
        fields = " ".join(
            f"c{number}: customer(id: $i{number}) {{ rating {{ sourceVersion }} }}"
            for number in range(len(part))
        )
        variables = {f"i{number}": customer_id for number, customer_id in enumerate(part)}
        answer = await run.client.data(f"query Levels({heads}) {{ {fields} }}", variables, run.token)
        for number, customer_id in enumerate(part):
            rating = answer[f"c{number}"]["rating"]
            found[customer_id] = 0 if rating is None else rating["sourceVersion"]
    return found


async def watch(run: Run, total: int) -> None:
    """Poll until every mutation's fate is known."""
    while run.settled < total:
        await asyncio.sleep(POLL_SECONDS)
        asked = list(run.awaited)
        if not asked:
            continue
        found = await levels(run, sorted({one.customer_id for one in asked}))
        now = time.perf_counter()
        for one in asked:
            if found[one.customer_id] >= one.version:
                run.followed.append((now - one.answered) * 1000)
            elif now - one.answered > GIVE_UP_SECONDS:
                run.lost += 1
            else:
                continue
            run.awaited.remove(one)


async def drive(url: str, token: str, rate: float, seconds: float) -> Run:
    """Run the load; the figures of all its mutations."""
    total = int(rate * seconds)
    async with GraphQLClient(url) as client:
        run = Run(client, token)
        nodes = (await client.data(_CUSTOMERS, {}, token))["customers"]["nodes"]
        started = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch(run, total))
            for number in range(total):
                await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
                tasks.create_task(add_debt(run, random.choice(nodes)["id"]))
    return run


def summary(values: list[float]) -> str:
    """Median, 95th and 99th percentile, maximum."""
    cuts = statistics.quantiles(values, n=100)
    return f"p50 {cuts[49]:7.1f}  p95 {cuts[94]:7.1f}  p99 {cuts[98]:7.1f}  max {max(values):7.1f} ms"


def main() -> None:
    """Drive the load and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=".data")
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    processes = json.loads(devstack("status", "--json", "--data", options.data))["processes"]
    url = next(process["url"] for process in processes if process["name"] == "gateway")
    token = devstack("token", "--data", options.data, "--scopes", "graph:write").splitlines()[-1]
    figures = asyncio.run(drive(url, token, options.rate, options.seconds))
    print(f"{len(figures.answered)} mutations at {options.rate:g}/s, {figures.lost} lost")
    print(f"mutation answered   {summary(figures.answered)}")
    print(f"rating followed     {summary(figures.followed)}  (after the answer)")


if __name__ == "__main__":
    main()
