"""The embedded PostgreSQL as a member of the stack."""

from __future__ import annotations

import socket

from devstack.servers.postgres import Postgres

__all__ = ["SupervisedPostgres"]

#: Seconds that one readiness probe may take.
_PROBE_SECONDS = 0.5


class SupervisedPostgres:
    """Fulfils `Supervised` for one `Postgres` cluster, which it creates on the first start."""

    name = "postgres"

    def __init__(self, postgres: Postgres) -> None:
        self.cluster = postgres

    @property
    def port(self) -> int:
        """The TCP port on the loopback interface."""
        return self.cluster.port

    @property
    def url(self) -> str:
        """Where it listens, without role, password or database."""
        return f"postgresql://127.0.0.1:{self.cluster.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster while it runs, else None."""
        process = self.cluster.process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Create the cluster if need be and start it; returns when it accepts connections."""
        self.cluster.initialise()
        self.cluster.start()

    def ready(self) -> bool:
        """Whether our own server takes connections."""
        if self.pid is None:
            return False
        try:
            with socket.create_connection(("127.0.0.1", self.port), _PROBE_SECONDS):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        """Shut down fast and cleanly. Safe to repeat."""
        self.cluster.stop()
