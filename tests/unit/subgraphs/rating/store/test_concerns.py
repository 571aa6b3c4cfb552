"""What the store asks of a replica set: who must have a write, what a read may see, and who answers it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from subgraphs.rating.clock import SystemClock
from subgraphs.rating.domain.scorecard import load_scorecard
from subgraphs.rating.export.command import run_extraction
from subgraphs.rating.export.run import Extraction
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.settings import StoreSettings
from subgraphs.rating.store import RatingStore
from subgraphs.rating.swap import Swapper
from tests.kit.mongo import store_settings
from tests.kit.rating import ANA, BIA, NOON, FixedClock, profile_event
from tests.kit.replica_set import Member, ReplicaSet, replica_set

_WRITES = ("insert", "update")
_LONG_AGO = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def database(mongo_url: str) -> str:
    """The name of an empty database with its indexes."""
    return mongo_url.rpartition("/")[2]


@asynccontextmanager
async def store_over(members: ReplicaSet, database: str, **changes: object) -> AsyncIterator[RatingStore]:
    """A store that knows the set."""
    store = RatingStore(settings_for(members, database, **changes))
    try:
        yield store
    finally:
        await store.close()


def settings_for(members: ReplicaSet, database: str, **changes: object) -> StoreSettings:
    """Patient settings of a store over the set."""
    return store_settings(members.url(database)).model_copy(update=changes)


async def apply(store: RatingStore, *customers: Any, at: dt.datetime = NOON) -> None:
    """Profiles of customers whose moment of change is `at`."""
    inbox = Inbox(Swapper(store, FixedClock(at), 3, 0.25), load_scorecard("2026-1"))
    for customer in customers:
        await inbox.apply_profile(profile_event(customer, 1))


def reads(member: Member) -> list[Mapping[str, Any]]:
    """All reads that a member was asked for."""
    return [*member.named("find"), *member.named("count"), *member.named("aggregate")]


async def test_a_write_counts_when_a_majority_has_it_in_the_journal(mongo_server: str, database: str) -> None:
    """So no failover, and no power cut, takes an acknowledged event back."""
    async with replica_set(mongo_server) as members, store_over(members, database) as store:
        await apply(store, ANA)
        await apply(store, ANA, BIA)
    written = [each for name in _WRITES for each in members.primary.named(name)]
    assert written
    assert {json.dumps(each["writeConcern"], sort_keys=True) for each in written} == {
        '{"j": true, "w": "majority"}'
    }
    assert not [each for name in _WRITES for each in members.secondary.named(name)]


async def test_the_inbox_reads_what_a_majority_has_and_from_the_primary(
    mongo_server: str, database: str
) -> None:
    """It decides by what it read; a secondary may be behind, and what is not majority's may be undone."""
    async with replica_set(mongo_server) as members, store_over(members, database) as store:
        await apply(store, ANA)
        await store.ratings([ANA])
        await store.rows([ANA])
        await store.applied_versions([ANA])
        await store.changes("", "9", 10)
        await store.band_totals()
        await store.count()
    asked = reads(members.primary)
    assert len(asked) >= 6
    assert {each.get("readConcern", {}).get("level") for each in asked if next(iter(each)) != "count"} == {
        "majority"
    }
    assert {each.get("$readPreference", {"mode": "primary"})["mode"] for each in asked} == {"primary"}
    assert reads(members.secondary) == []


async def test_every_operation_tells_the_server_its_deadline(mongo_server: str, database: str) -> None:
    """What nobody waits for any more does not go on in the server."""
    async with replica_set(mongo_server) as members, store_over(members, database) as store:
        await apply(store, ANA)
        await store.rows([ANA])
        commands = [*reads(members.primary), *members.primary.named("insert")]
    assert commands
    assert all(0 < each["maxTimeMS"] <= 30_000 for each in commands)


async def test_an_extraction_reads_from_a_secondary_what_no_secondary_can_lack(
    mongo_server: str, database: str, tmp_path: Path
) -> None:
    """Old changes come from the secondary; those of the last minutes, which it may lack, from the primary."""
    async with replica_set(mongo_server) as members:
        async with store_over(members, database) as store:
            await apply(store, ANA, at=_LONG_AGO)
            await apply(store, BIA, at=SystemClock().now())
        members.primary.commands.clear()
        out = tmp_path / "features.ndjson"
        extraction = Extraction(out, "ndjson", None, resume=False, page_size=10)
        told = await run_extraction(settings_for(members, database), extraction, quiet=True)
    assert told.startswith("2 rows written")
    rows = [json.loads(line)["customer_id"] for line in out.read_text().splitlines()]
    assert rows == [str(ANA), str(BIA)]
    bulk = members.secondary.named("find")
    assert {json.dumps(each["$readPreference"], sort_keys=True) for each in bulk} == {
        '{"maxStalenessSeconds": 90, "mode": "secondaryPreferred"}'
    }
    assert {each["readConcern"]["level"] for each in bulk} == {"majority"}
    recent = members.primary.named("find")
    assert [each["filter"]["change"]["$gt"] for each in recent] == [
        bulk[-1]["filter"]["change"]["$gt"]
    ] * len(recent)


async def test_a_secondary_that_is_too_far_behind_is_not_asked(mongo_server: str, database: str) -> None:
    """The primary answers then, and everything is extracted."""
    async with replica_set(mongo_server, seconds_behind=3_600) as members:
        async with store_over(members, database) as store:
            await apply(store, ANA, at=_LONG_AGO)
            rows = await store.lagging_changes("", "9", 10)
    assert [row.customer_id for row in rows] == [ANA]
    assert reads(members.secondary) == []


async def test_without_a_secondary_the_only_server_answers(rating_store: RatingStore) -> None:
    """As it is with one MongoDB on a developer's machine."""
    await apply(rating_store, ANA, BIA)
    bulk = await rating_store.lagging_changes("", "9", 10)
    assert bulk == await rating_store.changes("", "9", 10)
    assert len(bulk) == 2


@pytest.mark.parametrize("wanted", ["0", "", "00"])
def test_a_write_that_is_not_acknowledged_is_refused(wanted: str) -> None:
    """The inbox would never know whether it has won, so the setting does not take it."""
    with pytest.raises(ValidationError, match="must be acknowledged"):
        StoreSettings(rating_mongodb_url=SecretStr("mongodb://127.0.0.1/x"), rating_write_concern=wanted)
