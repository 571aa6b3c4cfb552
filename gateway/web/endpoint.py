"""The HTTP endpoint: plain ASGI, since this is the hot path (28 µs a request; Starlette's routing 45)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.errors import ClientProblem, ErrorCode, Refusal
from gateway.web.body import read_body, read_query_string
from gateway.web.conditional import etag_of, matches
from gateway.web.csrf import require_preflight
from gateway.web.explorer import SECURITY_HEADERS, StaticFile, StaticFiles
from gateway.web.negotiation import GRAPHQL_RESPONSE, JSON, answer_type, check_content_type, prefers_html
from gateway.web.request import Answer, GraphQLRequest
from kernel.asgi import Receive, RequestLog, Scope, Send
from kernel.auth import Principal

__all__ = ["Caller", "Endpoint"]

Headers = list[tuple[bytes, bytes]]

#: Seconds after which a request that is still worked on watches for its client going away. Watching
#: costs a task, most requests are answered sooner, and what is left runs no longer than this unwatched.
WATCH_AFTER_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the verified principal, the request's headers (lower-case), and its log line."""

    principal: Principal | None
    headers: Mapping[str, str]
    log: RequestLog


class Pipeline(Protocol):
    """What stands behind the endpoint."""

    async def answer(self, request: GraphQLRequest, caller: Caller) -> Answer:
        """Answer a request; raises `Refusal`."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Headers
    body: bytes


class Endpoint:
    """GraphQL over HTTP at `/graphql` (and `/`), where browsers get the explorer."""

    def __init__(self, pipeline: Pipeline, files: StaticFiles, refuse: Callable[[Refusal], Answer]) -> None:
        self._pipeline = pipeline
        self._files = files
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        path: str = scope["path"]
        if path in ("/graphql", "/"):
            reply = await self._graphql(scope, receive)
        elif path.startswith("/explorer/"):
            reply = self._static(scope, self._files.find(path.removeprefix("/explorer/")))
        else:
            reply = _not_found()
        if reply is not None:
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
            await send({"type": "http.response.body", "body": reply.body})

    async def _graphql(self, scope: Scope, receive: Receive) -> _Reply | None:
        """None when the client has gone away."""
        headers = _headers(scope)
        method = scope["method"]
        accept = headers.get("accept", "")
        if method in ("GET", "HEAD") and not scope["query_string"] and prefers_html(accept):
            return self._static(scope, self._files.page())
        media_type = answer_type(accept)
        if media_type is None:
            return _plain(406, f"Acceptable are {GRAPHQL_RESPONSE} and {JSON}.")
        state = scope["state"]
        caller = Caller(state["principal"], headers, state["request_log"])
        gone = _Gone()
        try:
            request = await _read(scope, headers, receive)
            if request is None:
                return None
            with _watching(receive, gone):
                answer = await self._pipeline.answer(request, caller)
        except Refusal as refusal:
            answer = self._refuse(refusal)
            caller.log["error_code"] = refusal.problems[0].code.value
            caller.log["error_count"] = len(refusal.problems)
        except asyncio.CancelledError:
            if not gone.client:
                raise
            caller.log["client_gone"] = True
            return None
        return _reply(answer, media_type, headers)

    def _static(self, scope: Scope, file: StaticFile | None) -> _Reply:
        if file is None or scope["method"] not in ("GET", "HEAD"):
            return _not_found()
        keeping = b"public, max-age=31536000, immutable" if file.immutable else b"no-cache"
        headers = [*SECURITY_HEADERS, (b"etag", file.etag.encode()), (b"cache-control", keeping)]
        if matches(_headers(scope).get("if-none-match", ""), file.etag):
            return _Reply(304, headers, b"")
        headers += [
            (b"content-type", file.content_type.encode()),
            (b"content-length", str(len(file.body)).encode()),
        ]
        return _Reply(200, headers, b"" if scope["method"] == "HEAD" else file.body)


async def _read(scope: Scope, headers: Mapping[str, str], receive: Receive) -> GraphQLRequest | None:
    method = scope["method"]
    if method == "GET":
        require_preflight(headers)
        return read_query_string(scope["query_string"])
    if method != "POST":
        problem = ClientProblem(ErrorCode.BAD_REQUEST, "Use POST, or GET for queries.")
        raise Refusal(problem, malformed=True, status=405)
    check_content_type(headers.get("content-type", ""))
    body = await _body(receive)
    return None if body is None else read_body(body)


async def _body(receive: Receive) -> bytes | None:
    """The whole body, whose size and time the shell around us bounds; None when the client went away."""
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    chunks = [body]
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
    return b"".join(chunks)


@dataclass(slots=True)
class _Gone:
    client: bool = False


@contextmanager
def _watching(receive: Receive, gone: _Gone) -> Iterator[None]:
    """Cancel the body when the client goes away, and with it every fetch that it waits for."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    watcher: asyncio.Task[None] | None = None

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.client = True
        if task is not None:
            task.cancel()

    def begin() -> None:
        nonlocal watcher
        watcher = loop.create_task(watch(), name="client-watch")

    timer = loop.call_later(WATCH_AFTER_SECONDS, begin)
    try:
        yield
    finally:
        timer.cancel()
        if watcher is not None:
            watcher.cancel()


def _headers(scope: Scope) -> dict[str, str]:
    """Header values by lower-case name; values of a repeated header are joined (RFC 9110, section 5.3)."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _reply(answer: Answer, media_type: str, headers: Mapping[str, str]) -> _Reply:
    fields: Headers = [
        (b"vary", b"accept, authorization" if answer.private else b"accept"),
        (b"cache-control", b"private, no-cache" if answer.private else b"no-cache"),
    ]
    if answer.outcome == "complete" and answer.kind == "query":
        etag = etag_of(answer.body, media_type)
        fields.append((b"etag", etag.encode()))
        if matches(headers.get("if-none-match", ""), etag):
            return _Reply(304, fields, b"")
    fields += [
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    status = _status(answer, media_type)
    if status == 405:
        fields.append((b"allow", b"POST"))
    return _Reply(status, fields, answer.body)


def _status(answer: Answer, media_type: str) -> int:
    """GraphQL over HTTP 6.4: refused operations are 400, but 200 to clients of `application/json`."""
    if answer.status is not None:
        return answer.status
    if answer.outcome == "malformed" or (answer.outcome == "refused" and media_type == GRAPHQL_RESPONSE):
        return 400
    return 200


def _plain(status: int, text: str) -> _Reply:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    return _Reply(status, headers, body)


def _not_found() -> _Reply:
    return _plain(404, "Not found. GraphQL is answered at /graphql.")
