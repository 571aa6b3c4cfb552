"""An HTTP/1.1 client for one thing: posting JSON to known servers over kept-alive connections.

Why our own (docs/decisions): of what a federated request costs, the client is the largest part, and a
general one spends most of it on what is not needed here (cookies, redirects, proxies, decompression).
Parsing is llhttp's, by httptools, the parser that the server side trusts too. Measured, CPU of one
exchange: see bench/gateway/README.md.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, cast
from urllib.parse import urlsplit

import httptools

from gateway.execution.transport import AnswerTooLarge, HttpAnswer, HttpRequest, TransportFault

__all__ = ["Http1Transport"]

#: A connection idle for longer is not used for a mutation: the server may just be closing it, and then
#: nobody could tell whether the mutation was applied.
SURELY_OPEN_SECONDS: Final = 1.0
#: A connection idle for longer is closed: below the 60 s after which proxies commonly drop it silently.
MAX_IDLE_SECONDS: Final = 50.0


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a URL leads, and the constant part of a request's head."""

    host: str
    port: int
    tls: bool
    head: bytes


def _origin_of(url: str) -> _Origin:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TransportFault(f"not an http(s) URL: {url}", unsent=True)
    tls = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    head = (
        f"POST {target} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        "accept: application/graphql-response+json, application/json\r\n"
    )
    return _Origin(parts.hostname, parts.port or (443 if tls else 80), tls, head.encode("ascii"))


class Http1Transport:
    """Connections to all subgraphs, at most `max_connections` to one; further requests wait for one."""

    def __init__(self, *, max_connections: int, clock: Callable[[], float] = monotonic) -> None:
        self._max_connections = max_connections
        self._clock = clock
        self._pools: dict[str, _Pool] = {}
        self._tls: ssl.SSLContext | None = None

    async def post(self, request: HttpRequest) -> HttpAnswer:
        """Send and wait for the answer; raises `TransportFault`."""
        pool = self._pools.get(request.url)
        if pool is None:
            pool = self._pools[request.url] = self._pool(request.url)
        connection = await pool.acquire(surely_open=not request.idempotent)
        try:
            answer = await connection.exchange(_encode(pool.origin, request), request.max_answer_bytes)
        except BaseException:
            connection.abort()
            pool.release(connection)
            raise
        pool.release(connection)
        return answer

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, url: str) -> _Pool:
        origin = _origin_of(url)
        if origin.tls and self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return _Pool(origin, self._tls if origin.tls else None, self._max_connections, self._clock)


def _encode(origin: _Origin, request: HttpRequest) -> bytes:
    lines = [origin.head]
    for name, value in request.headers.items():
        if "\r" in value or "\n" in value or "\0" in value:
            raise TransportFault(f"the header {name} holds a line break", unsent=True)
        lines.append(f"{name}: {value}\r\n".encode("latin-1", "replace"))
    lines.append(b"content-length: %d\r\n\r\n" % len(request.body))
    lines.append(request.body)
    return b"".join(lines)


class _Pool:
    """The connections to one URL. Idle ones are used last in, first out, so that the surplus ages out."""

    def __init__(
        self, origin: _Origin, tls: ssl.SSLContext | None, limit: int, clock: Callable[[], float]
    ) -> None:
        self.origin = origin
        self._tls = tls
        self._limit = limit
        self._clock = clock
        self._open = 0
        self._idle: list[_Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def acquire(self, *, surely_open: bool) -> _Connection:
        """A connection of one's own, which goes back by `release`; raises `TransportFault`."""
        while True:
            connection = self._reuse(surely_open=surely_open)
            if connection is not None:
                return connection
            if self._open < self._limit:
                return await self._connect()
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake()  # It was our turn; it becomes the next one's.
                raise

    def _reuse(self, *, surely_open: bool) -> _Connection | None:
        now = self._clock()
        longest = SURELY_OPEN_SECONDS if surely_open else MAX_IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and now - connection.idle_since <= longest:
                return connection
            connection.abort()
            self._open -= 1
        return None

    async def _connect(self) -> _Connection:
        self._open += 1
        origin = self.origin
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, origin.host, origin.port, ssl=self._tls
            )
        except BaseException as error:
            self._open -= 1
            self._wake()
            if isinstance(error, OSError):  # ssl.SSLError is one
                raise TransportFault(f"cannot connect: {error}", unsent=True) from error
            raise
        return connection

    def release(self, connection: _Connection) -> None:
        """Give a connection back; one that cannot be used again is forgotten."""
        if connection.is_open:
            connection.idle_since = self._clock()
            self._idle.append(connection)
        else:
            self._open -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def close(self) -> None:
        """Close the idle connections; the others go when their exchange ends."""
        for connection in self._idle:
            connection.abort()
        self._open -= len(self._idle)
        self._idle.clear()


class _Connection(asyncio.Protocol):
    """One connection, one exchange at a time. The parser calls the methods named `on_…`."""

    def __init__(self) -> None:
        self.is_open = False
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._begin(0)

    def _begin(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._chunks: list[bytes] = []
        self._content_type = ""
        self._has_length = False
        self._in_body = False

    async def exchange(self, request: bytes, max_answer_bytes: int) -> HttpAnswer:
        """Send a request and wait for its answer; raises `TransportFault`."""
        if self._transport is None or not self.is_open:
            raise TransportFault("the connection was closed", unsent=True)
        self._begin(max_answer_bytes)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self.is_open = False
        self._answer = None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected."""
        # Always a stream here; uvloop's does not inherit from asyncio's class, so no isinstance.
        self._transport = cast(asyncio.Transport, transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came."""
        if self._answer is None:
            self.abort()  # Bytes that answer nothing: what came next could not be trusted.
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(TransportFault(f"not an HTTP answer: {error}"))

    def eof_received(self) -> bool:
        """asyncio: the server has said all it will."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: closed."""
        self.is_open = False
        if self._in_body and not self._has_length and error is None:
            self._complete()  # The end of the connection is the end of such an answer (RFC 9112, 6.3).
        else:
            self._fail(TransportFault("the connection was closed before the answer was complete"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: a header."""
        lowered = name.lower()
        if lowered == b"content-type":
            self._content_type = value.decode("latin-1")
        elif lowered in (b"content-length", b"transfer-encoding"):
            self._has_length = True

    def on_headers_complete(self) -> None:
        """httptools: the head is complete."""
        self._in_body = self._parser.get_status_code() >= 200

    def on_body(self, chunk: bytes) -> None:
        """httptools: a part of the body."""
        self._size += len(chunk)
        if self._size > self._max_bytes:
            self._fail(AnswerTooLarge(f"more than {self._max_bytes} bytes"))
        else:
            self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        """httptools: the answer is complete."""
        if not self._in_body:
            return  # An interim answer (1xx); the one that counts follows.
        if not self._parser.should_keep_alive():
            self.is_open = False
        self._complete()
        if not self.is_open and self._transport is not None:
            self._transport.close()

    def _complete(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            chunks = self._chunks
            body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            answer.set_result(HttpAnswer(self._parser.get_status_code(), self._content_type, body))
        self._chunks = []
        self._in_body = False

    def _fail(self, fault: TransportFault) -> None:
        answer = self._answer
        self.abort()
        if answer is not None and not answer.done():
            answer.set_exception(fault)
