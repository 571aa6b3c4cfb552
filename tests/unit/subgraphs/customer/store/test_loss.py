"""PostgreSQL goes away: requests fail fast, nothing is guessed, and the service heals itself."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devstack.servers.postgres import SUPERUSER, Postgres
from kernel.asgi import Message
from subgraphs.customer.store.migrate import upgrade
from subgraphs.customer.store.provision import APPLICATION, OWNER, RELAY, provision
from tests.kit import brazil
from tests.kit.postgres import Cluster, CustomerDatabase, free_port
from tests.unit.subgraphs.customer.store.cutting_proxy import Cut, CuttingProxy, proxy_to
from tests.unit.subgraphs.customer.world import World, open_world


@pytest.fixture
async def cut(
    customer_database: CustomerDatabase, postgres_cluster: Cluster, tmp_path: Path
) -> AsyncIterator[tuple[World, CuttingProxy]]:
    """A subgraph that reaches its database through a proxy."""
    port = postgres_cluster.server.port
    async with proxy_to(port) as proxy:
        through = customer_database.app_url.replace(f":{port}/", f":{proxy.port}/")
        database = replace(customer_database, app_url=through)
        async with open_world(database, tmp_path) as world:
            yield world, proxy


async def test_a_commit_whose_answer_was_lost_is_found_and_answered(cut: tuple[World, CuttingProxy]) -> None:
    """The mutation took effect, so the caller gets its receipt, not an error that would be tried again."""
    world, proxy = cut
    customer_id = await world.register(debts=[])
    for number in range(5):
        proxy.cut = Cut.AFTER_COMMIT
        given = {"customerId": customer_id, "debt": brazil.debt(amount="1.00")}
        payload = await world.mutate("addDebt", given, selection="customer { version totalDebt }")
        assert payload["userErrors"] == []
        assert payload["customer"] == {"version": number + 2, "totalDebt": f"{number + 1}.00"}
    proxy.cut = Cut.AFTER_COMMIT
    assert (await world.mutate("registerCustomer", brazil.registration()))["receipt"]["version"] == 1


async def test_a_commit_that_never_arrived_is_an_error_to_be_tried_again(
    cut: tuple[World, CuttingProxy],
) -> None:
    """Nothing is written, also for a customer who did not exist yet; the next try succeeds."""
    world, proxy = cut
    customer_id = await world.register(debts=[])
    before = await world.written()
    for mutation, given in (
        ("addDebt", {"customerId": customer_id, "debt": brazil.debt()}),
        ("registerCustomer", brazil.registration()),
    ):
        proxy.cut = Cut.BEFORE_COMMIT
        answer = await world.try_to(mutation, given)
        assert answer.codes == ["SERVICE_UNAVAILABLE"]
        assert await world.written() == before
    assert (await world.customer(customer_id, "version"))["version"] == 1
    assert await world.register()


@pytest.fixture
def own_server() -> Iterator[tuple[Postgres, CustomerDatabase]]:
    """A server that a test may stop."""
    with tempfile.TemporaryDirectory(prefix="customer-graph-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Postgres(folder / "data", free_port(), folder / "log", {"fsync": "off"})
        server.initialise()
        server.start()
        try:
            passwords = {role: server.password(role) for role in (OWNER, APPLICATION, RELAY)}
            asyncio.run(provision(server.url(SUPERUSER, "postgres"), passwords))
            asyncio.run(upgrade(server.url(OWNER, "customer")))
            urls = [server.url(role, "customer") for role in (SUPERUSER, OWNER, APPLICATION, RELAY)]
            yield server, CustomerDatabase("customer", *urls)
        finally:
            server.stop()


async def readiness(world: World) -> int:
    """The status of /health/ready."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/health/ready", "query_string": b"", "headers": []}
    await world.service(scope, receive, send)
    status: int = sent[0]["status"]
    return status


async def test_a_restart_of_postgresql_is_survived(
    own_server: tuple[Postgres, CustomerDatabase], tmp_path: Path
) -> None:
    """While it is gone requests are told to come again and it is not ready; then the first one succeeds."""
    server, database = own_server
    async with open_world(database, tmp_path) as world:
        customer_id = await world.register()
        assert await readiness(world) == 200

        server.stop()
        answer = await world.ask(f'{{ customer(id: "{customer_id}") {{ id }} }}')
        assert answer.codes == ["SERVICE_UNAVAILABLE"]
        refused = await world.try_to("addDebt", {"customerId": customer_id, "debt": brazil.debt()})
        assert refused.codes == ["SERVICE_UNAVAILABLE"]
        assert await readiness(world) == 503

        server.start()
        assert await readiness(world) == 200
        assert (await world.customer(customer_id, "version"))["version"] == 1


async def test_more_requests_than_connections_take_turns(
    customer_database: CustomerDatabase, tmp_path: Path
) -> None:
    """The pool's size is a bound: forty mutations share two connections, and all succeed."""
    async with open_world(customer_database, tmp_path, customer_pool_size=2) as world:
        customer_id = await world.register(debts=[])
        given = {"customerId": customer_id, "debt": brazil.debt(amount="1.00")}
        payloads = await asyncio.gather(*(world.mutate("addDebt", given) for _ in range(40)))
        assert all(payload["userErrors"] == [] for payload in payloads)
        used = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = 'customer_app'"
        )
        assert await customer_database.value(used) <= 2
