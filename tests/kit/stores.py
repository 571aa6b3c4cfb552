"""Everything that a stack keeps, as text to search: stores, queues and logs."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import boto3
import pymongo
from botocore.config import Config

from devstack.servers.postgres import SUPERUSER, Postgres
from devstack.servers.sqs import Sqs
from tests.kit.stack import Stack

__all__ = ["Place", "kept", "queued"]

_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""
_REQUEST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """A table, collection, index, file or log, with all that it holds."""

    name: str
    text: str


def kept(stack: Stack) -> Iterator[Place]:
    """Every row of every table, every document, every line of every log."""
    yield from asyncio.run(_postgres(_postgres_url(stack)))
    yield from _mongodb(stack)
    yield from _activity(stack)
    for log in sorted((stack.data / "logs").glob("*.log")):
        yield Place(log.name, log.read_text(errors="replace"))
    yield Place("output", stack.said())


def queued(stack: Stack) -> dict[str, int]:
    """How many messages each queue and dead-letter queue holds, in flight or delayed ones included."""
    told = stack.environment or Sqs(stack.record("sqs")["port"], Path()).client_environment
    client = boto3.client(
        "sqs",
        endpoint_url=told["AWS_ENDPOINT_URL_SQS"],
        region_name=told["AWS_DEFAULT_REGION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 2}),
    )
    counts = {}
    for url in client.list_queues(QueueNamePrefix=told.get("QUEUE_PREFIX", "")).get("QueueUrls", []):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        counts[url.rsplit("/", 1)[-1]] = sum(
            int(value) for name, value in attributes.items() if name.startswith("ApproximateNumberOfMessages")
        )
    return counts


def _postgres_url(stack: Stack) -> str:
    """As a role that may read every table."""
    if "CUSTOMER_OWNER_DATABASE_URL" in stack.environment:
        return stack.environment["CUSTOMER_OWNER_DATABASE_URL"]
    server = Postgres(stack.data / "postgres", stack.record("postgres")["port"], Path())
    return server.url(SUPERUSER, "customer_graph")


async def _postgres(url: str) -> list[Place]:
    connection = await asyncpg.connect(url)
    try:
        tables = [row[0] for row in await connection.fetch(_TABLES)]
        places = []
        for table in tables:
            rows = await connection.fetch(f"SELECT t::text FROM {table} t")  # noqa: S608  quoted by the server
            places.append(Place(f"PostgreSQL {table}", "\n".join(row[0] for row in rows)))
        return places
    finally:
        await connection.close()


def _mongodb(stack: Stack) -> Iterator[Place]:
    url = stack.environment.get("RATING_MONGODB_URL", f"{stack.record('mongodb')['url']}/rating")
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(url)
    try:
        database = client.get_default_database()
        for name in database.list_collection_names():
            yield Place(f"MongoDB {name}", "\n".join(map(str, database[name].find())))
    finally:
        client.close()


def _activity(stack: Stack) -> Iterator[Place]:
    url = stack.environment.get("ACTIVITY_STORE_URL")
    if url is None:
        yield from _sqlite(stack.data / "activity")
        return
    parts = urlsplit(url)
    pattern = f"{parts.scheme}://{parts.netloc}/{parts.path.strip('/')}*"
    _post(f"{pattern}/_refresh")
    yield Place("Elasticsearch", json.dumps(_post(f"{pattern}/_search?size=10000"), ensure_ascii=False))


def _post(url: str) -> object:
    request = urllib.request.Request(url, method="POST")
    with urllib.request.urlopen(request, timeout=_REQUEST_SECONDS) as answer:
        return json.loads(answer.read())


def _sqlite(folder: Path) -> Iterator[Place]:
    connection = sqlite3.connect(f"file:{folder / 'activity.db'}?mode=ro", uri=True)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  our own tables
            yield Place(f"SQLite {table}", "\n".join(map(str, rows)))
    finally:
        connection.close()
