"""A TCP proxy in front of PostgreSQL that cuts the connection at a chosen moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

__all__ = ["Cut", "CuttingProxy", "proxy_to"]

#: What asyncpg sends to end a transaction.
_COMMIT = b"COMMIT;"


class Cut(Enum):
    """When the connection goes."""

    NEVER = "never"
    #: PostgreSQL never hears of the commit.
    BEFORE_COMMIT = "before commit"
    #: PostgreSQL commits, and its answer is lost.
    AFTER_COMMIT = "after commit"


class CuttingProxy:
    """Passes bytes on until `cut` says otherwise; cuts once."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.cut = Cut.NEVER
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        answers = asyncio.create_task(_pass_on(from_server, writer), name="proxy answers")
        try:
            while data := await reader.read(65_536):
                if _COMMIT in data and self.cut is not Cut.NEVER:
                    moment, self.cut = self.cut, Cut.NEVER
                    if moment is Cut.AFTER_COMMIT:
                        answers.cancel()
                        to_server.write(data)
                        # The answer tells that it is committed; the client never sees it.
                        await from_server.read(1)
                    break
                to_server.write(data)
                await to_server.drain()
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            to_server.close()
            writer.close()


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[CuttingProxy]:
    """A proxy to 127.0.0.1:`port` on a free port."""
    proxy = CuttingProxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
