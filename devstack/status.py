"""What runs: the written state, checked against the processes themselves."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Literal

from devstack import state
from devstack.layout import DataFolder
from devstack.probe import accepts_connections, fetch
from devstack.state import ProcessRecord

__all__ = ["ProcessStatus", "State", "as_json", "as_table", "status"]

State = Literal["ready", "starting", "restarting", "unreachable"]


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One member as it is now. `pid` is None while it is down, and for servers that run elsewhere."""

    name: str
    pid: int | None
    port: int
    url: str
    #: ready; starting: alive and not ready yet; restarting: dead, the supervisor starts it again;
    #: unreachable: a server elsewhere that does not answer.
    state: State


def status(folder: DataFolder) -> list[ProcessStatus]:
    """Every member of the running stack, own processes first; empty when none runs."""
    record = state.load(folder)
    if record is None or not state.is_alive(record.supervisor):
        return []
    with ThreadPoolExecutor(max_workers=len(record.processes)) as probes:
        return list(probes.map(_status, record.processes))


def as_json(processes: list[ProcessStatus]) -> str:
    """The machine-readable form."""
    return json.dumps({"processes": [asdict(process) for process in processes]}, indent=2)


def as_table(processes: list[ProcessStatus]) -> str:
    """One line a process."""
    if not processes:
        return "nothing is running"
    return "\n".join(
        f"{process.name:<14} {process.state:<11} pid {process.pid or '-':<8} {process.url}"
        for process in processes
    )


def _status(record: ProcessRecord) -> ProcessStatus:
    alive = state.is_alive(record.identity)
    pid = record.identity.pid if record.identity is not None and alive else None
    return ProcessStatus(record.name, pid, record.port, record.url, _state(record, alive))


def _state(record: ProcessRecord, alive: bool) -> State:
    if record.external:
        return "ready" if _answers(record) else "unreachable"
    if not alive:
        return "restarting"
    return "ready" if _answers(record) else "starting"


def _answers(record: ProcessRecord) -> bool:
    if record.has_health:
        return fetch(record.port, "/health/ready")[0] == 200
    host = record.url.split("://", 1)[-1].rsplit(":", 1)[0]
    return accepts_connections(host, record.port)
