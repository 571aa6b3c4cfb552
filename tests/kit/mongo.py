"""A MongoDB-wire server for tests: one a session, one empty database a test.

The server is the embedded one, or the one that TEST_MONGODB_URL names.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from devstack.servers.mongo import Mongo
from subgraphs.rating.settings import StoreSettings
from subgraphs.rating.store import RatingStore
from tests.kit.postgres import free_port
from tests.kit.real import MONGODB_URL
from tests.kit.waiting import is_soon

__all__ = ["mongo_server", "mongo_url", "rating_store", "started_mongo", "store_settings"]


def started_mongo(folder: Path, port: int | None = None) -> Mongo:
    """A server over that folder that takes connections; the caller stops it."""
    server = Mongo(folder / "mongodb", port or free_port(), folder / "mongodb.log")
    server.start()
    assert is_soon(server.ready), (folder / "mongodb.log").read_text()
    return server


def store_settings(url: str) -> StoreSettings:
    """Settings of a store over the database at `url`; patient, since these tests are not about time."""
    return StoreSettings(
        rating_mongodb_url=SecretStr(url),
        rating_operation_seconds=30.0,
        rating_selection_seconds=10.0,
        rating_aggregation_seconds=30.0,
    )


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[str]:
    """URL of the session's server; the data of an embedded one is gone afterwards."""
    if MONGODB_URL is not None:
        yield MONGODB_URL
        return
    folder = Path(tempfile.mkdtemp(prefix="customer-graph-mongo-"))
    server = started_mongo(folder)
    yield server.url
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def mongo_url(mongo_server: str) -> str:
    """An empty database of the test's own, with its indexes."""
    url = f"{mongo_server}/rating_{uuid.uuid4().hex}"
    asyncio.run(_make_indexes(url))
    return url


@pytest.fixture
async def rating_store(mongo_url: str) -> AsyncIterator[RatingStore]:
    """A store over the test's own database."""
    store = RatingStore(store_settings(mongo_url))
    yield store
    await store.close()


async def _make_indexes(url: str) -> None:
    store = RatingStore(store_settings(url))
    await store.create_indexes()
    await store.close()
