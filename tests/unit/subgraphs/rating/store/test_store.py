"""The store keeps what it is given, to the centavo, and fails fast and by name."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from kernel.settings import ConfigurationProblem
from subgraphs.rating.domain.profile import MAX_AMOUNT, Asset, Debt, Income
from subgraphs.rating.domain.record import apply_profile
from subgraphs.rating.domain.scorecard import load_scorecard
from subgraphs.rating.settings import StoreSettings
from subgraphs.rating.store import RatingStore, StoreUnavailable
from tests.kit.mongo import started_mongo, store_settings
from tests.kit.postgres import free_port
from tests.kit.rating import ANA, BIA, NOON, day, profile_event

SCORECARD = load_scorecard("2026-1")


async def test_nothing_is_lost_on_the_way_to_the_database_and_back(rating_store: RatingStore) -> None:
    """Largest and smallest amounts, optional dates and Portuguese letters come back as they were."""
    event = profile_event(
        ANA,
        3,
        city="São José dos Pinhais",
        state=None,
        debts=(
            Debt(MAX_AMOUNT, day(10), day(5), day(1)),
            Debt(Decimal("0.01"), day(10), day(-5)),
            Debt(Decimal("0.00"), day(10), day(10)),
        ),
        assets=(Asset("VEHICLE", Decimal("12345.67")),),
        incomes=(
            Income("PENSION", Decimal("1412.00"), day(400), day(-30)),
            Income("RENT", Decimal("0.10"), day(4)),
        ),
    )
    record = apply_profile(None, event, SCORECARD, NOON).record
    assert record is not None
    assert await rating_store.save(record, expected=None)
    assert await rating_store.record(ANA) == record


async def test_amounts_are_stored_as_integers_of_centavos(rating_store: RatingStore, mongo_url: str) -> None:
    """Any server can add them up; none of the embedded server's missing types is needed."""
    record = apply_profile(None, profile_event(ANA), SCORECARD, NOON).record
    assert record is not None
    await rating_store.save(record, expected=None)
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(mongo_url)
    raw = await client.get_default_database()["ratings"].find_one({"_id": str(ANA)})
    await client.close()
    assert raw is not None
    assert raw["profile"]["debts"][0]["amount"] == 300_000  # type: ignore[index]  # JSON enters
    assert raw["features"]["open_debt"] == 300_000  # type: ignore[index]  # JSON enters


async def test_only_the_expected_record_is_replaced(rating_store: RatingStore) -> None:
    """A second insert, and a swap against an outdated record, are refused and change nothing."""
    first = apply_profile(None, profile_event(ANA, 1), SCORECARD, NOON).record
    assert first is not None
    assert await rating_store.save(first, expected=None)
    assert not await rating_store.save(first, expected=None)
    second = apply_profile(first, profile_event(ANA, 2), SCORECARD, NOON).record
    third = apply_profile(first, profile_event(ANA, 3), SCORECARD, NOON).record
    assert second is not None
    assert third is not None
    assert await rating_store.save(second, expected=first)
    assert not await rating_store.save(third, expected=first)
    kept = await rating_store.record(ANA)
    assert kept is not None
    assert (kept.version, kept.revision) == (2, 1)


async def test_reading_many_leaves_strangers_out(rating_store: RatingStore) -> None:
    """Unknown customers are absent from the answer, and nobody is a valid question."""
    record = apply_profile(None, profile_event(ANA), SCORECARD, NOON).record
    assert record is not None
    await rating_store.save(record, expected=None)
    assert set(await rating_store.rows([ANA, BIA])) == {ANA}
    assert set(await rating_store.applied_versions([ANA, BIA])) == {ANA}
    assert await rating_store.rows([]) == {}
    assert await rating_store.histories([uuid.uuid4()]) == {}


async def test_indexes_are_made_once_and_missed_when_absent(mongo_url: str) -> None:
    """The command is repeatable; a database without them is recognised."""
    bare = RatingStore(store_settings(f"{mongo_url}_bare"))
    assert await bare.missing_indexes() == ["change"]
    for _ in range(2):
        await bare.create_indexes()
        assert await bare.missing_indexes() == []
    await bare.close()


async def test_a_database_that_is_gone_is_told_within_seconds() -> None:
    """Refused connections raise StoreUnavailable, which the router retries, and readiness says so."""
    settings = StoreSettings(
        rating_mongodb_url=SecretStr(f"mongodb://127.0.0.1:{free_port()}/rating"),
        rating_selection_seconds=0.2,
        rating_operation_seconds=0.4,
    )
    store = RatingStore(settings)
    with pytest.raises(StoreUnavailable) as failure:
        await store.record(ANA)
    assert failure.value.extensions == {"code": "SERVICE_UNAVAILABLE", "retriable": True}
    assert await store.check() == {"mongodb": False}
    await store.close()


async def test_a_restarted_database_is_used_again(tmp_path: Path) -> None:
    """The pool heals by itself, and what was acknowledged before a kill is still there."""
    server = started_mongo(tmp_path)
    impatient = {"rating_operation_seconds": 3.0, "rating_selection_seconds": 1.0}
    store = RatingStore(store_settings(f"{server.url}/rating").model_copy(update=impatient))
    record = apply_profile(None, profile_event(ANA), SCORECARD, NOON).record
    assert record is not None
    assert await store.save(record, expected=None)
    server.stop()
    with pytest.raises(StoreUnavailable):
        await store.record(ANA)
    server = started_mongo(tmp_path, server.port)

    async def read_again() -> object:
        with suppress(StoreUnavailable):
            return await store.record(ANA)
        return None

    async with asyncio.timeout(60):
        while (found := await read_again()) is None:
            await asyncio.sleep(0.05)
    assert found == record
    await store.close()
    server.stop()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:27017", "mongodb://", "mongodb://user:s3cret@:x/y", "rating"]
)
def test_a_wrong_url_is_a_configuration_problem_without_the_password(url: str) -> None:
    """One clear line that says which variable, and never quotes the URL."""
    with pytest.raises(ConfigurationProblem, match="RATING_MONGODB_URL") as problem:
        RatingStore(StoreSettings(rating_mongodb_url=SecretStr(url)))
    assert "s3cret" not in str(problem.value)
