"""A whole gateway in one process: everything but sockets, over subgraph doubles or scripted answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import orjson

from gateway.engine import Engine, EngineRules
from gateway.execution.client import FetchRules, SubgraphClient
from gateway.execution.headers import HeaderRules
from gateway.execution.transport import HttpAnswer, HttpRequest
from gateway.operation.variables import VariableLimits
from gateway.pipeline import Pipeline, refuse
from gateway.supergraph import Supergraph
from gateway.web.endpoint import Endpoint
from gateway.web.explorer import StaticFiles
from gateway.web.exposure import Exposure
from gateway.web.persisted import DocumentStore
from kernel.asgi import Message, RequestLog
from kernel.auth import Principal
from tests.kit.federation import Federation
from tests.kit.subgraph_double import SubgraphDouble

__all__ = ["Answered", "DoubleTransport", "InProcessGateway", "json_answer", "principal", "until"]

Answering = Callable[[HttpRequest], Awaitable[HttpAnswer]]


def principal(*scopes: str, subject: str = "ana", policies: tuple[str, ...] = ()) -> Principal:
    """A verified caller."""
    return Principal(subject, frozenset(scopes), 2e9, "token", {"policies": list(policies)})


def json_answer(document: object, status: int = 200) -> HttpAnswer:
    """A subgraph's answer."""
    return HttpAnswer(status, "application/json", orjson.dumps(document))


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks and threads go on until the condition holds, for 10 seconds at most."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


class DoubleTransport:
    """A transport that reaches doubles without a network; `instead` overrides single subgraphs."""

    def __init__(self, doubles: Mapping[str, SubgraphDouble]) -> None:
        self._doubles = doubles
        self.instead: dict[str, Answering] = {}
        self.requests: list[HttpRequest] = []

    async def post(self, request: HttpRequest) -> HttpAnswer:
        """Answer as the subgraph of this name."""
        self.requests.append(request)
        name = request.url.removeprefix("http://").removesuffix(".test")
        if name in self.instead:
            return await self.instead[name](request)
        body = orjson.loads(request.body)
        result = self._doubles[name].execute(body["query"], body.get("variables") or {})
        document: dict[str, object] = {"data": result.data}
        if result.errors:
            document["errors"] = [error.formatted for error in result.errors]
        return json_answer(document)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class Answered:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    log: Mapping[str, object] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return orjson.loads(self.body)

    @property
    def data(self) -> Any:
        """`data` of the response."""
        return self.json.get("data")

    @property
    def errors(self) -> list[Any]:
        """`errors` of the response."""
        found: list[Any] = self.json.get("errors", [])
        return found

    @property
    def codes(self) -> list[str]:
        """The errors' codes."""
        return [error["extensions"]["code"] for error in self.errors]


@dataclass
class InProcessGateway:
    """A gateway over a federation of doubles; its parts can be replaced before the first request."""

    federation: Federation
    rules: EngineRules = field(default_factory=lambda: EngineRules(introspection=True))
    fetching: FetchRules = field(default_factory=FetchRules)
    header_rules: HeaderRules = field(default_factory=HeaderRules)
    documents: DocumentStore = field(default_factory=lambda: DocumentStore({}))
    exposure: Exposure = field(default_factory=Exposure)
    files: Path = Path("no-such-folder")
    seconds: float = 5.0

    def __post_init__(self) -> None:
        self.transport = DoubleTransport(self.federation.doubles)
        self.workers = ThreadPoolExecutor(1)
        self.pipeline = Pipeline(
            self.engine(self.federation.supergraph),
            self.documents,
            VariableLimits(),
            self.exposure,
            self.seconds,
        )
        self.endpoint = Endpoint(self.pipeline, StaticFiles(self.files), refuse)

    def engine(self, supergraph: Supergraph) -> Engine:
        """An engine with clients of this gateway's transport."""
        clients = {
            name: SubgraphClient(name, subgraph.url, self.transport, self.fetching, self.header_rules)
            for name, subgraph in supergraph.subgraphs.items()
        }
        return Engine(supergraph, clients, self.rules, self.workers, Random(7))

    async def ask(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        caller: Principal | None = None,
        headers: Mapping[str, str] | None = None,
        **parameters: object,
    ) -> Answered:
        """POST an operation."""
        document = {"query": query, "variables": variables or {}, **parameters}
        sent = {"content-type": "application/json", **(headers or {})}
        return await self.send("POST", orjson.dumps(document), headers=sent, caller=caller)

    async def get(
        self, headers: Mapping[str, str] | None = None, caller: Principal | None = None, **parameters: str
    ) -> Answered:
        """GET with these parameters, past the CSRF rule."""
        query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
        sent = {"apollo-require-preflight": "true", **(headers or {})}
        return await self.send("GET", query_string=query, headers=sent, caller=caller)

    async def send(
        self,
        method: str,
        body: bytes = b"",
        *,
        path: str = "/graphql",
        query_string: str = "",
        headers: Mapping[str, str] | None = None,
        caller: Principal | None = None,
    ) -> Answered:
        """Send any HTTP request."""
        log = RequestLog()
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query_string.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
            "state": {"principal": caller, "request_log": log},
        }
        sent: list[Message] = []
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not pending:
                await asyncio.Event().wait()  # As a server does until the client goes away.
            return pending.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await self.endpoint(scope, receive, send)
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answered(sent[0]["status"], names, sent[1]["body"], log)
