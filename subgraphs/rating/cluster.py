"""Dask behind the three calls that a recomputation needs: hand a task out, take a result back, count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import distributed

from kernel.settings import ConfigurationProblem

__all__ = ["Cluster", "Pool", "pool_of"]

#: Seconds to reach a scheduler.
_CONNECT_SECONDS = 5
# Dask's classes carry no types; everything that is used of them is in this module.
_dask: Any = distributed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where to compute: a scheduler's address, or None for `workers` processes here (None: one a core)."""

    scheduler: str | None = None
    workers: int | None = None


class Pool(Generic[T]):
    """Tasks that answer a T, on the workers of one Dask client."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._handed_out = _dask.as_completed()

    @property
    def workers(self) -> int:
        """How many workers there are now; at least one is coming."""
        return max(1, len(self._client.scheduler_info()["workers"]))

    @property
    def waiting(self) -> int:
        """Tasks whose results have not been taken."""
        count: int = self._handed_out.count()
        return count

    def submit(self, task: Callable[..., T], *arguments: object) -> None:
        """Hand a task out. Not `pure`: a repeated run must look again, not be answered from memory."""
        self._handed_out.add(self._client.submit(task, *arguments, pure=False))

    def take(self) -> T:
        """The result of whichever task is done first; raises what the task raised."""
        result: T = next(self._handed_out).result()
        return result


@contextmanager
def pool_of(cluster: Cluster) -> Iterator[Pool[Any]]:
    """The cluster's pool. Raises ConfigurationProblem when its scheduler cannot be reached."""
    if cluster.scheduler is None:
        # Processes, because rating is Python; no dashboard, because nothing here should listen to others.
        with (
            _dask.LocalCluster(
                n_workers=cluster.workers, threads_per_worker=1, dashboard_address=None
            ) as local,
            _dask.Client(local) as client,
        ):
            yield Pool(client)
        return
    try:
        client = _dask.Client(cluster.scheduler, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ConfigurationProblem(f"no Dask scheduler answers at {cluster.scheduler}") from error
    with client:
        yield Pool(client)
