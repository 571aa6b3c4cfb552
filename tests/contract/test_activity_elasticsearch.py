"""What is particular to activity on Elasticsearch. Runs on a real server, when TEST_ELASTICSEARCH_URL
names one; without one, those tests that need it are not there.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from elasticsearch import AsyncElasticsearch, BadRequestError

from kernel.settings import ConfigurationProblem
from subgraphs.activity.domain import Outcome
from subgraphs.activity.store import indices, store_at
from subgraphs.activity.store.elastic import ElasticStore
from subgraphs.activity.store.elastic_writes import ElasticWrites
from subgraphs.activity.store.port import EraseResult, Filter, StoreUnavailable
from tests.kit.activity import ANA, BIA, EVERYTHING, card_purchase, erasure, found, put
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

    async def test_an_index_moves_to_its_next_version_with_its_data(store: ElasticStore) -> None:
        """The alias turns in one step; ids, routing and full text are kept; then it is there already."""
        event = card_purchase(ANA, merchant="Farmácia")
        await put(store, event)
        following = replace(store._events, version=store._events.version + 1)
        assert (await indices.migrate(store._client, following)).startswith("copied 1 documents")
        assert (await indices.migrate(store._client, following)).endswith("was there already")
        assert await found(store, Filter(search="farmacias")) == [event.id]
        assert await store.record([event]) == [Outcome.DUPLICATE]
        aliases = await store._client.indices.get_alias(name=store._events.alias)
        assert list(aliases) == [following.name]
        with pytest.raises(ConfigurationProblem, match="newer"):
            await store.migrate()

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
