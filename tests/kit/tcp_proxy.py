"""A TCP proxy on the loopback interface that does to connections what networks do to them.

It runs in a thread of its own, so that tests with and without an event loop use it alike. Ports are below the
range of outgoing connections: a proxy that refuses for a while gets its port back.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Any, TypeVar

from devstack.ports import Ports

__all__ = ["Cut", "Direction", "End", "Fault", "TcpProxy", "tcp_proxy"]

T = TypeVar("T")
_HOST = "127.0.0.1"
_CHUNK_BYTES = 65_536
#: Seconds for an order to the proxy's thread.
_ORDER_SECONDS = 20.0
_PORTS = Ports()


class Direction(Enum):
    """Which way bytes go."""

    TO_SERVER = "to the server"
    TO_CLIENT = "to the client"


class End(Enum):
    """How a connection ends, for both of its sides."""

    #: RST: what is on its way is dropped.
    RESET = "reset"
    #: FIN: what is on its way arrives.
    CLOSE = "close"
    #: It stays open, and nothing passes any more: a cable that was pulled.
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the network, for every connection; without fields, nothing."""

    #: Seconds that each chunk waits.
    delay: float = 0.0
    bytes_per_second: float = inf
    #: Connections are taken, and nothing passes; it does once the fault is over, as TCP sends again.
    black_hole: bool = False
    #: Nobody listens, and open connections are reset.
    refuse: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """Ends one connection in the middle: the first on which so many bytes have passed; then it is used up."""

    direction: Direction
    #: Bytes that pass before the end: of what comes after arming, or from the first byte of `pattern` on.
    after: int = 0
    #: Counting begins when a client sends this in one write; answers are counted from then on, too.
    pattern: bytes = b""
    end: End = End.RESET
    #: What is wrong with the network from then on.
    then: Fault = Fault()


class TcpProxy:
    """Passes connections on to 127.0.0.1:`upstream`. All methods are for other threads than its own."""

    def __init__(self, upstream: int) -> None:
        self.port = _PORTS.prefer(0)
        #: Connections that were accepted, and cuts that were made.
        self.accepted = 0
        self.cuts = 0
        self._upstream = upstream
        self._fault = Fault()
        self._cut: Cut | None = None
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._changed = asyncio.Event()

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._do(self._listen())

    def stop(self) -> None:
        """Reset everything and listen no more."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ORDER_SECONDS)
        self._loop.close()

    def set(self, fault: Fault) -> None:
        """From now on the network is like this, for open connections too."""
        self._do(self._set(fault))

    def heal(self) -> None:
        """Nothing is wrong any more."""
        self.set(Fault())

    def reset(self) -> None:
        """Reset the connections that are open."""
        self._do(self._reset())

    def fail_over(self, upstream: int) -> None:
        """Reset the connections that are open, and pass new ones on to another port."""
        self._upstream = upstream
        self.reset()

    def arm(self, cut: Cut | None) -> None:
        """Cut once, or not at all any more."""
        self._do(self._arm(cut))

    @contextmanager
    def suffering(self, fault: Fault) -> Iterator[None]:
        """The fault lasts as long as the body."""
        self.set(fault)
        try:
            yield
        finally:
            self.heal()

    @property
    def armed(self) -> bool:
        """Whether a cut is still to be made."""
        return self._cut is not None

    def _do(self, order: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(order, self._loop).result(_ORDER_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, _HOST, self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset()
        running = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _set(self, fault: Fault) -> None:
        was, self._fault = self._fault, fault
        self._changed.set()
        self._changed = asyncio.Event()
        if fault.refuse and self._server is not None:
            self._server.close()
            self._server = None
            await self._reset()
        elif was.refuse and not fault.refuse:
            await self._listen()

    async def _reset(self) -> None:
        for connection in list(self._connections):
            connection.end(End.RESET)

    async def _arm(self, cut: Cut | None) -> None:
        self._cut = cut
        for connection in self._connections:
            connection.counting = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        client = _Side(reader, writer)
        connection = _Connection(self, client)
        self._connections.add(connection)
        try:
            await self.passable()
            connection.server = _Side(*await asyncio.open_connection(_HOST, self._upstream))
            await connection.run()
        except OSError:
            connection.end(End.RESET)
        except asyncio.CancelledError:
            # Only `stop` cancels; asyncio's streams would log it as an error.
            return
        finally:
            connection.end(End.CLOSE)
            self._connections.discard(connection)

    async def passable(self) -> Fault:
        """Wait while nothing passes; the fault that there is then."""
        while self._fault.black_hole:
            await self._changed.wait()
        return self._fault

    def due(self, connection: _Connection, direction: Direction, data: bytes) -> int | None:
        """How many of these bytes pass before the cut; None: all of them, and no cut yet."""
        cut = self._cut
        if cut is None:
            return None
        before = 0
        if connection.counting is None:
            # Only what clients say is looked at; without a pattern, any byte begins the count.
            before = data.find(cut.pattern) if direction is Direction.TO_SERVER or not cut.pattern else -1
            if before < 0:
                return None
            connection.counting = 0
        if direction is not cut.direction:
            # The cut before any answer is made as soon as the whole pattern has passed.
            return len(data) if cut.after == 0 and cut.pattern else None
        connection.counting += len(data) - before
        if connection.counting < cut.after:
            return None
        return len(data) - (connection.counting - cut.after)

    async def make_cut(self, connection: _Connection) -> None:
        """End this connection as the cut says."""
        cut, self._cut = self._cut, None
        if cut is None:  # another connection was first
            return
        self.cuts += 1
        connection.end(cut.end)
        if cut.then != Fault():
            await self._set(cut.then)


@dataclass(frozen=True, slots=True)
class _Side:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class _Connection:
    """One client's connection and the one to the server."""

    def __init__(self, proxy: TcpProxy, client: _Side) -> None:
        self._proxy = proxy
        self._client = client
        self.server: _Side | None = None
        #: Bytes that the armed cut has counted; None before its pattern has come.
        self.counting: int | None = None
        self._silent = False

    async def run(self) -> None:
        """Pass bytes both ways until both sides have ended, or a cut."""
        assert self.server is not None
        there = asyncio.create_task(self._pass(self._client.reader, self.server.writer, Direction.TO_SERVER))
        back = asyncio.create_task(self._pass(self.server.reader, self._client.writer, Direction.TO_CLIENT))
        try:
            await asyncio.gather(there, back)
        finally:
            there.cancel()
            back.cancel()

    def end(self, how: End) -> None:
        """End both sides; safe to repeat."""
        if how is End.SILENCE:
            self._silent = True
            return
        for side in (self._client, self.server):
            if side is None:
                continue
            if how is End.RESET:
                _linger_no_more(side.writer)
                side.writer.transport.abort()
            else:
                side.writer.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK_BYTES):
                await self._proxy.passable()
                if self._silent:
                    continue
                due = self._proxy.due(self, direction, data)
                await self._write(writer, data if due is None else data[:due])
                if due is not None:
                    await self._proxy.make_cut(self)
        if self._silent:
            return
        with suppress(OSError, RuntimeError):
            writer.write_eof()

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Write at the pace that the fault allows, which may change meanwhile."""
        while data:
            fault = await self._proxy.passable()
            if fault.delay:
                await asyncio.sleep(fault.delay)
            size = len(data) if fault.bytes_per_second == inf else max(1, int(fault.bytes_per_second / 10))
            part, data = data[:size], data[size:]
            writer.write(part)
            await writer.drain()
            if fault.bytes_per_second != inf:
                await asyncio.sleep(len(part) / fault.bytes_per_second)


def _linger_no_more(writer: asyncio.StreamWriter) -> None:
    """Closing sends RST instead of FIN."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )


@contextmanager
def tcp_proxy(upstream: int) -> Iterator[TcpProxy]:
    """A proxy to 127.0.0.1:`upstream` that is gone afterwards."""
    proxy = TcpProxy(upstream)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
