"""The two subgraphs: their real inboxes over stores in memory, behind a network that fails.

A request is the router's own GraphQL document: each of its root fields is answered by the inbox, one after
the other. What the schema would check (types, scopes) is not part of this.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal as Number
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import orjson
from graphql import FieldNode, OperationDefinitionNode, VariableNode, parse
from strawberry import ID

from subgraphs.activity import inbox as activity_inbox
from subgraphs.activity.domain import ActivityKind
from subgraphs.activity.store.connections import Connections
from subgraphs.activity.store.embedded import EmbeddedStore
from subgraphs.activity.store.port import StoreUnavailable as ActivityUnavailable
from subgraphs.edge.errors import BadUserInput
from subgraphs.rating.domain.profile import Income, Profile
from subgraphs.rating.domain.record import Change, Erasure, ProfileChanged, Record
from subgraphs.rating.domain.scorecard import Scorecard
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.settings import chosen_scorecard
from subgraphs.rating.store import StoreUnavailable as RatingUnavailable
from subgraphs.rating.swap import Swapper
from tests.simulation.checker import Checker
from tests.simulation.process import Machine, Process

__all__ = ["ActivityTarget", "RatingTarget", "SimSession", "Target", "profile_of", "scorecard"]

T = TypeVar("T")

#: Seconds that a slow target takes: below and above the router's time-out, and beyond the visibility's.
_SLOW = (0.5, 40.0)
#: Seconds that a target is down for.
_OUTAGE = (5.0, 120.0)


@lru_cache(1)
def scorecard() -> Scorecard:
    """The scorecard of all runs."""
    return chosen_scorecard("2026-1")


@lru_cache(256)
def _root_fields(document: str) -> list[tuple[str, str, Mapping[str, str]]]:
    """Answer key, mutation, and which variable each argument takes."""
    (operation,) = parse(document, no_location=True).definitions
    assert isinstance(operation, OperationDefinitionNode)
    fields: list[tuple[str, str, Mapping[str, str]]] = []
    for field in operation.selection_set.selections:
        assert isinstance(field, FieldNode)
        arguments = {}
        for argument in field.arguments or ():
            assert isinstance(argument.value, VariableNode)
            arguments[argument.name.value] = argument.value.name.value
        fields.append((field.alias.value if field.alias else field.name.value, field.name.value, arguments))
    return fields


def profile_of(data: Mapping[str, Any]) -> Profile:
    """What the event's data say; raises BadUserInput for a date that is none."""
    try:
        born = dt.date.fromisoformat(data["birthDate"])
    except ValueError as error:
        raise BadUserInput("birthDate is not a date") from error
    incomes = tuple(
        Income(each["kind"], Number(each["monthlyAmount"]), dt.date.fromisoformat(each["startedOn"]))
        for each in data["incomes"]
    )
    return Profile(birth_date=born, incomes=incomes)


class Target:
    """One subgraph: a process that answers, and what it keeps."""

    def __init__(self, name: str, machine: Machine, checker: Checker) -> None:
        self.machine = machine
        self.chaos = machine.chaos
        self.checker = checker
        self.process = machine.process(name, self._main)
        self._down_until = 0.0
        self._failed: dict[str, int] = {}

    async def _main(self, process: Process) -> None:
        """Nothing to do between requests."""

    @property
    def down(self) -> bool:
        """Whether it answers 503 to everything."""
        return not self.chaos.calm and self.machine.loop.time() < self._down_until

    async def answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and document."""
        chaos = self.chaos
        if chaos.strikes("target_outage"):
            self._down_until = self.machine.loop.time() + chaos.random.uniform(*_OUTAGE)
        if self.down or chaos.strikes("target_busy"):
            return 503, {"errors": [_error("SERVICE_UNAVAILABLE")]}
        if chaos.strikes("target_slow"):
            await asyncio.sleep(chaos.random.uniform(*_SLOW))
        request = orjson.loads(body)
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for key, field, arguments in _root_fields(request["query"]):
            given = {name: request["variables"][variable] for name, variable in arguments.items()}
            try:
                data[key] = {"outcome": await self._field(field, given["event"])}
            except BadUserInput:
                errors.append(_error("BAD_USER_INPUT", key))
            except (ActivityUnavailable, RatingUnavailable):
                errors.append(_error("SERVICE_UNAVAILABLE", key))
            except _Broken:
                errors.append(_error("INTERNAL_SERVER_ERROR", key))
            # Every field is non-null: one that fails takes the others' data along.
        return 200, {"data": None if errors else data, **({"errors": errors} if errors else {})}

    async def _field(self, field: str, event: Mapping[str, Any]) -> str:
        event_id = event["eventId"]
        known = self.checker.committed.get(event_id)
        if known is not None and known.poison == "ATTEMPTS_EXHAUSTED":
            raise _Broken
        if known is not None and self._failed.get(event_id, 0) < known.failures:
            self._failed[event_id] = self._failed.get(event_id, 0) + 1
            if self._failed[event_id] % 2:
                raise _Broken
            await self._apply(field, event)  # done, and then something else breaks
            raise _Broken
        outcome = await self._apply(field, event)
        self.checker.answered.add(event_id)
        return outcome

    async def _apply(self, field: str, event: Mapping[str, Any]) -> str:
        raise NotImplementedError

    async def reached(self) -> None:
        """A call of the store on its way."""
        await self.process.crossing()
        if self.chaos.strikes("store_lost_before"):
            raise self.lost()

    async def back(self) -> None:
        """Its answer on its way."""
        await self.process.crossing()
        if self.chaos.strikes("store_lost_after"):
            raise self.lost()

    def lost(self) -> Exception:
        """What the store's adapter raises."""
        raise NotImplementedError


class _Broken(Exception):
    """The subgraph has a fault that it did not expect."""


def _error(code: str, *path: str) -> dict[str, Any]:
    return {"message": "…", "path": list(path), "extensions": {"code": code}}


class RatingTarget(Target):
    """The rating subgraph."""

    def __init__(self, machine: Machine, checker: Checker) -> None:
        super().__init__("rating", machine, checker)
        self.records: dict[UUID, Record] = {}
        self.inbox = Inbox(Swapper(self, _Clock(machine), attempts=8, settle_seconds=5.0), scorecard())

    def lost(self) -> Exception:
        return RatingUnavailable()

    async def record(self, customer_id: UUID) -> Record | None:
        """See `subgraphs.rating.swap.Records`."""
        await self.reached()
        found = self.records.get(customer_id)
        await self.back()
        return found

    async def save(self, record: Record, *, expected: Record | None) -> bool:
        """See `subgraphs.rating.swap.Records`: compare and swap on the revision."""
        await self.reached()
        before = self.records.get(record.customer_id)
        swapped = (before.revision if before else None) == (expected.revision if expected else None)
        if swapped:
            self.checker.saved(before, record)
            revision = 0 if expected is None else expected.revision + 1
            self.records[record.customer_id] = replace(record, revision=revision)
        await self.back()
        return swapped

    async def _apply(self, field: str, event: Mapping[str, Any]) -> str:
        id_, customer = UUID(event["eventId"]), UUID(event["customerId"])
        version, happened = int(event["version"]), dt.datetime.fromisoformat(event["occurredAt"])
        change: Change
        if field == "eraseRating":
            change = await self.inbox.erase(Erasure(id_, customer, version, happened))
        else:
            profile = profile_of(event["profile"])
            change = await self.inbox.apply_profile(ProfileChanged(id_, customer, version, happened, profile))
        return change.outcome.value


class ActivityTarget(Target):
    """The activity subgraph."""

    def __init__(self, machine: Machine, checker: Checker) -> None:
        super().__init__("activity", machine, checker)
        self.store = _InlineStore(self)

    async def open(self) -> None:
        """Make the tables."""
        await self.store.migrate()

    def lost(self) -> Exception:
        return ActivityUnavailable()

    async def _apply(self, field: str, event: Mapping[str, Any]) -> str:
        id_, customer = ID(event["eventId"]), ID(event["customerId"])
        happened = dt.datetime.fromisoformat(event["occurredAt"])
        if field == "eraseActivity":
            erasure = activity_inbox.ErasureEvent(
                event_id=id_, customer_id=customer, version=int(event["version"]), occurred_at=happened
            )
            result = await activity_inbox.erase(self.store, erasure)
        else:
            try:
                kind = ActivityKind(event["kind"])
            except ValueError as error:
                raise BadUserInput("kind") from error
            given = activity_inbox.ActivityEventInput(
                event_id=id_,
                customer_id=customer,
                kind=kind,
                occurred_at=happened,
                amount=Number(event["amount"]),
                merchant=event["merchant"],
                card_last4="4242",
            )
            result = await activity_inbox.record(self.store, given)
        return str(result.outcome.value)


class _InlineStore(EmbeddedStore):
    """The embedded store, its SQL on a database in memory and on the loop."""

    def __init__(self, target: ActivityTarget) -> None:
        self.connections = _InlineConnections(target)
        self._connections = self.connections


class _InlineConnections(Connections):
    def __init__(self, target: ActivityTarget) -> None:
        super().__init__(Path("/nowhere"))
        self._target = target
        self.database = sqlite3.connect(":memory:", isolation_level=None)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        await self._target.reached()
        found = work(self.database)
        await self._target.back()
        return found

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        await self._target.reached()
        self.database.execute("BEGIN IMMEDIATE")
        with self.database:
            done = work(self.database)
        await self._target.back()
        return done

    async def maintain(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return work(self.database)


class _Clock:
    """The rating process's clock."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._machine.wall(), dt.UTC)

    def monotonic(self) -> float:
        return self._machine.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SimSession:
    """What the router uses of `aiohttp.ClientSession`: a network instead of sockets."""

    def __init__(self, process: Process, targets: Mapping[str, Target]) -> None:
        self._process = process
        self._targets = targets

    def post(self, url: str, *, data: bytes, timeout: aiohttp.ClientTimeout, **_: object) -> _Exchange:
        """A mutation."""
        return _Exchange(self._process, self._targets[urlsplit(url).hostname or ""], data, timeout)

    def get(self, url: str, *, timeout: aiohttp.ClientTimeout, **_: object) -> _Exchange:
        """The question whether it is ready."""
        return _Exchange(self._process, self._targets[urlsplit(url).hostname or ""], None, timeout)

    async def close(self) -> None:
        """Nothing is open."""


class _Exchange:
    """One request and its answer."""

    headers: Mapping[str, str] = {}

    def __init__(
        self, process: Process, target: Target, data: bytes | None, timeout: aiohttp.ClientTimeout
    ) -> None:
        self._process = process
        self._target = target
        self._data = data
        self._timeout = timeout.total
        self.status = 0
        self.content = _Content(b"")

    async def __aenter__(self) -> _Exchange:
        async with asyncio.timeout(self._timeout):
            await self._process.crossing()
            target = self._target
            if not target.process.alive or (
                self._data is not None and target.chaos.strikes("target_unreached")
            ):
                raise aiohttp.ClientConnectionError("refused by the simulation")
            # It works in its own process: what it began goes on when nobody waits any more.
            work = target.process.spawn(self._answered())
            await asyncio.wait([work])
            if work.cancelled() or (self._data is not None and target.chaos.strikes("target_answer_lost")):
                raise aiohttp.ServerDisconnectedError
            self.status, document = work.result()
            self.content = _Content(orjson.dumps(document))
            await self._process.crossing()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to give back."""

    async def _answered(self) -> tuple[int, dict[str, Any]]:
        if self._data is None:
            return (503 if self._target.down else 200), {}
        return await self._target.answer(self._data)


class _Content:
    """A body that is there as a whole."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self, _size: int) -> bytes:
        """All of it."""
        body, self._body = self._body, b""
        return body

    def at_eof(self) -> bool:
        """Whether it was read."""
        return not self._body
