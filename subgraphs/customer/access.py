"""Keeps the access log: every request that reaches the graph leaves its row before it gets its answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

import orjson

from kernel import telemetry
from kernel.asgi import ASGIApp, Message, Receive, Scope, Send
from subgraphs.customer.mutations import Clock
from subgraphs.customer.store.access_log import AccessEntry, Outcome
from subgraphs.customer.store.engine import StoreUnavailable

__all__ = ["AccessJournal", "recorded"]

_UNAVAILABLE = orjson.dumps(
    {
        "errors": [
            {
                "message": "The store is temporarily unavailable.",
                "extensions": {"code": "SERVICE_UNAVAILABLE", "retriable": True},
            }
        ]
    }
)


class AccessJournal(Protocol):
    """Where entries go."""

    async def append(self, entry: AccessEntry) -> None:
        """Return when the entry is safe; raises StoreUnavailable."""


def recorded(app: ASGIApp, journal: AccessJournal, clock: Clock) -> ASGIApp:
    """`app`, with its answers held back until the journal has their entries.

    When the journal cannot take the entry, a query gets 503 instead of its answer: nobody reads a customer
    unseen. A mutation gets its answer: it is committed, and the request's log line tells who made it.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        at, started = clock.now(), time.perf_counter()
        held: list[Message] = []
        status = 500

        async def hold(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            held.append(message)

        answered = False
        try:
            await app(scope, receive, hold)
            answered = True
        finally:
            # Also when the time is up or the app failed: such a request may have read or changed something.
            facts = scope["state"]["request_log"]
            entry = _entry(
                scope, facts, at, (time.perf_counter() - started) * 1_000, status if answered else 500
            )
            facts["outcome"] = entry.outcome
            written = await _written(journal, entry)
        if not written and entry.operation_type != "mutation":
            await _send_unavailable(send)
            return
        for message in held:
            await send(message)

    return application


async def _written(journal: AccessJournal, entry: AccessEntry) -> bool:
    try:
        await journal.append(entry)
    except StoreUnavailable:
        return False
    return True


def _entry(
    scope: Scope, facts: Mapping[str, object], at: datetime, duration_ms: float, status: int
) -> AccessEntry:
    principal = scope["state"].get("principal")
    ids = facts.get("customer_ids", ())
    return AccessEntry(
        at=at,
        request_id=telemetry.current_trace().request_id,
        subject=principal.subject if principal is not None else None,
        operation_type=_text(facts.get("operation_type")),
        operation_name=_text(_operation(facts)),
        customer_ids=[UUID(customer_id) for customer_id in ids] if isinstance(ids, list | tuple) else [],
        outcome=_outcome(facts, status),
        status=status,
        duration_ms=duration_ms,
    )


def _operation(facts: Mapping[str, object]) -> object:
    """The operation's name; of a nameless one, as gateways send them, the root fields."""
    fields = facts.get("root_fields")
    return facts.get("operation_name") or (" ".join(fields) if isinstance(fields, list) else None)


def _outcome(facts: Mapping[str, object], status: int) -> Outcome:
    if status >= 400 or facts.get("operation_type") is None:
        return "ERROR"
    if facts.get("error_count"):
        return "PARTIAL"
    return "USER_ERROR" if facts.get("user_errors") else "OK"


def _text(value: object) -> str | None:
    # A GraphQL name has no length limit of its own.
    return value[:200] if isinstance(value, str) else None


async def _send_unavailable(send: Send) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_UNAVAILABLE)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _UNAVAILABLE})
