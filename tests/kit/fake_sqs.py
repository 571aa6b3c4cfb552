"""SQS's FIFO queues in memory, by AWS's documentation: the oracle for order, locks and redelivery.

Rules (Amazon SQS Developer Guide: "FIFO queue delivery logic", "Exactly-once processing", "Dead-letter
queues", "Visibility timeout"):

- Of a message group, messages are received in the order of sending, and none while one of the group is in
  flight; one receive may return several of one group, in order.
- A message sent again with the same de-duplication id within five minutes is accepted and not delivered, even
  when the first one has been deleted.
- A receipt handle is good for the latest receipt only, and until its visibility time-out ends.
- A message received `maxReceiveCount` times goes to the DLQ instead of being received once more; its group
  goes on without it, and it gets a new de-duplication id.
- A batch has 1 to 10 entries with distinct ids; a message and a batch hold 1 MiB at most; some characters
  are refused.

Where the stand-ins differ (moto 5.2, ElasticMQ 1.7; found by `tests/contract/test_queue_contract.py` and
by measurement):

- moto forgets a de-duplication id when the message is deleted; takes the characters that SQS refuses;
  accepts receipt handles of earlier receipts and expired ones; keeps the de-duplication id on the way to
  the DLQ; each call takes longer the more messages the queue holds; forgets everything on a restart.
- moto reorders: when the visibility time-out of several messages of a group ends, a later one can be
  received while an earlier one is in flight.
- ElasticMQ may receive a later message of a group first after an earlier one was given back; with
  persistence it forgets group locks on a restart; its `StartMessageMoveTask` moves nothing on FIFO queues.

Nothing here waits or looks at a real clock: `clock` answers seconds.
"""

from __future__ import annotations

import itertools
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["DEDUPLICATION_SECONDS", "FakeSqs", "SqsError", "StoredMessage", "check_batch"]

DEDUPLICATION_SECONDS = 300.0
MAX_BYTES = 1_048_576
MAX_ENTRIES = 10
MAX_VISIBILITY = 43_200
# #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SqsError(Exception):
    """An error that SQS answers, by its code."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code = code


@dataclass(slots=True, eq=False)
class StoredMessage:
    """A message in a queue."""

    id: str
    group: str
    deduplication: str
    body: str
    attributes: Mapping[str, str]
    sent_at: float
    sequence: int
    receives: int = 0
    receipt: str = ""
    #: In flight until then.
    hidden_until: float = 0.0

    def in_flight(self, now: float) -> bool:
        """Whether a receiver has it."""
        return now < self.hidden_until


@dataclass(slots=True)
class _Queue:
    name: str
    attributes: dict[str, str]
    created_at: float
    messages: list[StoredMessage] = field(default_factory=list)
    #: Ids of messages by de-duplication id, with the time of sending.
    sent: OrderedDict[str, tuple[float, str]] = field(default_factory=OrderedDict)

    @property
    def visibility(self) -> int:
        return int(self.attributes.get("VisibilityTimeout", "30"))


class FakeSqs:
    """All queues of one account; every method is synchronous and raises `SqsError`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._queues: dict[str, _Queue] = {}
        self._numbers = itertools.count(1)

    def create_queue(self, name: str, attributes: Mapping[str, str] | None = None) -> None:
        """Idempotent for the same attributes."""
        wanted = dict(attributes or {})
        existing = self._queues.get(name)
        if existing is None:
            # Two queues never have the same time of creation, as they hardly ever do on AWS.
            created_at = self.clock() + next(self._numbers) / 1_000_000
            self._queues[name] = _Queue(name, wanted, created_at)
        elif any(existing.attributes.get(key) != value for key, value in wanted.items()):
            raise SqsError("QueueNameExists")

    def delete_queue(self, name: str) -> None:
        """The queue is gone with all its messages, as after a restart of moto."""
        self._queue(name)
        del self._queues[name]

    def exists(self, name: str) -> bool:
        """Whether there is such a queue."""
        return name in self._queues

    def attributes(self, name: str) -> dict[str, str]:
        """As GetQueueAttributes with `All`."""
        queue, now = self._queue(name), self.clock()
        in_flight = sum(message.in_flight(now) for message in queue.messages)
        return {
            "VisibilityTimeout": "30",
            "MessageRetentionPeriod": "345600",
            **queue.attributes,
            "FifoQueue": "true",
            "QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{name}",
            "CreatedTimestamp": f"{queue.created_at:.6f}",
            "ApproximateNumberOfMessages": str(len(queue.messages) - in_flight),
            "ApproximateNumberOfMessagesNotVisible": str(in_flight),
            "ApproximateNumberOfMessagesDelayed": "0",
        }

    def set_attributes(self, name: str, attributes: Mapping[str, str]) -> None:
        """As SetQueueAttributes."""
        self._queue(name).attributes.update(attributes)

    def send(
        self,
        name: str,
        body: str,
        group: str,
        deduplication: str,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """The message's id; of the first message, when this one is a duplicate."""
        queue, now = self._queue(name), self.clock()
        size = len(body.encode("utf-8", "surrogatepass"))
        if size > MAX_BYTES:
            raise SqsError("InvalidParameterValue", "One or more parameters are invalid: message too long")
        if _FORBIDDEN.search(body):
            raise SqsError("InvalidMessageContents")
        if not group or not deduplication:
            raise SqsError("MissingParameter")
        while queue.sent and next(iter(queue.sent.values()))[0] + DEDUPLICATION_SECONDS <= now:
            queue.sent.popitem(last=False)
        duplicate = queue.sent.get(deduplication)
        if duplicate is not None:
            return duplicate[1]
        message = self._message(body, group, deduplication, attributes or {}, now)
        queue.sent[deduplication] = (now, message.id)
        queue.messages.append(message)
        return message.id

    def receive(self, name: str, limit: int, visibility: int | None = None) -> list[StoredMessage]:
        """Up to `limit` messages, now in flight; never waits."""
        queue, now = self._queue(name), self.clock()
        if not 1 <= limit <= MAX_ENTRIES:
            raise SqsError("InvalidParameterValue")
        hidden_for = queue.visibility if visibility is None else visibility
        self._move_to_dead_letters(queue, now)
        locked = {message.group for message in queue.messages if message.in_flight(now)}
        received: list[StoredMessage] = []
        for message in queue.messages:
            if len(received) == limit:
                break
            if message.group in locked:
                continue
            message.receives += 1
            message.receipt = f"{message.id}/{message.receives}"
            message.hidden_until = now + hidden_for
            received.append(message)
        return received

    def delete(self, name: str, receipt: str) -> None:
        """The message is gone; a handle that is not the latest, or has run out, is refused."""
        queue = self._queue(name)
        queue.messages.remove(self._held(queue, receipt))

    def change_visibility(self, name: str, receipt: str, seconds: int) -> None:
        """In flight for `seconds` from now; 0 gives the message back."""
        if not 0 <= seconds <= MAX_VISIBILITY:
            raise SqsError("InvalidParameterValue")
        self._held(self._queue(name), receipt).hidden_until = self.clock() + seconds

    def messages(self, name: str) -> list[StoredMessage]:
        """Everything in the queue, in flight or not."""
        return list(self._queue(name).messages)

    def next_change(self) -> float | None:
        """When the next message in flight becomes visible by itself; None when none is in flight."""
        now = self.clock()
        times = [
            message.hidden_until
            for queue in self._queues.values()
            for message in queue.messages
            if message.in_flight(now)
        ]
        return min(times, default=None)

    def _queue(self, name: str) -> _Queue:
        queue = self._queues.get(name)
        if queue is None:
            raise SqsError("QueueDoesNotExist", "The specified queue does not exist.")
        return queue

    def _held(self, queue: _Queue, receipt: str) -> StoredMessage:
        now = self.clock()
        for message in queue.messages:
            if message.receipt == receipt and message.in_flight(now):
                return message
        raise SqsError("ReceiptHandleIsInvalid", "The receipt handle has expired.")

    def _move_to_dead_letters(self, queue: _Queue, now: float) -> None:
        rule = _redrive(queue.attributes.get("RedrivePolicy"))
        if rule is None:
            return
        target, most = rule
        spent = [
            message for message in queue.messages if message.receives >= most and not message.in_flight(now)
        ]
        for message in spent:
            queue.messages.remove(message)
            moved = self._message(
                message.body, message.group, f"moved-{message.id}", message.attributes, message.sent_at
            )
            moved.receives = message.receives
            self._queue(target).messages.append(moved)

    def _message(
        self, body: str, group: str, deduplication: str, attributes: Mapping[str, str], sent_at: float
    ) -> StoredMessage:
        number = next(self._numbers)
        return StoredMessage(f"m{number}", group, deduplication, body, dict(attributes), sent_at, number)


def check_batch(ids: list[str], sizes: list[int] | None = None) -> None:
    """What SQS refuses a whole batch for."""
    if not ids:
        raise SqsError("EmptyBatchRequest")
    if len(ids) > MAX_ENTRIES:
        raise SqsError("TooManyEntriesInBatchRequest")
    if len(set(ids)) != len(ids):
        raise SqsError("BatchEntryIdsNotDistinct")
    if sum(sizes or []) > MAX_BYTES:
        raise SqsError("BatchRequestTooLong")


def _redrive(policy: str | None) -> tuple[str, int] | None:
    if not policy:
        return None
    target = re.search(r'"deadLetterTargetArn":\s*"[^"]*:([^":]+)"', policy)
    most = re.search(r'"maxReceiveCount":\s*"?([0-9]+)', policy)
    return (target[1], int(most[1])) if target and most else None
