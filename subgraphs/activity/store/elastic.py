"""The store on Elasticsearch, by its official client.

A customer's events share one shard (routing), so whatever is asked of one customer touches one shard, and
aggregations by customer are exact.

Refresh policy: an acknowledged event is durable, and searches see it at the next refresh, which the index
makes by itself within `indices.REFRESH_INTERVAL`. Nobody waits for that (a waiting write would hold a
customer's queue up for a quarter of a second); reads that must see every write (`missing`, erasure) refresh
first. Erasures are not seen any more when they are acknowledged.

There are no transactions, so erasure is ordered: the tombstone is written first, then the events are
deleted; recording looks for the tombstone before it writes and again after. Whichever way the two
interleave, one of them sees the other.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self
from urllib.parse import urlsplit

from elasticsearch import AsyncElasticsearch

from kernel.settings import ConfigurationProblem
from subgraphs.activity.domain import (
    ActivityKind,
    Bucket,
    Erasure,
    Event,
    MonthTotal,
    Outcome,
    from_micros,
)
from subgraphs.activity.store import indices, queries
from subgraphs.activity.store.breaker import GuardedCalls
from subgraphs.activity.store.calls import RETRIABLE, Refused, called
from subgraphs.activity.store.documents import centavos, event_of
from subgraphs.activity.store.elastic_writes import ElasticWrites
from subgraphs.activity.store.migration import migrate
from subgraphs.activity.store.port import (
    EraseResult,
    Filter,
    HistogramRequest,
    Page,
    PageRequest,
    StoreUnavailable,
)
from subgraphs.activity.store.together import Together

__all__ = ["ElasticStore"]

#: Seconds for a read, attempts together: the gateway's fetch gives up after three.
_READ_SECONDS = 3.0
#: Connections to each node: as many requests as the service answers at once, and the writes.
_CONNECTIONS = 64
#: Seconds for one request of a migration or of an expiry, and for the copying of all data.
_MIGRATE_SECONDS = 30.0
_COPY_SECONDS = 6 * 3_600.0
#: Events that expire by one request: a fraction of a second, so that other requests get their turn.
_EXPIRE_BATCH = 5_000

_DEFAULT_PREFIX = "activity"


class ElasticStore:
    """Keeps the promises of `ActivityStore` with two indices of an Elasticsearch 9 cluster."""

    def __init__(self, client: AsyncElasticsearch, prefix: str = _DEFAULT_PREFIX) -> None:
        self._client = client
        self._events = indices.events_index(prefix)
        self._tombstones = indices.tombstones_index(prefix)
        self._calls = GuardedCalls()
        self._writes = ElasticWrites(client, self._calls, self._events.alias, self._tombstones.alias)
        self._together = Together(self._record)

    @classmethod
    def at(cls, url: str, api_key: str | None = None) -> Self:
        """The store at `http(s)://[user:password@]host:port[/prefix]`; raises `ConfigurationProblem`."""
        parts = urlsplit(url)
        prefix = parts.path.strip("/") or _DEFAULT_PREFIX
        if not parts.hostname or "/" in prefix or prefix != prefix.lower():
            raise ConfigurationProblem(
                "ACTIVITY_STORE_URL must be http(s)://host:port/prefix with a lower-case prefix or none"
            )
        address = parts._replace(netloc=parts.netloc.rpartition("@")[2], path="").geturl()
        user = (parts.username, parts.password or "") if parts.username else None
        client = AsyncElasticsearch(
            address,
            api_key=api_key,
            basic_auth=user,
            request_timeout=_READ_SECONDS,
            max_retries=0,  # `calls` retries, with pauses in between
            connections_per_node=_CONNECTIONS,
        )
        return cls(client, prefix)

    async def open(self) -> None:
        """See `ActivityStore.open`; raises `ConfigurationProblem` for indices of another version."""
        client = self._client.options(request_timeout=_MIGRATE_SECONDS)
        for index in (self._tombstones, self._events):
            await called(partial(indices.ensure, client, index), _MIGRATE_SECONDS)

    async def close(self) -> None:
        """See `ActivityStore.close`."""
        await self._client.close()

    async def migrate(self) -> str:
        """See `ActivityStore.migrate`; raises `ConfigurationProblem` for indices of a newer version."""
        client = self._client.options(request_timeout=_MIGRATE_SECONDS)
        # Tombstones first: they decide what of the events may not come along.
        tombstones = await called(partial(migrate, client, self._tombstones), _COPY_SECONDS)
        events = await called(partial(migrate, client, self._events, self._tombstones.alias), _COPY_SECONDS)
        return f"{events}; {tombstones}"

    async def expire(self, before: dt.datetime) -> int:
        """See `ActivityStore.expire`."""
        client = self._client.options(request_timeout=_MIGRATE_SECONDS)
        expired = 0
        while True:
            answer = await called(
                lambda: client.delete_by_query(
                    index=self._events.alias,
                    query=queries.occurred_before(before),
                    max_docs=_EXPIRE_BATCH,
                    conflicts="proceed",
                    refresh=True,
                ),
                _MIGRATE_SECONDS,
            )
            expired += int(answer["deleted"])
            if not answer["deleted"]:
                return expired

    async def ready(self) -> bool:
        """See `ActivityStore.ready`."""
        aliases = [self._events.alias, self._tombstones.alias]
        try:
            answer = await called(lambda: self._client.indices.exists(index=aliases), _READ_SECONDS)
        except (StoreUnavailable, Refused):
            return False
        return bool(answer)

    async def refresh(self) -> None:
        """Let searches see all that was acknowledged before this call."""
        names = [self._events.alias, self._tombstones.alias]
        await self._calls(lambda: self._client.indices.refresh(index=names), _READ_SECONDS)

    async def record(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """See `ActivityStore.record`; what is recorded at the same time shares its requests."""
        return await self._together.record(events) if events else []

    async def _record(self, events: Sequence[Event]) -> Sequence[Outcome]:
        writes = self._writes
        customers = list({event.customer_id for event in events})
        erased = await writes.erased(customers)
        created = iter(await writes.create([event for event in events if event.customer_id not in erased]))
        outcomes = [Outcome.STALE if event.customer_id in erased else next(created) for event in events]
        # An erasure may have begun since the first look, and may have missed what was created meanwhile.
        erased = await writes.erased(customers)
        await writes.withdraw([event for event in events if event.customer_id in erased])
        return [
            Outcome.STALE if event.customer_id in erased else outcome
            for event, outcome in zip(events, outcomes, strict=True)
        ]

    async def erase(self, erasure: Erasure) -> EraseResult:
        """See `ActivityStore.erase`."""
        result = await self._writes.entomb(erasure)
        # Also when the tombstone was there already: who wrote it may have died before the deletion.
        await self._writes.delete_events(erasure.customer_id)
        return result

    async def missing(self, event_ids: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
        """See `ActivityStore.missing`."""
        if not event_ids:
            return []
        await self.refresh()
        body = queries.with_event_ids(event_ids)
        searches = [{"index": self._events.alias}, body, {"index": self._tombstones.alias}, body]
        known = {
            hit["_source"]["event_id"] for hits in await self._searched_at_once(searches) for hit in hits
        }
        return [value for value in event_ids if str(value) not in known]

    async def latest(
        self, kind: ActivityKind, customer_ids: Sequence[uuid.UUID]
    ) -> Mapping[uuid.UUID, Event]:
        """See `ActivityStore.latest`."""
        customers = list(dict.fromkeys(customer_ids))
        if not customers:
            return {}
        answer = await self._search(queries.latest(kind, customers))
        return {event.customer_id: event for event in _events(answer["hits"]["hits"])}

    async def pages(
        self, customer_ids: Sequence[uuid.UUID], request: PageRequest
    ) -> Mapping[uuid.UUID, Page]:
        """See `ActivityStore.pages`."""
        customers = list(dict.fromkeys(customer_ids))
        if not customers:
            return {}
        searches: list[dict[str, Any]] = []
        for customer in customers:
            searches.append({"index": self._events.alias, "routing": str(customer)})
            searches.append(queries.page(request, customer))
        found = await self._searched_at_once(searches)
        return {customer: _page(hits, request.limit) for customer, hits in zip(customers, found, strict=True)}

    async def counts(self, customer_ids: Sequence[uuid.UUID], events: Filter) -> Mapping[uuid.UUID, int]:
        """See `ActivityStore.counts`."""
        customers = list(dict.fromkeys(customer_ids))
        if not customers:
            return {}
        answer = await self._search(queries.counts(events, customers))
        buckets = answer["aggregations"]["customers"]["buckets"]
        return {uuid.UUID(bucket["key"]): bucket["doc_count"] for bucket in buckets}

    async def feed(self, request: PageRequest) -> Page:
        """See `ActivityStore.feed`."""
        answer = await self._search(queries.page(request))
        return _page(answer["hits"]["hits"], request.limit)

    async def count(self, events: Filter) -> int:
        """See `ActivityStore.count`."""
        query = queries.filter_query(events)
        answer = await self._calls(
            lambda: self._client.count(index=self._events.alias, query=query), _READ_SECONDS
        )
        return int(answer["count"])

    async def monthly_spending(
        self, customer_ids: Sequence[uuid.UUID], months: int
    ) -> Mapping[uuid.UUID, Sequence[MonthTotal]]:
        """See `ActivityStore.monthly_spending`."""
        customers = list(dict.fromkeys(customer_ids))
        if not customers:
            return {}
        answer = await self._search(queries.spending(customers, months))
        return {
            uuid.UUID(bucket["key"]): [
                MonthTotal(month["key"], centavos(month["total"]["value"]), month["doc_count"])
                for month in bucket["months"]["buckets"]
            ]
            for bucket in answer["aggregations"]["customers"]["buckets"]
        }

    async def histogram(self, request: HistogramRequest) -> Sequence[Bucket]:
        """See `ActivityStore.histogram`."""
        answer = await self._search(queries.histogram(request))
        order = list(ActivityKind)
        buckets = [
            Bucket(
                from_micros(start["key"] * 1_000),
                ActivityKind(kind["key"]),
                kind["doc_count"],
                centavos(kind["amount"]["value"]),
            )
            for start in answer["aggregations"]["starts"]["buckets"]
            for kind in start["kinds"]["buckets"]
        ]
        return sorted(buckets, key=lambda bucket: (bucket.start, order.index(bucket.kind)))

    async def _search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """One search over all customers; raises `StoreUnavailable` when a shard did not answer in time."""
        answer = await self._calls(
            lambda: self._client.search(index=self._events.alias, allow_partial_search_results=False, **body),
            _READ_SECONDS,
        )
        return _complete(answer.body)

    async def _searched_at_once(self, searches: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
        """The hits of each search of one multi-search (header and body take turns), in order."""
        answer = await self._calls(lambda: self._client.msearch(searches=searches), _READ_SECONDS)
        return [_complete(response)["hits"]["hits"] for response in answer["responses"]]


def _complete(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer itself; raises unless every shard has answered in time."""
    if "error" in answer:
        if answer.get("status") in RETRIABLE or answer.get("status") == 404:
            raise StoreUnavailable
        raise Refused(f"Elasticsearch answered {answer.get('status')} {answer['error'].get('type')}")
    if answer["timed_out"] or answer["_shards"]["failed"]:
        raise StoreUnavailable
    return answer


def _events(hits: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    return (event_of(hit["_source"]) for hit in hits)


def _page(hits: Sequence[Mapping[str, Any]], limit: int) -> Page:
    return Page(list(_events(hits[:limit])), has_next=len(hits) > limit)
