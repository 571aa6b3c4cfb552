"""What runs in a data folder, written down so that other commands (and the next start) find it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import psutil

from devstack.layout import DataFolder, write_atomically

__all__ = ["Identity", "ProcessRecord", "StackRecord", "end", "identify", "is_alive", "load", "save"]

#: Seconds that a process from an earlier run gets to end by itself.
_END_GRACE_SECONDS = 25.0
#: Seconds by which the recorded start of a process may differ: the clock's resolution.
_SAME_START_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for certain: its id can be used again, its id and start time cannot."""

    pid: int
    started: float


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One member of the stack. `identity` is None while it is down, and for servers that are not ours."""

    name: str
    port: int
    url: str
    #: Whether `/health/ready` tells its readiness; otherwise that it takes connections is the answer.
    has_health: bool
    identity: Identity | None
    #: Started elsewhere and only used by us, at the URL in the environment.
    external: bool = False


@dataclass(frozen=True, slots=True)
class StackRecord:
    """Everything that one supervisor runs."""

    supervisor: Identity
    processes: tuple[ProcessRecord, ...]

    def named(self, name: str) -> ProcessRecord:
        """The member called `name`; raises KeyError."""
        for record in self.processes:
            if record.name == name:
                return record
        raise KeyError(name)


def identify(pid: int) -> Identity | None:
    """The process that has this id now."""
    with suppress(psutil.Error):
        return Identity(pid, psutil.Process(pid).create_time())
    return None


def is_alive(identity: Identity | None) -> bool:
    """Whether this very process still runs (a zombie does not)."""
    return _process(identity) is not None


def save(folder: DataFolder, record: StackRecord) -> None:
    """Replace what is written down about the stack."""
    write_atomically(folder.state, json.dumps(asdict(record), indent=2) + "\n")


def load(folder: DataFolder) -> StackRecord | None:
    """What was written down last; None without any."""
    try:
        document = json.loads(folder.state.read_text())
    except FileNotFoundError:
        return None
    return StackRecord(
        Identity(**document["supervisor"]),
        tuple(
            ProcessRecord(**{**entry, "identity": _identity(entry["identity"])})
            for entry in document["processes"]
        ),
    )


def end(identities: Sequence[Identity | None]) -> None:
    """End these processes: politely first, by SIGKILL after 25 s. Those that ended are left alone."""
    processes = [process for process in map(_process, identities) if process is not None]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=_END_GRACE_SECONDS)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=_END_GRACE_SECONDS)


def _identity(entry: dict[str, float] | None) -> Identity | None:
    return None if entry is None else Identity(int(entry["pid"]), entry["started"])


def _process(identity: Identity | None) -> psutil.Process | None:
    if identity is None:
        return None
    with suppress(psutil.Error):
        process = psutil.Process(identity.pid)
        same = abs(process.create_time() - identity.started) < _SAME_START_SECONDS
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None
