"""The gateway as a process, on a free port, over a subgraph that answers by a function."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httptools

__all__ = ["GatewayProcess", "HttpResponse", "Subgraph", "gateway_process", "raw_exchange", "subgraph"]

#: Composed by nobody: one subgraph, whose URL the environment gives.
SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query mutation: Mutation }
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable
  on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { ONE @join__graph(name: "one", url: "http://127.0.0.1:9/graphql") }
type Query @join__type(graph: ONE) { word: String }
type Mutation @join__type(graph: ONE) { write: String }
"""

Answering = Callable[[bytes], Awaitable[bytes]]


@dataclass
class Subgraph:
    """A running subgraph: what it was sent, and how many clients went away before they were answered."""

    url: str
    bodies: list[bytes] = field(default_factory=list)
    abandoned: int = 0


@asynccontextmanager
async def subgraph(answer: Answering) -> AsyncIterator[Subgraph]:
    """Serve `answer`, which gets a request's body and gives the whole answer's body."""
    state = Subgraph("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                state.bodies.append(await reader.readexactly(length))
                working = asyncio.ensure_future(answer(state.bodies[-1]))
                gone = asyncio.ensure_future(reader.read(1))
                await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not working.done():
                    working.cancel()
                    state.abandoned += 1
                    return
                gone.cancel()
                body = working.result()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body
                )
                await writer.drain()
                return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    try:
        yield state
    finally:
        server.close()


@dataclass(frozen=True)
class GatewayProcess:
    """A gateway that is ready."""

    port: int
    pid: int
    process: asyncio.subprocess.Process
    log: list[str]


@asynccontextmanager
async def gateway_process(
    folder: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str] = (sys.executable, "-c", "from kernel.cli import main; main()"),
) -> AsyncIterator[GatewayProcess]:
    """Start `customer-graph gateway serve --no-auth` on a free port; SIGTERM at the end."""
    file = folder / "supergraph.graphql"
    if not file.exists():
        file.write_text(SUPERGRAPH)
    arguments = ["gateway", "serve", "--supergraph", str(file), "--port", "0", "--no-auth", *options]
    process = await asyncio.create_subprocess_exec(
        *program,
        *arguments,
        env={**os.environ, "LOG_FORMAT": "json", **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    log: list[str] = []
    reading: asyncio.Task[None] | None = None
    try:
        port = await _port(process, log)
        reading = asyncio.create_task(_read_on(process, log))
        yield GatewayProcess(port, process.pid, process, log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            await process.wait()
        if reading is not None:
            await reading


async def _port(process: asyncio.subprocess.Process, log: list[str]) -> int:
    if process.stdout is None:
        raise AssertionError("standard output is piped")
    async with asyncio.timeout(30):
        while line := (await process.stdout.readline()).decode():
            log.append(line)
            event = json.loads(line)
            if event["event"] == "service.became_ready":
                return int(event["url"].rpartition(":")[2])
    raise AssertionError(f"the gateway did not start: {log}")


async def _read_on(process: asyncio.subprocess.Process, log: list[str]) -> None:
    if process.stdout is not None:
        async for line in process.stdout:
            log.append(line.decode())  # noqa: PERF401 - tests look at the list while it grows


@dataclass
class HttpResponse:
    """One parsed answer; httptools calls the methods."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, chunk: bytes) -> None:
        """A part of the body."""
        self.body += chunk

    def on_message_complete(self) -> None:
        """All is there."""
        self.complete = True


async def raw_exchange(port: int, *parts: bytes, seconds: float = 20.0) -> list[HttpResponse]:
    """Send bytes as they are, and read answers until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers: list[HttpResponse] = []
    try:
        async with asyncio.timeout(seconds):
            for part in parts:
                writer.write(part)
                await writer.drain()
            data = await reader.read(-1)
    except (ConnectionError, TimeoutError):
        data = b""
    finally:
        writer.close()
    while data:
        answer = HttpResponse()
        parser = httptools.HttpResponseParser(answer)
        head, _, rest = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")),
            len(rest),
        )
        parser.feed_data(head + b"\r\n\r\n" + rest[:length])
        answer.status = parser.get_status_code()
        answers.append(answer)
        data = rest[length:]
    return answers
