"""What is particular to the store in one file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kernel.settings import ConfigurationProblem
from subgraphs.activity.domain import Outcome
from subgraphs.activity.store import connections, store_at
from subgraphs.activity.store.embedded import EmbeddedStore
from subgraphs.activity.store.port import Filter, StoreUnavailable
from tests.kit.activity import ANA, BIA, EVERYTHING, card_purchase, erasure, found, movement, put


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be; its folder does not exist yet."""
    return tmp_path / "new folder" / "activity.db"


def at(path: Path) -> EmbeddedStore:
    store = store_at(f"sqlite:///{str(path).replace(' ', '%20')}")
    assert isinstance(store, EmbeddedStore)
    return store


async def test_events_and_tombstones_survive_a_restart(path: Path) -> None:
    """What was acknowledged is in the file."""
    event = card_purchase(ANA)
    first = at(path)
    await first.open()
    await put(first, event)
    await first.erase(erasure(BIA))
    await first.close()
    second = at(path)
    await second.open()
    assert await found(second, EVERYTHING) == [event.id]
    assert await second.record([event, card_purchase(BIA)]) == [Outcome.DUPLICATE, Outcome.STALE]
    await second.close()


async def test_two_processes_may_share_the_file(path: Path) -> None:
    """Each sees what the other has committed; an id is unique over both."""
    first, second = at(path), at(path)
    await first.open()
    await second.open()
    event, other = card_purchase(ANA), card_purchase(BIA)
    await put(first, event)
    assert await second.record([event, other]) == [Outcome.DUPLICATE, Outcome.APPLIED]
    assert await first.count(EVERYTHING) == 2
    await first.close()
    await second.close()


async def test_erased_texts_are_not_in_the_file_any_more(path: Path) -> None:
    """Not in rows, not in the full text index, not in the log: the bytes are gone."""
    store = at(path)
    await store.open()
    await put(store, *(movement(ANA, description=f"Segredo guardado {number}") for number in range(200)))
    await put(store, movement(BIA, description="Aluguel"))
    assert await store.count(Filter(search="segredo")) == 200
    await store.erase(erasure(ANA))
    files = [file.read_bytes().lower() for file in path.parent.iterdir()]
    assert not any(b"segredo" in content or b"guardad" in content for content in files)
    assert any(b"aluguel" in content for content in files)
    await store.close()


async def test_a_batch_is_stored_whole_or_not_at_all(path: Path) -> None:
    """When one event of a batch cannot be written, none is."""
    store = at(path)
    await store.open()
    good, bad = card_purchase(ANA), card_purchase(ANA)
    object.__setattr__(bad, "amount", -1)
    with pytest.raises(StoreUnavailable):
        await store.record([good, bad])
    assert await store.count(EVERYTHING) == 0
    await store.close()


async def test_a_statement_that_takes_too_long_is_ended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is told to come again, and the thread is free for others."""
    store = at(path)
    await store.open()
    monkeypatch.setattr(connections, "_TIMEOUT_SECONDS", 0.01)
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(StoreUnavailable):
        await store._connections.read(lambda connection: connection.execute(endless).fetchall())
    monkeypatch.undo()
    assert await store.count(EVERYTHING) == 0
    await store.close()


async def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    """Rather than misread."""
    store = at(path)
    await store.open()
    await store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    store = at(path)
    with pytest.raises(ConfigurationProblem, match="99"):
        await store.open()
    await store.close()


def no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("not a database, but long enough to be looked at" * 100)


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    """With its name."""
    no_database(path)
    store = at(path)
    with pytest.raises(ConfigurationProblem, match=r"activity\.db"):
        await store.open()
    await store.close()


async def test_a_store_whose_file_is_lost_is_not_ready(path: Path) -> None:
    """Before `open` there is no schema."""
    store = at(path)
    assert not await store.ready()
    await store.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///relative.db",
        "sqlite://",
        "sqlite://host/activity.db",
        "postgres://x",
        "",
        "activity.db",
        "http://",
        "https://h:9200/Upper",
        "http://h:9200/a/b",
    ],
)
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    """With what to write instead."""
    with pytest.raises(ConfigurationProblem, match="ACTIVITY_STORE_URL"):
        store_at(url)
