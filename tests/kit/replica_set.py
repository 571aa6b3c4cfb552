"""A replica set to the driver: two members that speak for themselves in `hello` and share one real server.

What is not about the set is passed on unchanged, so the driver does all that it would do with a real one: it
finds out who is primary, selects by read preference, and writes concerns and preferences into its commands.
Each member notes the commands that it got. There is no replication, so nothing here is about what a secondary
has.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import bson

__all__ = ["Member", "ReplicaSet", "replica_set"]

_HEADER = struct.Struct("<iiii")
_OP_QUERY, _OP_REPLY, _OP_MSG = 2004, 1, 2013
_NAME = "rs0"
_HANDSHAKE = ("hello", "ismaster", "isMaster")


@dataclass(slots=True)
class Member:
    """One member, and the commands that it was sent, handshakes aside."""

    address: str
    commands: list[Mapping[str, Any]] = field(default_factory=list)

    def named(self, name: str) -> list[Mapping[str, Any]]:
        """The commands of one name, such as `find`."""
        return [command for command in self.commands if next(iter(command)) == name]


@dataclass(slots=True)
class ReplicaSet:
    """A primary and a secondary."""

    primary: Member
    secondary: Member

    def url(self, database: str) -> str:
        """The set's URL."""
        return f"mongodb://{self.primary.address},{self.secondary.address}/{database}?replicaSet={_NAME}"


@asynccontextmanager
async def replica_set(server: str, seconds_behind: float = 0.0) -> AsyncIterator[ReplicaSet]:
    """A set over the server at `host:port`; its secondary says that it is so far behind."""
    host, _, port = server.removeprefix("mongodb://").partition(":")
    members: list[_Listener] = []
    for _ in range(2):
        member = _Listener(host, int(port))
        await member.start()
        members.append(member)
    primary, secondary = members
    addresses = [member.member.address for member in members]
    primary.introduce(addresses, is_primary=True, seconds_behind=0.0)
    secondary.introduce(addresses, is_primary=False, seconds_behind=seconds_behind)
    try:
        yield ReplicaSet(primary.member, secondary.member)
    finally:
        for each in members:
            await each.stop()


class _Listener:
    """Takes the driver's connections for one member."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._seconds_behind = 0.0
        self._hello: dict[str, Any] = {}
        self.member = Member("")

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.member.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def introduce(self, hosts: list[str], *, is_primary: bool, seconds_behind: float) -> None:
        """What the member says of itself and of the set."""
        self._seconds_behind = seconds_behind
        self._hello = {
            "helloOk": True,
            "isWritablePrimary": is_primary,
            "ismaster": is_primary,
            "secondary": not is_primary,
            "setName": _NAME,
            "setVersion": 1,
            "hosts": hosts,
            "primary": hosts[0],
            "me": self.member.address,
            "maxBsonObjectSize": 16 * 1024 * 1024,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "minWireVersion": 0,
            "maxWireVersion": 13,
            "readOnly": False,
            "ok": 1.0,
        }

    async def stop(self) -> None:
        """Close the port and every connection."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        upstream: asyncio.StreamWriter | None = None
        try:
            answers, upstream = await asyncio.open_connection(self._host, self._port)
            while True:
                message = await _message(reader)
                command = _command(message)
                if next(iter(command)) in _HANDSHAKE:
                    writer.write(self._introduction(message))
                else:
                    self.member.commands.append(command)
                    upstream.write(message)
                    writer.write(await _message(answers))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            return  # one of the two sides is gone
        finally:
            self._tasks.discard(task)
            writer.close()
            if upstream is not None:
                upstream.close()

    def _introduction(self, message: bytes) -> bytes:
        _, request, _, operation = _HEADER.unpack_from(message)
        written = datetime.fromtimestamp(time.time() - self._seconds_behind, UTC)
        optime = {"ts": bson.Timestamp(int(written.timestamp()), 1), "t": 1}
        about = {
            **self._hello,
            "localTime": datetime.now(UTC),
            "lastWrite": {"opTime": optime, "lastWriteDate": written},
        }
        document = bson.encode(about)
        if operation == _OP_QUERY:  # the first words of a connection, before the driver knows the server
            body, kind = struct.pack("<iqii", 8, 0, 0, 1) + document, _OP_REPLY
        else:
            body, kind = struct.pack("<IB", 0, 0) + document, _OP_MSG
        return _HEADER.pack(_HEADER.size + len(body), 1, request, kind) + body


async def _message(reader: asyncio.StreamReader) -> bytes:
    length = await reader.readexactly(4)
    return length + await reader.readexactly(struct.unpack("<i", length)[0] - 4)


def _command(message: bytes) -> Mapping[str, Any]:
    """The command document of a message; sections that carry lists of documents are left out."""
    if _HEADER.unpack_from(message)[3] == _OP_QUERY:
        begin = message.index(b"\0", _HEADER.size + 4) + 1 + 8
    else:
        begin = _HEADER.size + 4 + 1
    size = struct.unpack_from("<i", message, begin)[0]
    found: Mapping[str, Any] = bson.decode(message[begin : begin + size])
    return found
