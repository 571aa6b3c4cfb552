"""Quick questions to a process on the loopback interface."""

from __future__ import annotations

import http.client
import socket

__all__ = ["accepts_connections", "fetch"]

#: Seconds for one question; a service's own readiness checks have two.
PROBE_SECONDS = 3.0
_HOST = "127.0.0.1"


def fetch(port: int, path: str) -> tuple[int, str]:
    """Status and text of `GET path`; (0, the reason) when there is no answer."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


def accepts_connections(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), PROBE_SECONDS):
            return True
    except OSError:
        return False
