"""A store's disk is full: writes fail as what they are, reads go on, and with room again all is well."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.servers.postgres import SUPERUSER, Postgres
from subgraphs.activity.domain import ActivityKind, Outcome
from subgraphs.activity.store.embedded import EmbeddedStore
from subgraphs.activity.store.port import StoreUnavailable
from subgraphs.customer.store.migrate import upgrade
from subgraphs.customer.store.provision import APPLICATION, OWNER, RELAY, provision
from tests.kit import brazil
from tests.kit.activity import ANA, card_purchase
from tests.kit.postgres import Cluster, CustomerDatabase, free_port
from tests.kit.small_disk import SmallDisk, small_disk
from tests.unit.subgraphs.customer.world import open_world

_NAME = "customer"
#: Enough for an empty cluster and its log.
_CLUSTER_MEGABYTES = 160
_MOST_WRITES = 2_000


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(_CLUSTER_MEGABYTES) as disk:
        yield disk


@pytest.fixture
def crowded(disk: SmallDisk, tmp_path: Path) -> Iterator[CustomerDatabase]:
    """A migrated database whose cluster has the small disk to itself."""
    options = {"max_wal_size": "32MB", "min_wal_size": "32MB", "wal_recycle": "off", "max_connections": "20"}
    server = Postgres(disk.folder / "data", free_port(), tmp_path / "postgres.log", options)
    try:
        server.initialise()
        server.start()
        passwords = {role: server.password(role) for role in (OWNER, APPLICATION, RELAY)}
        asyncio.run(provision(server.url(SUPERUSER, "postgres"), passwords, _NAME))
        asyncio.run(upgrade(server.url(OWNER, _NAME)))
        yield Cluster(server).database(_NAME)
    finally:
        server.stop()


async def test_postgresql_without_room_refuses_writes_and_goes_on_reading(
    crowded: CustomerDatabase, disk: SmallDisk, tmp_path: Path
) -> None:
    """Each change is there with its event or neither is; nobody is told of files, and nothing is corrupt."""
    async with open_world(crowded, tmp_path) as world:
        customer = await world.register()
        disk.fill()
        accepted, codes = 1, []
        for number in range(_MOST_WRITES):
            debt = brazil.debt(creditor=f"Banco {number} " + "x" * 100)
            answer = await world.try_to("addDebt", {"customerId": customer, "debt": debt})
            codes = answer.codes
            if codes:
                assert "No space" not in str(answer.body)
                break
            accepted += 1
        assert set(codes) <= {"SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"}
        assert codes
        found = await world.customer(customer, "version debts { id }")
        assert (found["version"], len(found["debts"])) == (
            accepted,
            accepted - 1 + len(brazil.registration()["debts"]),
        )
        disk.empty()
        again = await _until_accepted(world.try_to, customer)
        assert again == accepted + 1
    events = await crowded.rows("SELECT sequence FROM customer_graph.outbox ORDER BY position")
    assert [row["sequence"] for row in events] == list(range(1, accepted + 2))


async def _until_accepted(try_to: object, customer: str) -> int:
    """The version after a change that is tried for a minute: a server that went down comes back by itself."""
    async with asyncio.timeout(60):
        while True:
            answer = await try_to("addDebt", {"customerId": customer, "debt": brazil.debt()})  # type: ignore[operator]
            if not answer.codes:
                version: int = answer.data["addDebt"]["receipt"]["version"]
                return version
            await asyncio.sleep(0.2)


async def test_the_embedded_activity_store_without_room_takes_nothing_by_halves(tmp_path: Path) -> None:
    """An event that was refused is not there and may come again; what was there stays."""
    with small_disk(4) as disk:
        path = disk.folder / "activity.db"
        store = EmbeddedStore(path)
        await store.open()
        disk.fill()
        stored, refused = [], None
        for number in range(_MOST_WRITES):
            event = card_purchase(ANA, merchant=f"Loja {number} " + "y" * 150)
            try:
                assert await store.record([event]) == [Outcome.APPLIED]
            except StoreUnavailable:
                refused = event
                break
            stored.append(event.id)
        assert refused is not None
        assert (await store.latest(ActivityKind.CARD_PURCHASE, [ANA])).keys() <= {ANA}
        assert await store.missing([*stored, refused.id]) == [refused.id]
        disk.empty()
        assert await store.record([refused]) == [Outcome.APPLIED]
        assert await store.missing([*stored, refused.id, unknown := uuid.uuid4()]) == [unknown]
        await store.close()
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
