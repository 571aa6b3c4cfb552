"""A rating subgraph in this process, on a real MongoDB-wire server, and a caller of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from kernel.asgi import Message, Service
from subgraphs.rating.app import rating_service
from subgraphs.rating.settings import RatingSettings
from subgraphs.rating.store import RatingStore
from tests.kit.rating import FixedClock
from tests.kit.tokens import AUDIENCE, ISSUER, TokenIssuer

__all__ = ["EVERYTHING", "Answer", "World", "open_world"]

EVERYTHING = "ml:read sync:apply"
_ISSUER = TokenIssuer()
_ENTITIES = (
    "query Entities($representations: [_Any!]!) "
    "{ _entities(representations: $representations) { ... on Customer { %s } } }"
)


@dataclass(frozen=True)
class Answer:
    """A GraphQL answer over HTTP."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        """The data of an answer that must have no errors."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]


@dataclass
class World:
    """The subgraph, its store and the time in it."""

    service: Service
    store: RatingStore
    clock: FixedClock

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, scopes: str | None = EVERYTHING
    ) -> Answer:
        """One operation; `scopes` None: without a token."""
        raw = json.dumps({"query": query, "variables": variables or {}}).encode()
        headers = {"content-type": "application/json", "content-length": str(len(raw))}
        if scopes is not None:
            headers["authorization"] = f"Bearer {_ISSUER.token(scope=scopes)}"
        status, body = await self._call("POST", "/graphql", headers, raw)
        return Answer(status, body)

    async def get(self, path: str) -> Answer:
        """One GET."""
        return Answer(*await self._call("GET", path, {}, b""))

    async def apply(self, event: Mapping[str, Any], scopes: str | None = EVERYTHING) -> Answer:
        """The mutation applyProfile."""
        query = "mutation($event: ProfileEvent!) { applyProfile(event: $event) { outcome appliedVersion } }"
        return await self.ask(query, {"event": event}, scopes)

    async def entities(
        self, selection: str, *representations: object, scopes: str | None = EVERYTHING
    ) -> Answer:
        """Customers by representation; a bare value is taken for an id."""
        full = [
            each
            if isinstance(each, dict) and "__typename" in each
            else {"__typename": "Customer", "id": each}
            for each in representations
        ]
        return await self.ask(_ENTITIES % selection, {"representations": full}, scopes)

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str], raw: bytes
    ) -> tuple[int, dict[str, Any]]:
        sent: list[Message] = []
        unread = [{"type": "http.request", "body": raw, "more_body": False}]

        async def receive() -> Message:
            if unread:
                return unread.pop()
            await asyncio.Event().wait()
            raise AssertionError("nothing follows the body")

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        await self.service(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], json.loads(body)


@asynccontextmanager
async def open_world(url: str, folder: Path) -> AsyncIterator[World]:
    """The subgraph over the database at `url`."""
    settings = RatingSettings(
        rating_mongodb_url=SecretStr(url),
        auth_jwks=str(_ISSUER.write_jwks(folder / "jwks.json")),
        auth_issuer=ISSUER,
        auth_audience=AUDIENCE,
        environment="development",
    )
    store = RatingStore(settings)
    clock = FixedClock()
    service = rating_service(settings, store, clock)
    started = asyncio.Event()
    finish = asyncio.Event()
    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Message:
        if len(waiting) == 1:
            await finish.wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            started.set()

    lifespan = asyncio.create_task(service({"type": "lifespan"}, receive, send), name="test.lifespan")
    await asyncio.wait({lifespan, asyncio.create_task(started.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield World(service, store, clock)
    finally:
        finish.set()
        await lifespan
