"""One of our own processes as a member of the stack."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devstack.ports import listens
from devstack.probe import fetch
from devstack.process import Child, Launch
from devstack.servers.protocol import StartFailed
from kernel.settings import ConfigurationProblem

__all__ = ["Service", "ServiceSpec", "console_script"]

_HOST = "127.0.0.1"


def console_script() -> Path:
    """This interpreter's `customer-graph` command; raises ConfigurationProblem without it."""
    script = Path(sysconfig.get_path("scripts"), "customer-graph")
    if not script.exists():
        raise ConfigurationProblem(f"{script} is missing; install the project with: pip install --editable .")
    return script


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What to run: `customer-graph <arguments>` with this environment, listening on `port`."""

    name: str
    arguments: Sequence[str]
    port: int
    #: Path of the GraphQL endpoint; empty for workers, which serve health and metrics only.
    path: str
    log: Path
    environment: Mapping[str, str] = field(repr=False)


class Service:
    """Fulfils `Supervised` for one `customer-graph … serve` (or worker) process."""

    def __init__(self, spec: ServiceSpec) -> None:
        self._spec = spec
        self._child: Child | None = None

    @property
    def spec(self) -> ServiceSpec:
        """What it runs."""
        return self._spec

    @property
    def name(self) -> str:
        """Its name in the stack."""
        return self._spec.name

    @property
    def port(self) -> int:
        """The TCP port on the loopback interface."""
        return self._spec.port

    @property
    def url(self) -> str:
        """Where it is reached: a subgraph's or the gateway's GraphQL endpoint, a worker's root."""
        return f"http://{_HOST}:{self._spec.port}{self._spec.path}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs, else None."""
        return self._child.pid if self._child is not None else None

    def start(self) -> None:
        """Spawn the process; does nothing while it runs. Raises StartFailed."""
        if self.pid is not None:
            return
        argv = [str(console_script()), *self._spec.arguments]
        own = {"HOST": _HOST, "PORT": str(self._spec.port)}
        try:
            self._child = Child(Launch(argv, {**self._spec.environment, **own}, self._spec.log))
        except OSError as error:
            raise StartFailed(f"{self.name} could not be started: {error.strerror}") from error

    def ready(self) -> bool:
        """Whether our own process says that it is ready, and not another's that came to the port first."""
        pid, port = self.pid, self._spec.port
        return pid is not None and listens(pid, port) and fetch(port, "/health/ready")[0] == 200

    def stop(self) -> None:
        """Let it finish what it is doing, and end it. Safe to repeat."""
        child, self._child = self._child, None
        if child is not None:
            child.stop()
