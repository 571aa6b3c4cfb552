"""kernel.health: what a container's health check answers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kernel.health import complaint, main


class _Half(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/ready" else 503)
        self.end_headers()
        self.wfile.write(b'{"database": false}')

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """An address where one path is well and all others are not."""
    server = HTTPServer(("127.0.0.1", 0), _Half)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_200_is_healthy(server: str) -> None:
    """A service that answers 200 is healthy, by the very command that images run."""
    done = subprocess.run([sys.executable, "-m", "kernel.health", f"{server}/health/ready"], check=False)
    assert done.returncode == 0


def test_anything_else_is_not(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Another status is unhealthy, and the answer's text says why."""
    assert main([f"{server}/health"]) == 1
    assert '503 {"database": false}' in capsys.readouterr().err


def test_nobody_there() -> None:
    """A closed port, another protocol and no URL at all are complaints, never exceptions."""
    assert "refused" in str(complaint("http://127.0.0.1:1/health"))
    assert "no http URL" in str(complaint("file:///etc/passwd"))
    assert "no http URL" in str(complaint("http:///health"))
