"""The connection to PostgreSQL is cut around the commit: the outcome is found out, never guessed."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.kit.brazil import debt
from tests.kit.postgres import Cluster, CustomerDatabase
from tests.kit.tcp_proxy import Cut, Direction, End, Fault, TcpProxy, tcp_proxy
from tests.unit.subgraphs.customer.world import Answer, World, open_world

_TRIES = 200
#: The packet that asks for the commit: type, length, text, zero.
_COMMIT = b"Q\x00\x00\x00\x0cCOMMIT;\x00"
#: Bytes of PostgreSQL's answer: CommandComplete and ReadyForQuery.
_ANSWER_BYTES = 18
#: Read by a connection of its own once the mutation is committed.
_AFTERWARDS = "customer { version }"


def cuts(random: Random) -> Iterator[Cut]:
    """Before, in and after the commit packet, and at every byte of the answer, in turns."""
    places = [(Direction.TO_SERVER, after) for after in (0, 1, 5, 12, len(_COMMIT))]
    places += [(Direction.TO_CLIENT, after) for after in range(_ANSWER_BYTES + 1)]
    ends = itertools.cycle((End.RESET, End.CLOSE))
    for (direction, after), end in zip(itertools.cycle(places), ends, strict=False):
        # PostgreSQL stays away after a quarter of the cuts, so that nobody can be asked.
        then = Fault(refuse=True) if random.random() < 0.25 else Fault()
        yield Cut(direction, after, _COMMIT, end, then)


@pytest.fixture
def proxy(postgres_cluster: Cluster) -> Iterator[TcpProxy]:
    """Between the customer subgraph and PostgreSQL."""
    with tcp_proxy(postgres_cluster.server.port) as running:
        yield running


@pytest.fixture
async def world(
    proxy: TcpProxy, postgres_cluster: Cluster, customer_database: CustomerDatabase, tmp_path: Path
) -> AsyncIterator[World]:
    """The customer subgraph behind the proxy."""
    own = postgres_cluster.server.port
    through = customer_database.app_url.replace(f":{own}/", f":{proxy.port}/")
    async with open_world(replace(customer_database, app_url=through), tmp_path) as started:
        yield started


async def effects(database: CustomerDatabase, customer_id: str) -> tuple[int, int, int]:
    """How many debts and events the customer has, and its version."""
    row = (
        await database.rows(
            """SELECT (SELECT count(*) FROM customer_graph.debt WHERE customer_id = $1) AS debts,
                      (SELECT count(*) FROM customer_graph.outbox WHERE aggregateid = $1) AS events,
                      (SELECT version FROM customer_graph.customer WHERE id = $1) AS version""",
            uuid.UUID(customer_id),
        )
    )[0]
    return row["debts"], row["events"], row["version"]


def told(answer: Answer) -> str:
    """What the client was told of its mutation."""
    errors = answer.body.get("errors", [])
    assert all(error["extensions"]["code"] == "SERVICE_UNAVAILABLE" for error in errors)
    payload = (answer.body["data"] or {}).get("addDebt")
    if payload is not None:
        # The customer may be missing, since it is read after the commit; the receipt may not.
        assert payload["userErrors"] == []
        assert payload["receipt"] is not None
        assert all(error["path"] == ["addDebt", "customer"] for error in errors)
        return "accepted"
    (error,) = errors
    return "unknown" if error["extensions"].get("outcome") == "UNKNOWN" else "refused"


async def test_two_hundred_cuts_around_the_commit_lose_and_double_nothing(
    world: World, proxy: TcpProxy, customer_database: CustomerDatabase
) -> None:
    """Accepted is committed, refused is not, and what is unknown is settled once by the idempotency key."""
    customer_id = await world.register(debts=[])
    done, version = 0, 1
    outcomes: Counter[str] = Counter()
    for number, cut in zip(range(_TRIES), cuts(Random(20261124)), strict=False):
        given = {
            "customerId": customer_id,
            "debt": debt(amount="1.00"),
            "idempotencyKey": f"try-{number}",
        }
        proxy.arm(cut)
        outcome = told(await world.try_to("addDebt", given, selection=_AFTERWARDS))
        proxy.heal()
        assert proxy.cuts == number + 1, cut
        outcomes[outcome] += 1
        debts, events, now = await effects(customer_database, customer_id)
        expected = {"accepted": {done + 1}, "refused": {done}, "unknown": {done, done + 1}}[outcome]
        assert debts in expected, (cut, outcome)
        assert (events, now) == (debts + 1, version + debts - done), (cut, outcome)

        # The client that was not told of success sends it again; one that was may, too.
        assert told(await world.try_to("addDebt", given, selection=_AFTERWARDS)) == "accepted"
        done, version = done + 1, version + 1
        assert await effects(customer_database, customer_id) == (done, done + 1, version), (cut, outcome)
    assert sum(outcomes.values()) == _TRIES
    # The schedule has all three in it; otherwise this test would show less than it says.
    assert min(outcomes[told] for told in ("accepted", "refused", "unknown")) > 0, outcomes
