"""The gateway's figures in one go: compose the demo, start stub and gateway, drive, stop.

Run: python -m bench.gateway.run [--rounds 3] [--requests 1000]
"""

from __future__ import annotations

import argparse
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

from bench.gateway.stub import PORTS

FOLDER = Path(__file__).parent
GATEWAY_PORT = 4300
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


def main() -> None:
    """Print one line per round, for few and many connections, with nothing and with all shared in flight."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", default="3")
    parser.add_argument("--requests", default="1000")
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
            print(f"idle: {_memory_mb(pid):.0f} MB")
            for connections, extra in ((4, ["--vary"]), (50, ["--vary"]), (50, [])):
                print(f"{connections} connections, {'nothing shared' if extra else 'shared in flight'}")
                drive = [sys.executable, "-m", "bench.gateway.drive", "--pid", str(pid), *extra]
                drive += ["--rounds", options.rounds, "--requests", options.requests]
                drive += ["--connections", str(connections)]
                subprocess.run(drive, check=True)
            print(f"after: {_memory_mb(pid):.0f} MB")


if __name__ == "__main__":
    main()
