"""A customer subgraph in this process, on a real PostgreSQL, and a caller of it."""

# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from kernel.asgi import Message, Service
from subgraphs.customer.app import build_service
from subgraphs.customer.mutations import Clock
from subgraphs.customer.settings import CustomerSettings
from tests.kit import brazil
from tests.kit.graph import INPUTS
from tests.kit.postgres import CustomerDatabase
from tests.kit.tokens import AUDIENCE, ISSUER, TokenIssuer

__all__ = ["ALL_SCOPES", "NOW", "TODAY", "Answer", "World", "open_world", "statements"]

ALL_SCOPES = "graph:write customer:pii customer:erase ops:read"
#: What the subgraph in these tests takes for today.
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ENCRYPTION_KEY = "an-encryption-key-for-tests-alone!"
BLIND_INDEX_KEY = "a-blind-index-key-for-tests-alone!"

_ISSUER = TokenIssuer()
_OUTCOME = "receipt { eventId customerId version targets acceptedAt } userErrors { code path message }"


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
    """The subgraph and its database."""

    service: Service
    database: CustomerDatabase

    async def post(self, body: object, token: str | None, extra: Mapping[str, str] | None = None) -> Answer:
        """One request as HTTP would bring it."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", "content-length": str(len(raw)), **(extra or {})}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
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
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        await self.service(scope, receive, send)
        return Answer(sent[0]["status"], json.loads(b"".join(one.get("body", b"") for one in sent[1:])))

    async def ask(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        scopes: str | None = ALL_SCOPES,
        subject: str = "clerk",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One operation, of an anonymous caller when `scopes` is None."""
        token = None if scopes is None else _ISSUER.token(scope=scopes, sub=subject)
        return await self.post({"query": query, "variables": variables or {}}, token, headers)

    async def mutate(
        self,
        mutation: str,
        given: Mapping[str, object],
        *,
        selection: str = "",
        subject: str = "clerk",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The payload of one mutation, which must not be a GraphQL error."""
        answer = await self.try_to(mutation, given, selection=selection, subject=subject, headers=headers)
        return answer.data[mutation]

    async def try_to(
        self,
        mutation: str,
        given: Mapping[str, object],
        *,
        selection: str = "",
        scopes: str = ALL_SCOPES,
        subject: str = "clerk",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to one mutation, whatever it is."""
        query = (
            f"mutation Act($input: {INPUTS[mutation]}!) "
            f"{{ {mutation}(input: $input) {{ {selection} {_OUTCOME} }} }}"
        )
        return await self.ask(query, {"input": given}, scopes=scopes, subject=subject, headers=headers)

    async def register(self, **changes: object) -> str:
        """The id of a new customer."""
        payload = await self.mutate("registerCustomer", brazil.registration(**changes))
        assert payload["userErrors"] == [], payload["userErrors"]
        customer_id: str = payload["receipt"]["customerId"]
        return customer_id

    async def customer(self, customer_id: str, selection: str, *, scopes: str = ALL_SCOPES) -> Any:
        """Fields of one customer."""
        query = f"query Look($id: ID!) {{ customer(id: $id) {{ {selection} }} }}"
        return (await self.ask(query, {"id": customer_id}, scopes=scopes)).data["customer"]

    async def refused(self, mutation: str, given: Mapping[str, object]) -> list[tuple[str, str]]:
        """Codes and paths of the user errors of a mutation that must not have written anything."""
        before = await self.written()
        payload = await self.mutate(mutation, given)
        assert payload["receipt"] is None
        assert await self.written() == before
        return [(error["code"], ".".join(error["path"])) for error in payload["userErrors"]]

    async def written(self) -> list[int]:
        """A count of rows for each table that a mutation writes to, and the sum of all versions."""
        tables = ("customer", "address", "debt", "asset", "income", "outbox", "idempotency", "erasure")
        counts = ", ".join(f"(SELECT count(*) FROM customer_graph.{table})" for table in tables)
        versions = "(SELECT coalesce(sum(version), 0) FROM customer_graph.customer)"
        rows = await self.database.rows(f"SELECT ARRAY[{counts}, {versions}]::int[] AS counts")
        counted: list[int] = rows[0]["counts"]
        return counted


@asynccontextmanager
async def open_world(database: CustomerDatabase, folder: Path, **changes: object) -> AsyncIterator[World]:
    """A started subgraph on `database`; `changes` go into its settings."""
    settings: dict[str, Any] = {
        "customer_database_url": database.app_url,
        "customer_encryption_key": ENCRYPTION_KEY,
        "customer_blind_index_key": BLIND_INDEX_KEY,
        "auth_jwks": str(_ISSUER.write_jwks(folder / "jwks.json")),
        "auth_issuer": ISSUER,
        "auth_audience": AUDIENCE,
        # Patient, since only tests that say so are about time.
        "customer_connect_seconds": 20.0,
        "customer_pool_wait_seconds": 20.0,
        "customer_statement_seconds": 30.0,
        "customer_lock_seconds": 20.0,
        "request_timeout_seconds": 60.0,
        **changes,
    }
    clock = Clock(now=lambda: NOW, today=lambda: TODAY)
    service = build_service(CustomerSettings(**settings), clock=clock)
    orders: asyncio.Queue[Message] = asyncio.Queue()
    reports: asyncio.Queue[Message] = asyncio.Queue()
    running = asyncio.create_task(service({"type": "lifespan"}, orders.get, reports.put), name="lifespan")
    await orders.put({"type": "lifespan.startup"})
    assert (await reports.get())["type"] == "lifespan.startup.complete"
    try:
        yield World(service, database)
    finally:
        await orders.put({"type": "lifespan.shutdown"})
        await running


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that are sent to PostgreSQL in the body, but for those of the access log."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "access_log" not in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
