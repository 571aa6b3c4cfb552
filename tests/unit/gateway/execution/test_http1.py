"""The HTTP client against a server that does what it is told, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.execution.http1 import Http1Transport
from gateway.execution.transport import AnswerTooLarge, HttpRequest, TransportFault
from tests.kit.gateway import until

_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
_Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class _Server:
    url: str
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


@asynccontextmanager
async def _serving(*answers: bytes, close_after_each: bool = False) -> AsyncIterator[_Server]:
    """A server that gives these answers in turn, the last one for ever."""
    state = _Server("")
    left = list(answers)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        try:
            while True:
                state.requests.append(await _read_request(reader))
                answer = left.pop(0) if len(left) > 1 else left[0]
                writer.write(answer)
                await writer.drain()
                if close_after_each:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(script, "127.0.0.1", 0)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    try:
        yield state
    finally:
        server.close()


def _request(url: str, *, idempotent: bool = True, limit: int = 1_000) -> HttpRequest:
    return HttpRequest(url, b'{"query":"{a}"}', {"authorization": "Bearer t"}, limit, idempotent)


async def test_a_connection_is_kept_for_the_next_request() -> None:
    """Three requests in a row take one connection and carry the caller's headers."""
    transport = Http1Transport(max_connections=5)
    async with _serving(_OK) as server:
        for _ in range(3):
            answer = await transport.post(_request(server.url))
            assert (answer.status, answer.content_type, answer.body) == (200, "application/json", b"{}")
        assert server.connections == 1
        assert b"\r\nauthorization: Bearer t\r\n" in server.requests[0]
        assert server.requests[0].startswith(b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1:")
        await transport.close()


ANSWERS = {
    "in chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    "after an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n" + _OK,
    "until the connection ends": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "with a goodbye": _OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_every_framing_of_an_answer_is_understood(answer: bytes) -> None:
    """And the connection is used again exactly if it may be."""
    transport = Http1Transport(max_connections=5)
    closes = b"transfer" not in answer and b"100 Continue" not in answer
    async with _serving(answer, close_after_each=closes) as server:
        for _ in range(2):
            assert (await transport.post(_request(server.url))).body == b"{}"
        assert server.connections == (2 if closes else 1)
        await transport.close()


BROKEN = {
    "cut in the middle": b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{",
    "cut in a chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
    "cut in the head": b"HTTP/1.1 200",
    "nothing": b"",
    "no HTTP at all": b"SSH-2.0-OpenSSH\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_an_incomplete_or_foreign_answer_is_a_fault(answer: bytes) -> None:
    """Never half an answer, never an exception of a library."""
    transport = Http1Transport(max_connections=5)
    async with _serving(answer, close_after_each=True) as server:
        with pytest.raises(TransportFault) as caught:
            await transport.post(_request(server.url))
        assert not caught.value.unsent
        await transport.close()


async def test_an_answer_over_its_limit_is_given_up_while_it_comes() -> None:
    """The connection is closed, so that the rest is not read."""
    transport = Http1Transport(max_connections=5)
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5_000
    async with _serving(large) as server:
        with pytest.raises(AnswerTooLarge):
            await transport.post(_request(server.url, limit=1_000))
        await transport.close()


async def test_a_port_where_nobody_listens_means_that_nothing_was_sent() -> None:
    """So even a mutation may be tried again."""
    async with _serving(_OK) as server:
        url = server.url
    with pytest.raises(TransportFault) as caught:
        await Http1Transport(max_connections=1).post(_request(url, idempotent=False))
    assert caught.value.unsent


async def test_a_mutation_never_uses_a_connection_that_may_be_closing() -> None:
    """After a second of idleness it opens a new one; a query may use the old one."""
    now = 0.0
    transport = Http1Transport(max_connections=5, clock=lambda: now)
    async with _serving(_OK) as server:
        await transport.post(_request(server.url))
        now = 2.0
        await transport.post(_request(server.url))
        assert server.connections == 1
        now = 4.0
        await transport.post(_request(server.url, idempotent=False))
        assert server.connections == 2
        await transport.close()


async def test_connections_are_bounded_and_waiting_requests_get_their_turn() -> None:
    """Twenty requests over two connections, all answered."""
    transport = Http1Transport(max_connections=2)
    async with _serving(_OK) as server:
        answers = await asyncio.gather(*(transport.post(_request(server.url)) for _ in range(20)))
        assert [answer.body for answer in answers] == [b"{}"] * 20
        assert server.connections == 2
        await transport.close()


async def test_a_cancelled_request_closes_its_connection_and_frees_its_place() -> None:
    """Nobody gets the late answer to another's request."""
    closed = asyncio.Event()
    arrived = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_request(reader)
        arrived.set()
        await reader.read()
        closed.set()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    transport = Http1Transport(max_connections=1)
    task = asyncio.create_task(transport.post(_request(url)))
    async with asyncio.timeout(10):
        await arrived.wait()
        task.cancel()
        await closed.wait()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = asyncio.create_task(transport.post(_request(url)))
    arrived.clear()
    await until(arrived.is_set)
    again.cancel()
    with pytest.raises(asyncio.CancelledError):
        await again
    server.close()


async def test_a_line_break_in_a_header_is_never_sent() -> None:
    """No header of a client can become two."""
    async with _serving(_OK) as server:
        request = HttpRequest(server.url, b"{}", {"x": "a\r\ny: b"}, 100, idempotent=True)
        with pytest.raises(TransportFault):
            await Http1Transport(max_connections=1).post(request)
        assert server.requests == []
