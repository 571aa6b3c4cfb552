"""The port between the relay and its queues; `subgraphs.customer.sqs` is the adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = [
    "BATCH_ENTRIES",
    "Depth",
    "Entry",
    "Publisher",
    "QueueMissing",
    "QueuePolicy",
    "QueueUnavailable",
    "Rejection",
    "dead_letter_name",
]

#: The most that one SendMessageBatch may hold, by SQS.
BATCH_ENTRIES = 10


class QueueUnavailable(Exception):
    """The queue did not answer, or refused the whole call; what was sent is not known."""


class QueueMissing(QueueUnavailable):
    """There is no such queue (any more)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message to send. `id` is its de-duplication id. The body never appears in a log."""

    id: str
    group: str
    body: str = field(repr=False)
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """The batch was taken but not this entry. `permanent`: the same body will never be taken."""

    id: str
    code: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages a queue holds, in flight or not, and which queue of that name it is."""

    incarnation: str
    messages: int


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How queues are created: the visibility time-out in seconds, and the redrive policy's receives."""

    visibility_seconds: int = 30
    #: The broker's own limit is the net for workers that die before they can decide; the router's is lower.
    max_receives: int = 100
    #: 14 days, the most that SQS keeps a message.
    retention_seconds: int = 1_209_600


class Publisher(Protocol):
    """Queues to publish to. Every method may raise `QueueUnavailable` or `QueueMissing`."""

    async def send(self, queue: str, entries: Sequence[Entry], /) -> list[Rejection]:
        """Send up to `BATCH_ENTRIES` messages in order; answers those that were not taken."""
        ...

    async def depth(self, queue: str, /) -> Depth:
        """Look at a queue; the numbers may be approximations."""
        ...

    async def create(self, queue: str, policy: QueuePolicy, /) -> None:
        """Make the queue and its DLQ when they do not exist; existing ones keep their attributes."""
        ...


def dead_letter_name(queue: str) -> str:
    """`customer-rating.fifo` → `customer-rating-dlq.fifo`."""
    return f"{queue.removesuffix('.fifo')}-dlq.fifo"
