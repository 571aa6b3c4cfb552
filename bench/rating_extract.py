"""Rows a second and memory of `customer-graph rating extract` over 100,000 customers on the embedded server.

    python bench/rating_extract.py [--rows 100000] [--format csv --format parquet ...]

Fills a temporary database, then runs the real command in a process of its own for each format and watches its
resident memory from outside, twenty times a second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
from pymongo import MongoClient

from devstack.ports import Ports
from devstack.servers.mongo import Mongo
from subgraphs.rating.domain.profile import Asset, Debt, Income, Profile
from subgraphs.rating.domain.record import ProfileChanged, apply_profile
from subgraphs.rating.domain.scorecard import load_scorecard
from subgraphs.rating.settings import StoreSettings
from subgraphs.rating.store import RatingStore
from subgraphs.rating.store.mapping import document_of

FORMATS = ("csv", "ndjson", "parquet")
BATCH = 1_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure and print one line for each format."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--format", action="append", choices=FORMATS, dest="formats")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="customer-graph-bench-") as name:
        folder = Path(name)
        server = Mongo(folder / "mongodb", Ports().prefer(0), folder / "mongodb.log")
        server.start()
        try:
            while not server.ready():
                time.sleep(0.05)
            url = f"{server.url}/rating"
            print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
            started = time.perf_counter()
            asyncio.run(fill(url, arguments.rows))
            print(f"filled with {arguments.rows} customers in {time.perf_counter() - started:.1f} s")
            print("| format | rows | seconds | rows/s | peak RSS, MB | file, MB |")
            print("|---|---:|---:|---:|---:|---:|")
            for output_format in arguments.formats or FORMATS:
                measure(url, folder / f"features.{output_format}", output_format, arguments.rows)
        finally:
            server.stop()


async def fill(url: str, rows: int) -> None:
    """Rated customers, each changed a second after the one before."""
    store = RatingStore(StoreSettings(rating_mongodb_url=url))  # type: ignore[arg-type]  # pydantic makes it a secret
    await store.open()
    await store.create_indexes()
    await store.close()
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    collection = client.get_default_database()["ratings"]
    batch: list[dict[str, Any]] = []
    for document in documents(rows):
        batch.append(document)
        if len(batch) == BATCH:
            collection.insert_many(batch)
            batch = []
    if batch:
        collection.insert_many(batch)
    client.close()


def documents(rows: int) -> Iterator[dict[str, Any]]:
    """Documents as the inbox would leave them after one profile each."""
    scorecard = load_scorecard("2026-1")
    rng = random.Random(1)
    for number in range(rows):
        moment = START + timedelta(seconds=number)
        event = ProfileChanged(uuid.uuid4(), uuid.UUID(int=rng.getrandbits(128)), 1, moment, profile(rng))
        record = apply_profile(None, event, scorecard, moment).record
        assert record is not None
        document = document_of(record).model_dump()
        yield {"_id": document.pop("id"), **document}


def profile(rng: random.Random) -> Profile:
    """A customer like those of the demo."""
    begin = date(2025, 6, 1)
    return Profile(
        birth_date=date(1940 + rng.randrange(65), 1 + rng.randrange(12), 1 + rng.randrange(28)),
        state=rng.choice(["SP", "RJ", "MG", "BA", "RS"]),
        city="Campinas",
        debts=tuple(
            Debt(
                Decimal(rng.randrange(100, 15_000)), begin, begin + timedelta(days=rng.randrange(100, 2_000))
            )
            for _ in range(rng.randrange(4))
        ),
        assets=(Asset("REAL_ESTATE", Decimal(80_000)), Asset("INVESTMENT", Decimal(rng.randrange(2_000)))),
        incomes=(Income("SALARY", Decimal(rng.randrange(500, 9_000)), begin),),
    )


def measure(url: str, out: Path, output_format: str, rows: int) -> None:
    """Run the command and print its line."""
    code = "from kernel.cli import main; main()"
    words = ["rating", "extract", "--format", output_format, "--out", str(out), "--quiet"]
    environment = {**os.environ, "RATING_MONGODB_URL": url}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, *words], env=environment, stdout=subprocess.PIPE)
    watched = psutil.Process(process.pid)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    seconds = time.perf_counter() - started
    said = process.communicate()[0].decode()
    assert process.returncode == 0, said
    assert said.startswith(f"{rows} rows written"), said
    speed, megabytes = rows / seconds, out.stat().st_size / 1e6
    print(f"| {output_format} | {rows} | {seconds:.1f} | {speed:,.0f} | {peak / 1e6:.0f} | {megabytes:.1f} |")


if __name__ == "__main__":
    main()
