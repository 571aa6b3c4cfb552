"""The writes of the Elasticsearch store; `elastic` puts them in the order that makes them safe."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from elasticsearch import AsyncElasticsearch, ConflictError

from subgraphs.activity.domain import Erasure, Event, Outcome
from subgraphs.activity.store import queries
from subgraphs.activity.store.breaker import GuardedCalls
from subgraphs.activity.store.calls import BLOCKED, RETRIABLE, Refused, WritesPaused, pause
from subgraphs.activity.store.documents import event_document, tombstone_document
from subgraphs.activity.store.port import EraseResult, StoreUnavailable

__all__ = ["ElasticWrites"]

#: Seconds for a request; an erasure waits for its deletions. The router waits five.
_SECONDS = 4.5
#: Rounds of a bulk request or a deletion, each for what the one before could not do.
_ROUNDS = 4

_Action = list[Mapping[str, Any]]


class ElasticWrites:
    """Each write is idempotent, so that it can be repeated whenever its outcome is unknown."""

    def __init__(self, client: AsyncElasticsearch, calls: GuardedCalls, events: str, tombstones: str) -> None:
        self._calls = calls
        self._client = client.options(request_timeout=_SECONDS)
        self._events = events
        self._tombstones = tombstones

    async def erased(self, customers: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Those of the customers that have a tombstone at this very moment (`mget` reads in real time)."""
        if not customers:
            return set()
        ids = [str(customer) for customer in customers]
        answer = await self._calls(
            lambda: self._client.mget(index=self._tombstones, ids=ids, source=False), _SECONDS
        )
        return {uuid.UUID(document["_id"]) for document in answer["docs"] if document.get("found")}

    async def create(self, events: Sequence[Event]) -> list[Outcome]:
        """APPLIED for each event that is new, DUPLICATE for the others, in order."""
        actions: list[_Action] = [[_action("create", event), event_document(event)] for event in events]
        statuses = await self._bulk(actions, expected={201, 409}, refresh=False)
        return [Outcome.APPLIED if status == 201 else Outcome.DUPLICATE for status in statuses]

    async def withdraw(self, events: Sequence[Event]) -> None:
        """Delete these events if they are there."""
        actions: list[_Action] = [[_action("delete", event)] for event in events]
        # An erased customer's event must not be found even for a moment longer.
        await self._bulk(actions, expected={200, 404}, refresh=True)

    async def entomb(self, erasure: Erasure) -> EraseResult:
        """Write the customer's tombstone, unless there is one, which then tells the outcome."""
        customer = str(erasure.customer_id)
        document = tombstone_document(erasure)
        try:
            await self._calls(
                lambda: self._client.create(
                    index=self._tombstones,
                    id=customer,
                    document=document,
                    require_alias=True,
                ),
                _SECONDS,
            )
        except ConflictError:
            answer = await self._calls(
                lambda: self._client.get(index=self._tombstones, id=customer), _SECONDS
            )
            known = answer["_source"]
            same = known["event_id"] == document["event_id"]
            return EraseResult(Outcome.DUPLICATE if same else Outcome.STALE, known["version"])
        return EraseResult(Outcome.APPLIED, erasure.version)

    async def delete_events(self, customer: uuid.UUID) -> None:
        """Delete everything of the customer that was created before this call."""
        # A deletion by query works on what searches see: first let them see everything.
        await self._calls(lambda: self._client.indices.refresh(index=self._events), _SECONDS)
        for attempt in range(1, _ROUNDS + 1):
            answer = await self._calls(
                lambda: self._client.delete_by_query(
                    index=self._events,
                    routing=str(customer),
                    query=queries.of_customer(customer),
                    conflicts="proceed",
                    refresh=True,
                ),
                _SECONDS,
            )
            # A conflict is an event that somebody else is deleting: the next round finds out.
            if not (answer["version_conflicts"] or answer["failures"] or answer["timed_out"]):
                return
            await pause(attempt)
        raise StoreUnavailable

    async def _bulk(self, actions: Sequence[_Action], expected: set[int], *, refresh: bool) -> list[int]:
        """The status of each action, all in `expected`; what the cluster was too busy for is sent again."""
        statuses: dict[int, int] = {}
        for attempt in range(_ROUNDS):
            waiting = [number for number in range(len(actions)) if number not in statuses]
            if not waiting:
                break
            if attempt:
                await pause(attempt)
            lines = [line for number in waiting for line in actions[number]]
            answers = await self._bulk_statuses(lines, expected, refresh)
            statuses.update(
                (number, status)
                for number, status in zip(waiting, answers, strict=True)
                if status in expected
            )
        if len(statuses) < len(actions):
            raise StoreUnavailable
        return [statuses[number] for number in range(len(actions))]

    async def _bulk_statuses(
        self, lines: Sequence[Mapping[str, Any]], expected: set[int], refresh: bool
    ) -> list[int]:
        answer = await self._calls(
            # Never an index of the cluster's own making, should the alias be gone.
            lambda: self._client.bulk(
                index=self._events, operations=lines, refresh=refresh, require_alias=True
            ),
            _SECONDS,
        )
        results = [next(iter(item.values())) for item in answer["items"]]
        for result in results:
            if result["status"] == 404 and 404 not in expected:
                raise StoreUnavailable
            if result.get("error", {}).get("type") == BLOCKED:
                raise WritesPaused
            if result["status"] not in expected and result["status"] not in RETRIABLE:
                raise Refused(f"Elasticsearch answered {result['status']} {result['error']['type']}")
        return [result["status"] for result in results]


def _action(verb: str, event: Event) -> Mapping[str, Any]:
    return {verb: {"_id": str(event.id), "routing": str(event.customer_id)}}
