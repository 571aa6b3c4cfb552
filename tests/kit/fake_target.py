"""A subgraph as the router sees it: keeps events as the real inboxes do, and fails as it is told to."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web
from aiohttp.test_utils import TestServer

__all__ = ["Call", "FakeTarget", "error", "fake_target"]

#: What a scripted answer is: a status and a JSON document, or None to close the connection without a word.
Script = tuple[int, object] | None


@dataclass(frozen=True)
class Call:
    """One mutation as it arrived."""

    operation: str
    event: dict[str, Any]
    headers: dict[str, str]

    @property
    def customer(self) -> str:
        """Whom it is about."""
        return str(self.event["customerId"])


@dataclass(repr=False)
class FakeTarget:
    """Applies by version, as the rating subgraph does; events without a version by their id."""

    url: str = ""
    #: Every call, refused or not.
    calls: list[Call] = field(default_factory=list)
    #: By customer, what had an effect, in order.
    effects: dict[str, list[object]] = field(default_factory=lambda: defaultdict(list))
    #: Effects by event id, to see doubles.
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: Answers instead of applying, where this says so.
    script: Callable[[Call], Script | str] = lambda _call: "apply"
    well: bool = True
    asked_how_it_is: int = 0
    #: Calls wait here while it is cleared.
    open: asyncio.Event = field(default_factory=asyncio.Event)
    #: Events being worked on.
    in_flight: int = 0
    most_in_flight: int = 0
    #: HTTP requests, each with one mutation or several.
    requests: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """POST /graphql: one mutation, or several under aliases, whose fields cannot be null."""
        document = await request.json()
        calls = list(_calls(document, {name.lower(): value for name, value in request.headers.items()}))
        self.in_flight += len(calls)
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.requests += 1
        try:
            await self.open.wait()
            data = {}
            for alias, call in calls:
                self.calls.append(call)
                scripted = self.script(call)
                if scripted is None:
                    assert request.transport is not None
                    request.transport.close()
                    return web.Response()
                if isinstance(scripted, tuple):
                    return web.json_response(_at(alias, scripted[1]), status=scripted[0])
                data[alias] = {"outcome": self._apply(call)}
            return web.json_response({"data": data})
        finally:
            self.in_flight -= len(calls)

    async def ready(self, _request: web.Request) -> web.Response:
        """GET /health/ready."""
        self.asked_how_it_is += 1
        return web.Response(status=200 if self.well else 503)

    def _apply(self, call: Call) -> str:
        event_id, version = call.event["eventId"], call.event.get("version")
        if self.counts[event_id]:
            return "DUPLICATE"
        if version is not None and any(int(str(seen)) >= version for seen in self.effects[call.customer]):
            return "STALE"
        self.counts[event_id] += 1
        self.effects[call.customer].append(version if version is not None else event_id)
        return "APPLIED"


def _calls(document: dict[str, Any], headers: dict[str, str]) -> Iterator[tuple[str, Call]]:
    """The mutations of a request by their key in the answer, each with the headers of its own trace."""
    operation, variables = document["operationName"], document["variables"]
    if "event" in variables:
        yield operation.removeprefix("Deliver_"), Call(operation, variables["event"], headers)
        return
    traces = document["extensions"]["traces"]
    for name, event in variables.items():
        alias = f"e{name.removeprefix('event_')}"
        yield alias, Call(operation, event, {**headers, **traces[alias]})


def _at(alias: str, answer: object) -> object:
    """A scripted answer whose error belongs to this key."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not errors or "path" not in errors[0]:
        return answer
    return {**cast("dict[str, Any]", answer), "errors": [{**errors[0], "path": [alias]}]}


def error(code: str) -> tuple[int, object]:
    """A GraphQL answer with one error of this code."""
    return 200, {
        "data": None,
        "errors": [{"message": "secreto: Maria", "path": ["applyProfile"], "extensions": {"code": code}}],
    }


@asynccontextmanager
async def fake_target() -> AsyncIterator[FakeTarget]:
    """A served target."""
    target = FakeTarget()
    target.open.set()
    application = web.Application()
    application.router.add_post("/graphql", target.answer)
    application.router.add_get("/health/ready", target.ready)
    server = TestServer(application)
    await server.start_server()
    target.url = str(server.make_url("/graphql"))
    try:
        yield target
    finally:
        target.open.set()
        await server.close()
