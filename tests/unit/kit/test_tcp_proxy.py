"""The proxy does to connections what it is told, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.kit.tcp_proxy import Cut, Direction, End, Fault, TcpProxy, tcp_proxy

_BOUND_SECONDS = 20.0
_BLACK_HOLE = Fault(black_hole=True)


@dataclass
class Echo:
    """Sends back what it gets, after its own name."""

    name: bytes
    port: int = 0
    got: bytes = b""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.got += data
                writer.write(self.name + data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.ended.set()
            writer.close()


@asynccontextmanager
async def echoing(name: bytes = b">") -> AsyncIterator[Echo]:
    """An echo on a free port."""
    echo = Echo(name)
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    try:
        yield echo
    finally:
        server.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    """The server behind the proxy."""
    async with echoing() as running:
        yield running


@pytest.fixture
def proxy(echo: Echo) -> Iterator[TcpProxy]:
    """A proxy before it."""
    with tcp_proxy(echo.port) as running:
        yield running


async def say(proxy: TcpProxy, *words: bytes) -> bytes:
    """Send each word and wait for as many bytes back, and one more; all that came before the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    answer = b""
    try:
        async with asyncio.timeout(_BOUND_SECONDS):
            for word in words:
                writer.write(word)
                wanted = len(answer) + len(word) + 1
                while len(answer) < wanted:
                    data = await reader.read(wanted - len(answer))
                    if not data:
                        return answer
                    answer += data
    except ConnectionError:
        pass
    finally:
        writer.close()
    return answer


async def test_without_a_fault_bytes_pass_both_ways(proxy: TcpProxy, echo: Echo) -> None:
    """A megabyte arrives as it was, and so does its end."""
    big = bytes(range(256)) * 4096
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    async with asyncio.timeout(_BOUND_SECONDS):
        sending = asyncio.create_task(_send(writer, big))
        answer = await reader.read(-1)
        await sending
    assert answer.replace(b">", b"") == big.replace(b">", b"")
    assert echo.got == big
    writer.close()


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    writer.write_eof()
    await writer.drain()


async def test_delay_holds_every_chunk(proxy: TcpProxy) -> None:
    """There and back take at least twice the delay, on open connections too."""
    proxy.set(Fault(delay=0.1))
    began = time.monotonic()
    assert await say(proxy, b"bom", b"dia") == b">bom>dia"
    assert time.monotonic() - began >= 0.4


async def test_throttle_lets_so_many_bytes_pass_in_a_second(proxy: TcpProxy) -> None:
    """Forty bytes at a hundred a second take at least 0.3 s, since slices of ten pass with pauses between."""
    proxy.set(Fault(bytes_per_second=100))
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    async with asyncio.timeout(_BOUND_SECONDS):
        await _send(writer, b"x" * 40)
        answer = await reader.read(-1)
    assert answer.count(b"x") == 40
    assert time.monotonic() - began >= 0.3
    writer.close()


async def test_black_hole_takes_connections_and_passes_nothing_until_it_is_over(
    proxy: TcpProxy, echo: Echo
) -> None:
    """Open and new connections stall; what was sent arrives when the network is back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with proxy.suffering(_BLACK_HOLE):
        writer.write(b"oi")
        new = asyncio.create_task(say(proxy, b"nova"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        assert not new.done()
        assert echo.got == b""
    async with asyncio.timeout(_BOUND_SECONDS):
        assert await reader.readexactly(3) == b">oi"
        assert await new == b">nova"
    writer.close()


async def test_refusal_resets_what_is_open_and_refuses_what_is_new(proxy: TcpProxy) -> None:
    """Afterwards the same port takes connections again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"a")
    await reader.readexactly(2)
    with proxy.suffering(Fault(refuse=True)):
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await say(proxy, b"oi") == b">oi"
    writer.close()


async def test_reset_ends_open_connections_only(proxy: TcpProxy, echo: Echo) -> None:
    """Both sides see the end; the next connection is whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"a")
    await reader.readexactly(2)
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    await asyncio.wait_for(echo.ended.wait(), _BOUND_SECONDS)
    assert await say(proxy, b"oi") == b">oi"
    writer.close()


async def test_failover_leads_to_another_port(proxy: TcpProxy) -> None:
    """New connections reach the new server; the old one's are gone."""
    async with echoing(b"2") as second:
        assert await say(proxy, b"a") == b">a"
        proxy.fail_over(second.port)
        assert await say(proxy, b"a") == b"2a"


@pytest.mark.parametrize("after", [0, 1, 5])
async def test_cut_on_the_way_to_the_server_lets_exactly_so_many_bytes_pass(
    proxy: TcpProxy, echo: Echo, after: int
) -> None:
    """Counted from the pattern's first byte; the cut is made once."""
    proxy.arm(Cut(Direction.TO_SERVER, after, b"COMMIT", End.CLOSE))
    await say(proxy, b"BEGIN;", b"...COMMIT;")
    await asyncio.wait_for(echo.ended.wait(), _BOUND_SECONDS)
    assert echo.got == b"BEGIN;..." + b"COMMIT"[:after]
    assert (proxy.cuts, proxy.armed) == (1, False)
    assert await say(proxy, b"COMMIT") == b">COMMIT"


@pytest.mark.parametrize("after", [0, 1, 6])
async def test_cut_on_the_way_back_lets_exactly_so_many_bytes_of_the_answer_pass(
    proxy: TcpProxy, echo: Echo, after: int
) -> None:
    """The server has got the pattern whole; the client sees the beginning of the answer."""
    proxy.arm(Cut(Direction.TO_CLIENT, after, b"COMMIT", End.CLOSE))
    assert await say(proxy, b"BEGIN;", b"COMMIT;") == b">BEGIN;" + b">COMMIT;"[:after]
    await asyncio.wait_for(echo.ended.wait(), _BOUND_SECONDS)
    assert echo.got == b"BEGIN;COMMIT;"


async def test_cut_without_a_pattern_counts_from_when_it_was_armed(proxy: TcpProxy) -> None:
    """Bytes of before do not count."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    async with asyncio.timeout(_BOUND_SECONDS):
        writer.write(b"antes")
        await reader.readexactly(6)
        proxy.arm(Cut(Direction.TO_CLIENT, 3, end=End.CLOSE))
        writer.write(b"depois")
        assert await reader.read(-1) == b">de"
    writer.close()


async def test_silence_keeps_the_connection_and_passes_nothing(proxy: TcpProxy, echo: Echo) -> None:
    """Neither side learns that the other cannot hear it."""
    proxy.arm(Cut(Direction.TO_SERVER, 2, b"mudo", End.SILENCE))
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"mudo")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.5)
    assert echo.got == b"mu"
    assert not echo.ended.is_set()
    writer.close()
