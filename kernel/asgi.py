"""The HTTP shell around every process: limits, identity, health, metrics, one log line a request, draining.

`Service` is a plain ASGI application that wraps another one. What reaches the inner application has an
acceptable size, arrives in time, carries a verified principal (or none), and belongs to a trace.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import prometheus_client
import uvicorn

from kernel import telemetry, tracing
from kernel.auth import Unauthenticated, Verifier
from kernel.deadline import deadline
from kernel.settings import ConfigurationProblem, ServiceSettings

__all__ = ["ASGIApp", "Message", "Receive", "RequestLog", "Scope", "Send", "Service", "serve"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Check = Callable[[], Awaitable[Mapping[str, bool]]]
Hook = Callable[[], Awaitable[None]]

_REQUESTS = prometheus_client.Counter(
    "http_requests", "Requests answered, by status code.", ["service", "method", "status"]
)
_SECONDS = prometheus_client.Histogram(
    "http_request_duration_seconds",
    "Time from the first byte of a request to the end of its answer.",
    ["service"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_IN_FLIGHT = prometheus_client.Gauge("http_requests_in_flight", "Requests being worked on.", ["service"])

#: Seconds that one readiness check may take before it counts as failed.
READY_TIMEOUT_SECONDS = 2.0
#: Seconds an idle connection is kept: longer than the 60 s of AWS load balancers, so that they close first.
KEEP_ALIVE_SECONDS = 75
_SPAN_ATTRIBUTES = {
    "http.request.method": "method",
    "http.response.status_code": "status_code",
    "url.path": "path",
    "graphql.operation.type": "operation_type",
    "graphql.operation.name": "operation_name",
    "error.type": "error_code",
}
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class RequestLog(dict[str, object]):
    """Fields of a request's log line; the application adds its own by `scope["state"]["request_log"]`."""


class _Refused(Exception):
    """The shell answers instead of the application."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


async def _no_checks() -> Mapping[str, bool]:
    return {}


async def _nothing() -> None:
    return None


class Service:
    """One process's HTTP face.

    `ready` names what must work for the process to be useful, such as `{"postgres": True}`; `startup` and
    `shutdown` run before the first and after the last request. Without a `verifier` nothing is authenticated.
    """

    def __init__(  # noqa: PLR0913 - keyword-only beyond the third
        self,
        name: str,
        app: ASGIApp,
        settings: ServiceSettings,
        *,
        verifier: Verifier | None,
        ready: Check = _no_checks,
        startup: Hook = _nothing,
        shutdown: Hook = _nothing,
    ) -> None:
        self.name = name
        self.settings = settings
        self.draining = False
        self._app = app
        self._verifier = verifier
        self._ready = ready
        self._startup = startup
        self._shutdown = shutdown
        self._in_flight = 0
        self._log = telemetry.get_logger()
        self._seconds = _SECONDS.labels(name)
        self._gauge = _IN_FLIGHT.labels(name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case "websocket":
                # There are no subscriptions; closing before accepting is answered with 403.
                await send({"type": "websocket.close", "code": 1008})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._verifier is not None:
            await self._verifier.start()
        await self._startup()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in ("/health", "/health/live"):
            await _answer(send, 200, {"status": "alive"})
        elif path in ("/health/ready", "/readiness"):
            await self._answer_readiness(send)
        elif path == "/metrics":
            await _send(send, 200, prometheus_client.generate_latest(), prometheus_client.CONTENT_TYPE_LATEST)
        else:
            await self._request(scope, receive, send)

    async def _answer_readiness(self, send: Send) -> None:
        checks: dict[str, bool] = {"accepting": not self.draining}
        if self._verifier is not None:
            if not self._verifier.ready:
                await self._verifier.start()
            checks["keys"] = self._verifier.ready
        try:
            async with asyncio.timeout(READY_TIMEOUT_SECONDS):
                checks.update(await self._ready())
        except TimeoutError:
            checks["in_time"] = False
        well = all(checks.values())
        await _answer(
            send, 200 if well else 503, {"status": "ready" if well else "not ready", "checks": checks}
        )

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers = _headers(scope)
        log = RequestLog()
        status = 500
        size = 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", trace.request_id.encode()),
                ]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        self._in_flight += 1
        self._gauge.inc()
        with (
            telemetry.bind_trace(headers.get("x-request-id"), headers.get("traceparent")) as trace,
            tracing.span("request", "server") as mark,
        ):
            try:
                await self._guarded(scope, receive, counted, headers, log)
            finally:
                self._in_flight -= 1
                self._gauge.dec()
                seconds = time.perf_counter() - started
                method = scope["method"] if scope["method"] in _METHODS else "other"
                _REQUESTS.labels(self.name, method, str(status)).inc()
                self._seconds.observe(seconds)
                fields = {
                    "method": method,
                    "path": scope["path"][:200],
                    "status_code": status,
                    "payload_bytes": size,
                    "duration_ms": round(seconds * 1000, 3),
                }
                self._log.info("http.request_answered", **{**log, **fields})
                if mark.recording:
                    _describe(mark, {**log, **fields})

    async def _guarded(
        self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str], log: RequestLog
    ) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            self._admit(scope, headers)
            state = scope.setdefault("state", {})
            state["request_log"] = log
            state["principal"] = None
            if self._verifier is not None:
                principal = await self._verifier.authenticate(headers.get("authorization"))
                state["principal"] = principal
                if principal is not None:
                    log["subject"] = principal.subject
            async with deadline(self.settings.request_timeout_seconds):
                await self._app(scope, self._limited(receive), watched)
        except _Refused as refused:
            refusal = refused
        except Unauthenticated as problem:
            log["auth_failure"] = problem.reason
            refusal = _Refused(401, "UNAUTHENTICATED", problem.MESSAGE)
        except TimeoutError:
            refusal = _Refused(504, "GATEWAY_TIMEOUT", "The request took too long.")
        except Exception:  # noqa: BLE001 - the outermost loop of a request
            # Whatever was not foreseen is logged with its cause and told generically.
            self._log.exception("http.request_failed")
            refusal = _Refused(500, "INTERNAL_SERVER_ERROR", "Internal server error")
        else:
            return
        log["error_code"] = refusal.code
        if not begun:
            await _refuse(send, refusal)

    def _admit(self, scope: Scope, headers: Mapping[str, str]) -> None:
        settings = self.settings
        if self._in_flight > settings.max_in_flight:
            raise _Refused(503, "SERVICE_UNAVAILABLE", "Too many requests at once; try again.", retry_after=1)
        raw = scope["headers"]
        if len(raw) > settings.max_header_count or (
            sum(len(name) + len(value) for name, value in raw) > settings.max_header_bytes
        ):
            raise _Refused(431, "BAD_REQUEST", "The request's headers are too large.")
        if headers.get("content-encoding", "identity") != "identity":
            # Decompression would let a small body become an arbitrarily large one.
            raise _Refused(415, "BAD_REQUEST", "Compressed request bodies are not accepted.")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise _Refused(400, "BAD_REQUEST", "The content length is not a number.")
        if len(length) > 15 or int(length) > settings.max_body_bytes:
            raise self._too_large()

    def _too_large(self) -> _Refused:
        limit = self.settings.max_body_bytes
        return _Refused(413, "PAYLOAD_TOO_LARGE", f"The request's body is larger than {limit} bytes.")

    def _limited(self, receive: Receive) -> Receive:
        """Count the body's bytes and seconds as it arrives, whatever its headers said."""
        seen = 0
        complete = False
        ends_at = time.monotonic() + self.settings.body_timeout_seconds

        async def limited() -> Message:
            nonlocal seen, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout(ends_at - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                raise _Refused(408, "BAD_REQUEST", "The request's body did not arrive in time.") from None
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if seen > self.settings.max_body_bytes:
                    raise self._too_large()
            return message

        return limited


def _describe(mark: tracing.Mark, fields: Mapping[str, object]) -> None:
    """Name the request's span by its operation's type, as the semantic conventions of GraphQL servers say."""
    mark.rename(str(fields.get("operation_type", fields["method"])))
    for attribute, field in _SPAN_ATTRIBUTES.items():
        value = fields.get(field)
        if value is not None:
            mark.note({attribute: value if isinstance(value, int) else str(value)})
    if int(str(fields["status_code"])) >= 500:
        mark.fail(str(fields.get("error_code", fields["status_code"])))


def _headers(scope: Scope) -> dict[str, str]:
    """Header values by lower-case name; values of a repeated header are joined (RFC 9110, section 5.3)."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def _refuse(send: Send, refused: _Refused) -> None:
    error = {"message": str(refused), "extensions": {"code": refused.code}}
    extra: list[tuple[bytes, bytes]] = []
    if refused.retry_after is not None:
        extra.append((b"retry-after", str(refused.retry_after).encode()))
    if refused.status == 401:
        extra.append((b"www-authenticate", b"Bearer"))
    if refused.status in (408, 413):
        # Unread bytes of the body would otherwise be taken for the next request.
        extra.append((b"connection", b"close"))
    await _answer(send, refused.status, {"errors": [error]}, extra)


async def _answer(
    send: Send, status: int, document: Mapping[str, object], extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    body = json.dumps(document, separators=(",", ":")).encode()
    await _send(send, status, body, "application/json", extra)


async def _send(
    send: Send, status: int, body: bytes, content_type: str, extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *(extra or ()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """uvicorn that turns unready before it drains, exits with 0 after SIGTERM, at once on a second signal."""

    def __init__(self, config: uvicorn.Config, service: Service, url: str) -> None:
        super().__init__(config)
        self._service = service
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            telemetry.get_logger().info("service.became_ready", url=self._url)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        if self._service.draining:
            self.force_exit = True
        self._service.draining = True
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises the signal again after a clean stop, which would make the exit code a failure's.
        previous = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def serve(service: Service) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return.

    Raises `ConfigurationProblem` when the port is taken, and when the start-up failed (the log says why).
    """
    settings = service.settings
    listener = _listen(service.name, settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        service,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(settings.shutdown_grace_seconds),
    )
    server = _Server(config, service, f"http://{host}:{port}")
    tracing.configure_tracing(service.name, settings.otel_exporter_otlp_endpoint)
    with listener:
        server.run(sockets=[listener])
    tracing.flush()
    if not server.started:
        raise ConfigurationProblem(f"{service.name} did not start; the log above says why")


def _listen(name: str, host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationProblem(
            f"{name} cannot listen on {host}:{port} ({error.strerror}); "
            f"stop what uses that port, or choose another with --port or PORT"
        ) from error
    listener.set_inheritable(True)
    return listener
