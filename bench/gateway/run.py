"""The gateway's figures in one go: compose the demo, start stub and gateway, drive, stop.

Run: python -m bench.gateway.run [--rounds 3] [--requests 1000]

With `--peer` the reference gateway (Node.js; `npm install` in bench/gateway/peers first) serves the same
supergraph, and the two are driven in turn after a warm-up, so that the ratio holds when the machine's speed
drifts.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from bench.gateway.stub import PORTS

FOLDER = Path(__file__).parent
GATEWAY_PORT = 4300
PEER_PORT = 4390
PEER = FOLDER / "peers" / "apollo.mjs"
CLI = [sys.executable, "-c", "from kernel.cli import main; main()", "gateway"]


@contextmanager
def running(command: list[str], ports: list[int]) -> Iterator[int]:
    """Run a server until the block ends; gives its pid once it listens."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait_for(ports)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _wait_for(ports: list[int]) -> None:
    ends_at = time.monotonic() + 30
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > ends_at:
                    raise
                time.sleep(0.05)


def _memory_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _drive(pid: int, url: str, connections: int, options: argparse.Namespace, extra: list[str]) -> None:
    drive = [sys.executable, "-m", "bench.gateway.drive", "--pid", str(pid), "--url", url, *extra]
    drive += ["--rounds", options.rounds, "--requests", options.requests, "--connections", str(connections)]
    subprocess.run(drive, check=True)


def _served() -> int:
    counts = (urlopen(f"http://127.0.0.1:{port}/served", timeout=5).read() for port in PORTS.values())
    return sum(int(count) for count in counts)


def _fetches(url: str) -> int:
    """How many requests to subgraphs the large query costs."""
    body = json.dumps({"query": (FOLDER / "large.graphql").read_text("utf-8")}).encode()
    before = _served()
    request = Request(url, body, {"content-type": "application/json"})  # noqa: S310 - one of our own
    urlopen(request, timeout=30).read()  # noqa: S310 - the same
    return _served() - before


def _in_turn(ours: int, peer: int, options: argparse.Namespace) -> None:
    rounds, options.rounds = int(options.rounds), "1"
    both = (
        ("ours", ours, f"http://127.0.0.1:{GATEWAY_PORT}/graphql"),
        ("peer", peer, f"http://127.0.0.1:{PEER_PORT}/"),
    )
    for name, _, url in both:
        print(name, _fetches(url), "fetches")
    print("the first line of each is its warm-up")
    for _ in range(rounds + 1):
        for name, pid, url in both:
            print(name, end=" ", flush=True)
            _drive(pid, url, 50, options, ["--vary"])


def main() -> None:
    """Print one line per round, for few and many connections, with nothing and with all shared in flight."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", default="3")
    parser.add_argument("--requests", default="1000")
    parser.add_argument("--peer", action="store_true", help="drive the reference gateway in turn with ours")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        supergraph = str(Path(folder) / "supergraph.graphql")
        compose = [*CLI, "compose", str(FOLDER / "supergraph.yaml"), "-o", supergraph]
        subprocess.run(compose, check=True)
        serve = [*CLI, "serve", "--supergraph", supergraph, "--port", str(GATEWAY_PORT), "--no-auth"]
        with (
            running([sys.executable, "-m", "bench.gateway.stub"], list(PORTS.values())),
            running(serve, [GATEWAY_PORT]) as pid,
        ):
            if options.peer:
                node = ["env", "NODE_ENV=production", "node", str(PEER), supergraph, str(PEER_PORT)]
                with running(node, [PEER_PORT]) as peer:
                    _in_turn(pid, peer, options)
                return
            print(f"idle: {_memory_mb(pid):.0f} MB")
            for connections, extra in ((4, ["--vary"]), (50, ["--vary"]), (50, [])):
                print(f"{connections} connections, {'nothing shared' if extra else 'shared in flight'}")
                _drive(pid, f"http://127.0.0.1:{GATEWAY_PORT}/graphql", connections, options, extra)
            print(f"after: {_memory_mb(pid):.0f} MB")


if __name__ == "__main__":
    main()
