"""Ports on the loopback interface."""

from __future__ import annotations

import socket
from contextlib import suppress

__all__ = ["Ports", "is_free"]

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: a connection in TIME_WAIT does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


class Ports:
    """Hands out ports, each once."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def prefer(self, port: int) -> int:
        """`port` when it is free, otherwise any free one; 0 asks for any free one."""
        if port and port not in self._given and is_free(port):
            self._given.add(port)
            return port
        while True:
            with socket.socket() as probe:
                probe.bind((HOST, 0))
                found: int = probe.getsockname()[1]
            if found not in self._given:
                self._given.add(found)
                return found
