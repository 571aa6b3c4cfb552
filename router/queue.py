"""The port between the router and its queues; `router.sqs` is the adapter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = [
    "BATCH_ENTRIES",
    "Depth",
    "Message",
    "Outgoing",
    "Policy",
    "QueueMissing",
    "QueueUnavailable",
    "Queues",
    "dead_letter_name",
]

#: The most that one call may receive, send, delete or change, by SQS.
BATCH_ENTRIES = 10


class QueueUnavailable(Exception):
    """The queue did not answer or refused the call; what it did is not known."""


class QueueMissing(QueueUnavailable):
    """There is no such queue (any more)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One receipt of a message. The body never appears in a log."""

    id: str
    #: Good for this receipt of the message only.
    receipt: str = field(repr=False)
    #: MessageGroupId: the customer.
    group: str
    #: MessageDeduplicationId: the event.
    deduplication: str
    body: str = field(repr=False)
    #: ApproximateReceiveCount, this receipt included.
    receives: int
    #: When it was sent, seconds since 1970.
    sent_at: float
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send."""

    group: str
    deduplication: str
    body: str = field(repr=False)
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages wait, and how many are in flight; both may be approximations."""

    waiting: int
    in_flight: int

    @property
    def messages(self) -> int:
        """All of them."""
        return self.waiting + self.in_flight


@dataclass(frozen=True, slots=True)
class Policy:
    """What a queue is to be: visibility time-out and retention in seconds, the broker's bound on receives.

    The broker's bound is the net for workers that die before they can decide; the router decides earlier.
    """

    visibility: int
    max_receives: int = 100
    #: 14 days, the most that SQS keeps a message.
    retention: int = 1_209_600


class Queues(Protocol):
    """FIFO queues by name (without prefix). Every method may raise `QueueUnavailable` or `QueueMissing`."""

    async def receive(self, queue: str, limit: int, wait: int, visibility: int) -> list[Message]:
        """Up to `limit` messages, hidden from others for `visibility` seconds; waits up to `wait` seconds."""
        ...

    async def delete(self, queue: str, receipts: Sequence[str]) -> Collection[str]:
        """Delete up to ten; answers the receipts that were not taken."""
        ...

    async def change_visibility(self, queue: str, receipts: Sequence[str], seconds: int) -> Collection[str]:
        """Hide up to ten for `seconds` from now, in this order; answers the receipts that were not taken."""
        ...

    async def send(self, queue: str, message: Outgoing) -> None:
        """The message is in the queue afterwards."""
        ...

    async def depth(self, queue: str) -> Depth:
        """Look at a queue."""
        ...

    async def differences(self, queue: str, policy: Policy) -> list[str]:
        """What the queue and its DLQ lack of `policy`, in words; empty when all is well."""
        ...

    async def ensure(self, queue: str, policy: Policy) -> list[str]:
        """Make the queue and its DLQ as `policy` says; answers in words what was changed."""
        ...


def dead_letter_name(queue: str) -> str:
    """`customer-rating.fifo` → `customer-rating-dlq.fifo`."""
    return f"{queue.removesuffix('.fifo')}-dlq.fifo"
