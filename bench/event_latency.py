"""From a mutation's answer to the rating's `sourceVersion`: how far the copies are behind.

Adds debts to random customers of a running stack at a fixed rate (open loop: a slow answer does not slow the
next mutation down), and polls the gateway for each until the rating is at that version. The poll's own pause
is part of the figure, at most 20 ms.

    .venv/bin/python bench/event_latency.py [--data DIR] [--rate 5] [--seconds 60]
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

POLL_SECONDS = 0.02
#: Seconds after which an event counts as lost.
GIVE_UP_SECONDS = 60.0
_CUSTOMERS = "{ customers(first: 100) { nodes { id } } }"
_ADD = """
mutation Add($input: AddDebtInput!) {
  addDebt(input: $input) { customer { version } userErrors { code message } }
}
"""
_LEVEL = "query Level($id: ID!) { customer(id: $id) { rating { sourceVersion } } }"


@dataclass
class Figures:
    """Milliseconds."""

    answered: list[float] = field(default_factory=list)
    followed: list[float] = field(default_factory=list)
    lost: int = 0


def devstack(*arguments: str) -> str:
    """What a devstack command prints."""
    script = Path(sys.executable).with_name("customer-graph")
    done = subprocess.run([str(script), "devstack", *arguments], check=True, capture_output=True, text=True)
    return done.stdout


async def follow_one(client: GraphQLClient, token: str, customer_id: str, figures: Figures) -> None:
    """Add a debt to one customer, and wait until its rating knows."""
    debt = {
        "creditor": "Banco Araucária",
        "amount": "10.00",
        "contractedOn": "2026-01-10",
        "dueOn": "2030-01-10",
    }
    started = time.perf_counter()
    fields = {"customerId": customer_id, "debt": debt, "idempotencyKey": new_id()}
    answer = await client.data(_ADD, {"input": fields}, token)
    version = answer["addDebt"]["customer"]["version"]
    answered = time.perf_counter()
    figures.answered.append((answered - started) * 1000)
    while time.perf_counter() < answered + GIVE_UP_SECONDS:
        rating = (await client.data(_LEVEL, {"id": customer_id}, token))["customer"]["rating"]
        if rating is not None and rating["sourceVersion"] >= version:
            figures.followed.append((time.perf_counter() - answered) * 1000)
            return
        await asyncio.sleep(POLL_SECONDS)
    figures.lost += 1


async def drive(url: str, token: str, rate: float, seconds: float) -> Figures:
    """Run the load; the figures of all its mutations."""
    figures = Figures()
    async with GraphQLClient(url) as client:
        nodes = (await client.data(_CUSTOMERS, {}, token))["customers"]["nodes"]
        started = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
                tasks.create_task(follow_one(client, token, random.choice(nodes)["id"], figures))
    return figures


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
