"""Ports on the loopback interface."""

from __future__ import annotations

import socket
from contextlib import suppress
from random import SystemRandom

import psutil

__all__ = ["Ports", "is_free", "listens"]

HOST = "127.0.0.1"
#: Below the range that Linux takes ports of outgoing connections from (32768 on), so that none of those can
#: take a port between our choosing it and the server's listening on it.
_FIRST, _LAST = 20_000, 29_999


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: a connection in TIME_WAIT does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def listens(pid: int, port: int) -> bool:
    """Whether this process, or one that it started, is who listens on `port`."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            for connection in each.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                    return True
    return False


class Ports:
    """Hands out ports, each once."""

    def __init__(self) -> None:
        self._given: set[int] = set()
        self._random = SystemRandom()

    def prefer(self, port: int) -> int:
        """`port` when it is free, otherwise any free one; 0 asks for any free one."""
        if port and port not in self._given and is_free(port):
            self._given.add(port)
            return port
        while True:
            # At random: two stacks that start at the same moment hardly ever choose the same.
            found = self._random.randint(_FIRST, _LAST)
            if found not in self._given and is_free(found):
                self._given.add(found)
                return found
