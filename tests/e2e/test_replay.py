"""Both copies lose everything, and are rebuilt from the outbox while customers go on changing."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pymongo

from devstack.servers.postgres import Postgres
from tests.kit.brazil import debt
from tests.kit.graph import Graph
from tests.kit.stack import Stack, command
from tests.kit.stores import kept
from tests.kit.waiting import eventually

CUSTOMERS = 3
#: Rounds that the writer must get through while the copies are rebuilt.
ROUNDS = 2


def empty_rating(stack: Stack) -> None:
    """Every document is gone, as after the loss of the database; the indexes stay."""
    url = stack.environment.get("RATING_MONGODB_URL") or f"{stack.record('mongodb')['url']}/rating"
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        client.get_default_database()["ratings"].delete_many({})


def empty_activity(stack: Stack) -> None:
    """Every event and tombstone is gone."""
    url = stack.environment.get("ACTIVITY_STORE_URL")
    if url is None:
        with sqlite3.connect(stack.data / "activity" / "activity.db", timeout=30) as connection:
            for table in ("event", "event_words", "tombstone"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own tables
        connection.close()
        return
    parts = urlsplit(url)
    request = urllib.request.Request(
        f"{parts.scheme}://{parts.netloc}/{parts.path.strip('/')}-*/_delete_by_query?refresh&conflicts=proceed",
        data=json.dumps({"query": {"match_all": {}}}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


def replay(stack: Stack, target: str) -> int:
    """`customer replay` of everything; how many events it says to have found."""
    url = stack.environment.get("CUSTOMER_RELAY_DATABASE_URL")
    if url is None:
        server = Postgres(stack.data / "postgres", stack.record("postgres")["port"], Path())
        url = server.url("customer_relay", "customer_graph")
    done = command(
        "customer", "replay", "--target", target, "--since", "2020-01-01",
        environment={"CUSTOMER_RELAY_DATABASE_URL": url},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split(" ", 1)[0])


class Writer:
    """Changes customers, one after the other, until it is told to stop."""

    def __init__(self, graph: Graph, customers: list[str]) -> None:
        self.rounds = 0
        self.purchases: Counter[str] = Counter()
        self._graph = graph
        self._customers = customers
        self._stop = Event()
        self._work: Future[None] | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """It writes for as long as the body runs; what went wrong is raised afterwards."""
        with ThreadPoolExecutor(1, "writer") as pool:
            self._work = pool.submit(self._run)
            try:
                yield
            finally:
                self._stop.set()
        self._work.result()

    def is_past(self, rounds: int) -> bool:
        """Whether it has got that far; also when it has failed, so that nobody waits for it."""
        return self.rounds >= rounds or (self._work is not None and self._work.done())

    def _run(self) -> None:
        while not self._stop.is_set():
            for customer in self._customers:
                self._graph.mutate("addDebt", customerId=customer, debt=debt(amount="12.50"))
                self._graph.purchase(customer)
                self.purchases[customer] += 1
            self.rounds += 1


def test_emptied_copies_are_rebuilt_while_writes_go_on(stack: Stack) -> None:
    """Each rating reaches its customer's version, each event is there once, and the erased stay erased."""
    graph = Graph(stack)
    customers = [graph.register() for _ in range(CUSTOMERS)]
    erased = graph.register()
    for customer in (*customers, erased):
        graph.purchase(customer)
    for customer in (*customers, erased):
        graph.followed(customer, events=1)
    graph.mutate("eraseCustomer", customerId=erased, reason="pedido do titular")

    def tombstones() -> int:
        kinds = ("MongoDB ratings", "SQLite tombstone", "Elasticsearch")
        return sum(place.name in kinds and erased in place.text for place in kept(stack))

    eventually("both copies know of the erasure", lambda: tombstones() == 2)
    writer = Writer(graph, customers)
    with writer.running():
        eventually("the writer writes", lambda: writer.is_past(1))
        empty_rating(stack)
        empty_activity(stack)
        assert replay(stack, "rating") >= 2 * CUSTOMERS + 1
        assert replay(stack, "activity") >= CUSTOMERS + 1
        seen = writer.rounds
        eventually("writes went on", lambda: writer.is_past(seen + ROUNDS))
    for customer in customers:
        followed = graph.followed(customer, events=1 + writer.purchases[customer])
        assert followed["activity"]["totalCount"] == 1 + writer.purchases[customer]
    eventually("both copies know of the erasure again", lambda: tombstones() == 2)
    assert graph.customer(erased) is None
