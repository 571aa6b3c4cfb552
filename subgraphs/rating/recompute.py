"""Rating every customer anew, on all cores or on a cluster, after a new scorecard or as time goes by.

The customers are cut into ranges of ids; each range is one Dask task, done by whichever worker is free. A
task reads records, lets `domain.record.rerated` decide, and swaps those that change; what comes out alike is
not written. So a run may be broken off and repeated, run twice at once, or run while events arrive.

Workers connect by themselves with the RATING_MONGODB_URL of their own environment: no password travels.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tqdm import tqdm

from kernel.settings import load
from subgraphs.rating.clock import SystemClock
from subgraphs.rating.cluster import Cluster, Pool, pool_of
from subgraphs.rating.domain.record import Record, rerated
from subgraphs.rating.domain.scorecard import Scorecard
from subgraphs.rating.settings import StoreSettings
from subgraphs.rating.store import RatingStore
from subgraphs.rating.swap import Swapper

__all__ = ["Job", "Range", "Tally", "ranges_of", "recompute", "rerate", "run_recomputation"]

#: Customers of one task: a second's work, so that workers end together and a lost one costs little.
RANGE_SIZE = 500
#: Tasks handed out for each worker: enough that none waits, few enough that the list stays short.
_AHEAD = 4
#: Ids read at a time.
_ID_PAGE = 10_000
# Beanie binds documents to one store for the whole process; a cluster may run several threads in one.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Job:
    """What all customers are to be rated by."""

    scorecard: Scorecard
    #: The day on which ages, arrears and tenures are taken.
    as_of: date


@dataclass(frozen=True, slots=True)
class Range:
    """Customers by id: those after `after` (None: from the first), up to and with `until`."""

    after: UUID | None
    until: UUID


@dataclass(frozen=True, slots=True)
class Tally:
    """Customers looked at, and those who came out different."""

    customers: int = 0
    changed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.customers + other.customers, self.changed + other.changed)


def recompute(
    pool: Pool[Tally], job: Job, ranges: Iterable[Range], progress: Callable[[Tally], object]
) -> Tally:
    """Work through all ranges; `progress` is told the tally of each. Raises what a task raised."""
    total = Tally()
    ahead = _AHEAD * pool.workers

    def take() -> Tally:
        tally = pool.take()
        progress(tally)
        return tally

    for place in ranges:
        if pool.waiting >= ahead:
            total += take()
        pool.submit(recompute_range, job, place)
    while pool.waiting:
        total += take()
    return total


def ranges_of(ids: Sequence[UUID], size: int = RANGE_SIZE) -> Iterator[Range]:
    """Ranges of `size` that hold all these (sorted) ids, and whoever is registered between them meanwhile."""
    after: UUID | None = None
    for start in range(0, len(ids), size):
        until = ids[start : start + size][-1]
        yield Range(after, until)
        after = until


def recompute_range(job: Job, place: Range) -> Tally:
    """One task. Runs in a worker."""
    with _ONE_AT_A_TIME:
        return asyncio.run(_with_own_store(job, place))


async def _with_own_store(job: Job, place: Range) -> Tally:
    settings = load(StoreSettings)
    store = RatingStore(settings)
    swapper = Swapper(store, SystemClock(), settings.rating_swap_attempts, settings.rating_settle_seconds)
    try:
        return await rerate(store, swapper, job, place)
    finally:
        await store.close()


async def rerate(store: RatingStore, swapper: Swapper, job: Job, place: Range) -> Tally:
    """Rate the customers of one range anew; raises StoreUnavailable."""

    def decide(record: Record | None, now: datetime) -> _Rerated:
        return _Rerated(None if record is None else rerated(record, job.scorecard, job.as_of, now))

    tally = Tally()
    for record in await store.records(place.after, place.until):
        decision = await swapper.swap_from(record.customer_id, record, decide)
        tally += Tally(1, int(decision.record is not None))
    return tally


@dataclass(frozen=True, slots=True)
class _Rerated:
    record: Record | None


def run_recomputation(settings: StoreSettings, job: Job, cluster: Cluster, *, quiet: bool) -> str:
    """Rate everybody, showing progress on standard error; answers a sentence about the outcome."""
    ids = asyncio.run(_all_ids(settings))
    with (
        pool_of(cluster) as pool,
        tqdm(total=len(ids), unit=" customers", disable=quiet, file=sys.stderr, mininterval=0.5) as bar,
    ):
        total = recompute(pool, job, ranges_of(ids), lambda tally: bar.update(tally.customers))
    return (
        f"{total.customers} customers rated by scorecard {job.scorecard.version} as of {job.as_of}; "
        f"{total.changed} came out different"
    )


async def _all_ids(settings: StoreSettings) -> list[UUID]:
    """All customers' ids in their order, some 100 bytes each."""
    store = RatingStore(settings)
    ids: list[UUID] = []
    try:
        while page := await store.ids(ids[-1] if ids else None, _ID_PAGE):
            ids += page
        return ids
    finally:
        await store.close()
