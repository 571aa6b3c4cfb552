"""Load driver: many connections, one operation, and the server's CPU per request out of /proc.

Run: python -m bench.gateway.drive --url http://127.0.0.1:4300/graphql --pid PID [--vary]

`--vary` sends a token of its own with each request, so that nothing can be shared in flight.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import uvloop


@dataclass(frozen=True, slots=True)
class Load:
    """What to send, and how."""

    host: str
    port: int
    path: str
    body: bytes
    connections: int
    requests: int
    vary: bool


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode("latin-1").splitlines()[0])
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line[15:]))
    raise RuntimeError("an answer without a length")


@dataclass(slots=True)
class Tally:
    """What is left to send, and what came back."""

    left: int
    seconds: list[float] = field(default_factory=list)
    #: Answers with errors: a peer under load may drop fetches, and the figure must say so.
    partial: int = 0
    size: int = 0


async def _connection(load: Load, tally: Tally) -> None:
    reader, writer = await asyncio.open_connection(load.host, load.port, limit=1 << 20)
    while tally.left > 0:
        tally.left -= 1
        token = f"authorization: Bearer {tally.left}\r\n" if load.vary else ""
        head = (
            f"POST {load.path} HTTP/1.1\r\nhost: {load.host}\r\ncontent-type: application/json\r\n"
            f"{token}content-length: {len(load.body)}\r\n\r\n"
        )
        started = time.perf_counter()
        writer.write(head.encode() + load.body)
        answer = await _answer(reader)
        tally.partial += b'"errors":' in answer
        tally.size = max(tally.size, len(answer))
        tally.seconds.append(time.perf_counter() - started)
    writer.close()


async def run(load: Load) -> Tally:
    """Send all requests."""
    tally = Tally(load.requests)
    await asyncio.gather(*(_connection(load, tally) for _ in range(load.connections)))
    return tally


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its children that still live, in seconds."""
    total = 0.0
    pids = [pid]
    while pids:
        current = pids.pop()
        fields = Path(f"/proc/{current}/stat").read_text("ascii").rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        for task in Path(f"/proc/{current}/task").iterdir():
            pids += [int(child) for child in (task / "children").read_text("ascii").split()]
    return total


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:4300/graphql")
    parser.add_argument("--pid", type=int, required=True, help="the server under test")
    parser.add_argument("--query", type=Path, default=Path(__file__).parent / "large.graphql")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--vary", action="store_true")
    options = parser.parse_args()
    url = urlsplit(options.url)
    load = Load(
        host=url.hostname or "127.0.0.1",
        port=url.port or 80,
        path=url.path,
        body=orjson.dumps({"query": options.query.read_text("utf-8")}),
        connections=options.connections,
        requests=options.requests,
        vary=options.vary,
    )
    for _ in range(options.rounds):
        before, started = cpu_seconds(options.pid), time.perf_counter()
        tally = uvloop.run(run(load))
        seconds = tally.seconds
        elapsed, cpu = time.perf_counter() - started, cpu_seconds(options.pid) - before
        percentiles = statistics.quantiles(seconds, n=100)
        print(
            f"{len(seconds) / elapsed:8.0f} requests/s   CPU {1000 * cpu / len(seconds):6.3f} ms/request   "
            f"p50 {1000 * percentiles[49]:6.1f} ms   p99 {1000 * percentiles[98]:6.1f} ms   "
            f"{tally.size} bytes   {tally.partial} with errors"
        )


if __name__ == "__main__":
    main()
