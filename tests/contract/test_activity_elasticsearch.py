"""What is particular to activity on Elasticsearch. Runs on a real server, when TEST_ELASTICSEARCH_URL
names one; without one, those tests that need it are not there.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest
from elasticsearch import AsyncElasticsearch, BadRequestError

from kernel.settings import ConfigurationProblem
from subgraphs.activity.domain import Outcome
from subgraphs.activity.store import migration, store_at
from subgraphs.activity.store.breaker import FAILURES
from subgraphs.activity.store.elastic import ElasticStore
from subgraphs.activity.store.elastic_writes import ElasticWrites
from subgraphs.activity.store.port import EraseResult, Filter, StoreUnavailable
from tests.kit.activity import ANA, BIA, CAIO, EVERYTHING, card_purchase, erasure, found, put
from tests.kit.elasticsearch import temporary_store
from tests.kit.real import ELASTICSEARCH_URL


async def test_an_unreachable_server_is_unavailable_and_not_ready() -> None:
    """Port 1 refuses at once: a stable fault after the attempts, and readiness that never raises."""
    store = store_at("http://127.0.0.1:1")
    with pytest.raises(StoreUnavailable):
        await store.count(EVERYTHING)
    assert not await store.ready()
    await store.close()


if ELASTICSEARCH_URL:
    SERVER = ELASTICSEARCH_URL

    @pytest.fixture
    async def store() -> AsyncIterator[ElasticStore]:
        """An empty store, as what it is."""
        async with temporary_store(SERVER) as made:
            yield made

    async def test_the_mapping_is_strict(store: ElasticStore) -> None:
        """A field that nobody has mapped is refused, not guessed."""
        with pytest.raises(BadRequestError):
            await store._client.index(index=store._events.alias, routing="x", document={"colour": "red"})

    async def test_a_full_disk_refuses_recordings_and_goes_on_reading(store: ElasticStore) -> None:
        """At its flood stage Elasticsearch marks indices like this, and unmarks them when there is room."""
        known, refused = card_purchase(ANA), card_purchase(BIA)
        await put(store, known)
        await _mark_full(store, full=True)
        with pytest.raises(StoreUnavailable):
            await store.record([refused])
        assert await found(store, EVERYTHING) == [known.id]
        assert list(await store.missing([known.id, refused.id])) == [refused.id]
        await _mark_full(store, full=False)
        assert await store.record([refused]) == [Outcome.APPLIED]

    async def _mark_full(store: ElasticStore, *, full: bool) -> None:
        settings = {"index.blocks.read_only_allow_delete": full or None}
        await store._client.indices.put_settings(index=store._events.alias, settings=settings)

    async def test_a_recording_is_durable_at_once_and_seen_soon() -> None:
        """`missing` sees it at once; the other reads within half a second, without anybody's refresh."""
        async with temporary_store(SERVER, ElasticStore) as store:
            event = card_purchase(ANA)
            await put(store, event)
            assert list(await store.missing([event.id])) == []
            later = card_purchase(ANA)
            await put(store, later)
            async with asyncio.timeout(10):
                while await store.count(EVERYTHING) < 2:
                    await asyncio.sleep(0.02)

    async def test_an_index_moves_to_its_next_version_with_its_data(store: ElasticStore) -> None:
        """Ids, routing and full text are kept, the old index is gone; then it is there already."""
        event = card_purchase(ANA, merchant="Farmácia")
        await put(store, event)
        old, following = store._events, replace(store._events, version=store._events.version + 1)
        done = await migration.migrate(store._client, following, store._tombstones.alias)
        assert done.startswith("copied 1 documents")
        assert (await migration.migrate(store._client, following)).endswith("was there already")
        assert await found(store, Filter(search="farmacias")) == [event.id]
        assert await store.record([event]) == [Outcome.DUPLICATE]
        aliases = await store._client.indices.get_alias(name=store._events.alias)
        assert list(aliases) == [following.name]
        assert not await store._client.indices.exists(index=old.name)
        for older_program in (store.migrate, store.open):
            with pytest.raises(ConfigurationProblem, match="newer"):
                await older_program()

    async def test_a_program_does_not_copy_by_starting(store: ElasticStore) -> None:
        """Where the data is of an older version, it says which command to run."""
        store._events = replace(store._events, version=store._events.version + 1)
        with pytest.raises(ConfigurationProblem, match="activity migrate"):
            await store.open()

    async def test_reads_and_writes_go_on_while_an_index_moves(store: ElasticStore) -> None:
        """No read fails, writes succeed or are told to come again, nothing erased comes back."""
        events = [card_purchase(ANA) for _ in range(200)]
        gone = [card_purchase(CAIO) for _ in range(50)]
        await put(store, *events, *gone)
        following = replace(store._events, version=store._events.version + 1)
        moving = asyncio.create_task(migration.migrate(store._client, following, store._tombstones.alias))
        late: list[uuid.UUID] = []
        erased = False
        while not moving.done():
            assert await store.count(EVERYTHING) >= len(events)
            event = card_purchase(BIA)
            with suppress(StoreUnavailable):
                await store.record([event])
                late.append(event.id)
            if not erased:
                with suppress(StoreUnavailable):
                    await store.erase(erasure(CAIO))
                    erased = True
        assert (await moving).startswith("copied")
        await store.erase(erasure(CAIO))  # as the router does until it is told that it is done
        await store.refresh()
        assert await store.count(EVERYTHING) == len(events) + len(late)
        assert list(await store.missing([event.id for event in events] + late)) == []

    async def test_a_blocked_index_pauses_writes_and_not_reads(store: ElasticStore) -> None:
        """Writes are retriable faults, not bugs, and do not open the breaker that reads go through."""
        event = card_purchase(ANA)
        await put(store, event)
        await store._client.indices.add_block(index=f"{store._events.name}", block="write")
        for _ in range(FAILURES + 1):
            with pytest.raises(StoreUnavailable):
                await store.record([card_purchase(ANA)])
            assert await store.count(EVERYTHING) == 1
        with pytest.raises(StoreUnavailable):
            await store.erase(erasure(ANA))

    async def test_an_erasure_that_died_half_way_is_finished_by_its_repetition(store: ElasticStore) -> None:
        """The tombstone was written, the deletion was not: the redelivered event deletes."""
        event, neighbour = card_purchase(ANA), card_purchase(BIA)
        await put(store, event, neighbour)
        erase = erasure(ANA, version=3)
        await store._writes.entomb(erase)
        assert await store.count(EVERYTHING) == 2
        assert await store.erase(erase) == EraseResult(Outcome.DUPLICATE, 3)
        assert await found(store, EVERYTHING) == [neighbour.id]

    async def test_a_recording_that_died_half_way_is_undone_when_repeated(store: ElasticStore) -> None:
        """The event was created after the erasure and its writer died: the redelivered event withdraws it."""
        event = card_purchase(ANA)
        await store.erase(erasure(ANA))
        await store._writes.create([event])
        assert await store.record([event]) == [Outcome.STALE]
        assert await store.count(EVERYTHING) == 0

    async def test_an_erasure_between_the_two_looks_of_a_recording_wins(
        store: ElasticStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The worst interleaving, made on purpose: the whole erasure just before the event is created."""
        create = ElasticWrites.create

        async def create_late(self: ElasticWrites, events: list[object]) -> object:
            monkeypatch.setattr(ElasticWrites, "create", create)
            await store.erase(erasure(ANA))
            return await create(self, events)  # type: ignore[arg-type]  # passed on as it came

        monkeypatch.setattr(ElasticWrites, "create", create_late)
        assert await store.record([card_purchase(ANA)]) == [Outcome.STALE]
        assert await store.count(EVERYTHING) == 0

    async def test_a_store_without_its_indices_is_not_ready() -> None:
        """It says so, and answers with a stable fault."""
        store = store_at(f"{SERVER}/absent-{uuid.uuid4().hex}")
        assert not await store.ready()
        with pytest.raises(StoreUnavailable):
            await store.count(EVERYTHING)
        with pytest.raises(StoreUnavailable):
            await store.record([card_purchase(ANA)])
        with pytest.raises(StoreUnavailable):
            await store.erase(erasure(ANA))
        assert not await store.ready()
        await store.close()

    async def test_documents_lie_where_their_customer_routes_them(store: ElasticStore) -> None:
        """Many events of one customer are on one shard."""
        await put(store, *(card_purchase(ANA) for _ in range(30)))
        client: AsyncElasticsearch = store._client
        routed = await client.count(index=store._events.alias, routing=str(ANA))
        assert routed["count"] == 30
        assert routed["_shards"]["total"] == 1
