"""A MongoDB-wire server on SQLite (`nx-27017`), as one private child process on a loopback port.

It speaks enough of MongoDB for the rating subgraph and keeps each logical database in a file of its own below
`data_dir`, so that a stopped or killed server finds its data again.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from devstack.process import Child, Launch
from devstack.servers.protocol import StartFailed

__all__ = ["Mongo"]

#: Seconds that one readiness probe (a TCP connect on the loopback interface) may take.
_PROBE_SECONDS = 0.5
#: Seconds for a clean shutdown before the server is killed; SQLite's log makes a kill safe all the same.
_STOP_SECONDS = 5.0
#: Nothing of the caller's: PYTHON* settings in its environment would change what the child does.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


class Mongo:
    """One MongoDB-wire server over `data_dir`, served on 127.0.0.1:`port` (fulfils `Supervised`)."""

    def __init__(self, data_dir: Path, port: int, log_path: Path) -> None:
        self._data_dir = data_dir.absolute()
        self._port = port
        self._log_path = log_path
        self._pid_file = self._data_dir / "nx-27017.pid"
        self._child: Child | None = None

    @property
    def name(self) -> str:
        """Its name in the stack."""
        return "mongodb"

    @property
    def port(self) -> int:
        """The TCP port on the loopback interface."""
        return self._port

    @property
    def url(self) -> str:
        """`mongodb://host:port` without a database; the caller appends `/rating`."""
        return f"mongodb://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs, else None."""
        return self._child.pid if self._child is not None else None

    def start(self) -> None:
        """Spawn the server; does nothing when it runs. Raises StartFailed when the process cannot be made."""
        if self.pid is not None:
            return
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            # After a kill -9 it names a dead process, or by now a stranger: the server would not start.
            self._pid_file.unlink(missing_ok=True)
            self._child = Child(self._launch())
        except OSError as error:
            raise StartFailed(
                f"the MongoDB-wire server could not be started over {self._data_dir}: {error.strerror}; "
                "check that the folder may be written to and that `nx-27017` is installed"
            ) from error

    def ready(self) -> bool:
        """Whether our own process is alive and takes connections."""
        if self.pid is None:  # somebody else's server on the port is not ours
            return False
        try:
            with socket.create_connection(("127.0.0.1", self._port), _PROBE_SECONDS):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        """End the server, cleanly if it lets us. Safe to repeat."""
        if self._child is not None:
            self._child.stop()

    def _launch(self) -> Launch:
        argv = [
            sys.executable, "-c", "from nx_27017.nx_27017 import main; main()",
            "--host", "127.0.0.1", "--port", str(self._port), "--data-dir", str(self._data_dir),
            # Its log file repeats what it prints; its default pid file is one for the whole machine.
            "--log-file", os.devnull, "--pid-file", str(self._pid_file),
        ]  # fmt: skip
        return Launch(argv, _ENVIRONMENT, self._log_path, grace_seconds=_STOP_SECONDS)
