"""kernel.asgi: what the HTTP shell lets through, refuses, tells and logs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from kernel.asgi import Message, Receive, Scope, Send, Service
from kernel.auth import AuthConfig, Verifier
from kernel.settings import ServiceSettings
from tests.kit.tokens import AUDIENCE, ISSUER, TokenIssuer


class Answer:
    """What was sent for one request."""

    def __init__(self, messages: list[Message]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def code(self) -> object:
        return json.loads(self.body)["errors"][0]["extensions"]["code"]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body it got."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    scope["state"]["request_log"]["operation_name"] = "Echo"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def call(
    service: Service,
    path: str = "/graphql",
    *,
    headers: Mapping[str, str] | None = None,
    chunks: tuple[bytes, ...] = (b"",),
    hang: bool = False,
) -> Answer:
    """One POST; with `hang` the end of the body never comes."""
    waiting = list(chunks)

    async def receive() -> Message:
        if waiting:
            body = waiting.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(waiting) or hang}
        await asyncio.Event().wait()
        raise AssertionError

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": path, "headers": raw}
    await service(scope, receive, send)
    return Answer(sent)


def make(app: Any = echo, verifier: Verifier | None = None, **settings: Any) -> Service:
    """A shell around `app` with these settings."""
    structlog.reset_defaults()
    return Service("test", app, ServiceSettings(**settings), verifier=verifier)


async def test_a_body_within_the_limits_reaches_the_application() -> None:
    """Chunks arrive whole and in order."""
    answer = await call(make(), chunks=(b"ab", b"cd"))
    assert (answer.status, answer.body) == (200, b"abcd")


@pytest.mark.parametrize(
    ("headers", "chunks", "status", "code"),
    [
        ({"content-length": "11"}, (b"",), 413, "PAYLOAD_TOO_LARGE"),
        ({"content-length": "9" * 30}, (b"",), 413, "PAYLOAD_TOO_LARGE"),
        ({"content-length": "-1"}, (b"",), 400, "BAD_REQUEST"),
        ({}, (b"123456", b"789012"), 413, "PAYLOAD_TOO_LARGE"),
        ({"content-length": "3"}, (b"12345678901",), 413, "PAYLOAD_TOO_LARGE"),
        ({"content-encoding": "gzip"}, (b"",), 415, "BAD_REQUEST"),
        ({"x": "y" * 3000}, (b"",), 431, "BAD_REQUEST"),
        ({f"x-{n}": "y" for n in range(101)}, (b"",), 431, "BAD_REQUEST"),
    ],
)
async def test_what_is_too_large_or_compressed_is_refused_with_its_code(
    headers: Mapping[str, str], chunks: tuple[bytes, ...], status: int, code: str
) -> None:
    """Sizes are judged by what arrives, whatever the headers claim."""
    answer = await call(make(max_body_bytes=10, max_header_bytes=2048), headers=headers, chunks=chunks)
    assert (answer.status, answer.code) == (status, code)


async def test_a_body_that_does_not_arrive_in_time_is_given_up() -> None:
    """A slow sender gets 408 and loses its connection."""
    answer = await call(make(body_timeout_seconds=0.05), chunks=(b"a",), hang=True)
    assert (answer.status, answer.headers["connection"]) == (408, "close")


async def test_more_requests_than_allowed_at_once_are_turned_away() -> None:
    """The one too many gets 503 with Retry-After; the others are served."""
    release = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await release.wait()
        await echo(scope, receive, send)

    service = make(slow, max_in_flight=2)
    held = [asyncio.create_task(call(service)) for _ in range(2)]
    await asyncio.sleep(0)
    refused = await call(service)
    release.set()
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert [(await task).status for task in held] == [200, 200]


async def test_an_unforeseen_failure_is_told_generically_and_logged_truly() -> None:
    """No text of an exception leaves the process."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("password=hunter2")

    service = make(broken)
    answer = await call(service)
    assert (answer.status, answer.code) == (500, "INTERNAL_SERVER_ERROR")
    assert b"hunter2" not in answer.body


async def test_a_request_that_takes_too_long_ends_with_a_timeout() -> None:
    """The whole request has a deadline."""

    async def forever(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    answer = await call(make(forever, request_timeout_seconds=0.05))
    assert (answer.status, answer.code) == (504, "GATEWAY_TIMEOUT")


async def test_a_bad_token_is_never_treated_as_anonymous() -> None:
    """A wrong token is 401 before the application runs, a good one brings its principal, none brings none."""
    issuer = TokenIssuer()
    config = AuthConfig(ISSUER, AUDIENCE, "keys")
    verifier = Verifier(config, read=lambda _: json.dumps(issuer.jwks()).encode())
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        principal = scope["state"]["principal"]
        seen.append(principal and principal.subject)
        await echo(scope, receive, send)

    service = make(app, verifier)
    bad = await call(service, headers={"authorization": "Bearer nonsense"})
    good = await call(service, headers={"authorization": f"Bearer {issuer.token()}"})
    none = await call(service)
    assert (bad.status, bad.code, bad.headers["www-authenticate"]) == (401, "UNAUTHENTICATED", "Bearer")
    assert (good.status, none.status, seen) == (200, 200, ["tester", None])


async def test_each_request_leaves_one_line_with_its_ids() -> None:
    """The line carries the caller's ids, the application's fields and the outcome, and the answer the id."""
    service = make()
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        service._log = structlog.get_logger()
        answer = await call(service, headers={"x-request-id": "abc-1", "traceparent": traceparent})
    (line,) = lines
    assert line["event"] == "http.request_answered"
    assert (line["operation_name"], line["status_code"], line["path"]) == ("Echo", 200, "/graphql")
    assert answer.headers["x-request-id"] == "abc-1"


async def test_a_request_id_that_could_forge_a_log_line_is_replaced() -> None:
    """Line breaks and quotes of a client never reach the log."""
    answer = await call(make(), headers={"x-request-id": 'a\n{"event": "forged"}'})
    assert "forged" not in answer.headers["x-request-id"]


async def test_readiness_tells_each_check_and_turns_false_while_draining() -> None:
    """Liveness stays true when a dependency is down; readiness says which one."""
    up = True

    async def ready() -> Mapping[str, bool]:
        return {"postgres": up}

    service = Service("test", echo, ServiceSettings(), verifier=None, ready=ready)
    assert (await call(service, "/health/ready")).status == 200
    up = False
    answer = await call(service, "/readiness")
    assert (answer.status, json.loads(answer.body)["checks"]["postgres"]) == (503, False)
    assert (await call(service, "/health")).status == 200
    up = True
    service.draining = True
    assert (await call(service, "/health/ready")).status == 503


async def test_metrics_are_served_in_the_text_format() -> None:
    """Prometheus finds the request counters."""
    service = make()
    await call(service)
    answer = await call(service, "/metrics")
    assert b'http_requests_total{method="POST",service="test",status="200"}' in answer.body


async def test_websockets_are_refused() -> None:
    """There are no subscriptions, so an upgrade is closed before it opens."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await make()({"type": "websocket", "path": "/graphql"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
