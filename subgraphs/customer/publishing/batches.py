"""What is sent together: events become message bodies, and bodies batches. Pure."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.events import SOURCE, Envelope
from subgraphs.customer.publishing.queue import BATCH_ENTRIES, Entry
from subgraphs.customer.store.outbox_reader import OutboxEvent

__all__ = ["Batch", "Lane", "body_of", "entry_of", "next_batch", "stub_of"]

#: The two characters of the basic plane that SQS refuses and JSON allows unescaped; inside a JSON document
#: they can only stand in strings, so their escapes mean the same. Control characters JSON escapes anyway.
_ESCAPES = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})


def body_of(event: OutboxEvent) -> str:
    """The message body: the event's envelope as JSON that SQS accepts, whatever characters it holds."""
    return _envelope(event, json.loads(event.payload)).to_json().decode().translate(_ESCAPES)


def entry_of(event: OutboxEvent) -> Entry:
    """The message: the customer is the group, the event the de-duplication id."""
    return Entry(id=_deduplication_id(event), group=str(event.customer_id), body=body_of(event))


def stub_of(event: OutboxEvent, reason: str, detail: str) -> Entry:
    """What goes to the DLQ for an event that no queue takes: its envelope without data, and the reason."""
    return Entry(
        id=_deduplication_id(event),
        group=str(event.customer_id),
        body=_envelope(event, {}).to_json().decode(),
        attributes={
            "reason": reason,
            "detail": detail,
            "event_id": str(event.id),
            "event_type": event.type,
            "customer_id": str(event.customer_id),
        },
    )


def _deduplication_id(event: OutboxEvent) -> str:
    """The event's id; another one for each wish to have it sent again, which SQS must not drop."""
    return str(event.id) if event.replay is None else f"{event.id}:{event.replay}"


def _envelope(event: OutboxEvent, data: dict[str, object]) -> Envelope:
    return Envelope(
        id=str(event.id),
        source=SOURCE,
        type=event.type,
        subject=str(event.customer_id),
        time=event.created_at,
        sequence=event.sequence,
        data=data,
        traceparent=event.traceparent,
        request_id=event.request_id,
    )


class Lane:
    """One customer's claimed events; only the first may be on its way.

    SQS may refuse one entry of a batch and take the next, so two events of one customer never share a batch,
    nor are in two batches at once.
    """

    def __init__(self, events: Sequence[OutboxEvent]) -> None:
        self._waiting = deque(events)
        self._entry: Entry | None = None

    @property
    def event(self) -> OutboxEvent:
        """The first event that is not sent."""
        return self._waiting[0]

    @property
    def entry(self) -> Entry:
        """Its message, encoded once."""
        if self._entry is None:
            self._entry = entry_of(self.event)
        return self._entry

    def advance(self) -> bool:
        """Forget the first event, which is settled; false when none is left."""
        self._waiting.popleft()
        self._entry = None
        return bool(self._waiting)

    @property
    def size(self) -> int:
        """Bytes of the first message's body."""
        return len(self.entry.body.encode())


@dataclass(frozen=True, slots=True)
class Batch:
    """Lanes whose first messages go together, and lanes whose first message is too large for any batch."""

    lanes: Sequence[Lane]
    oversized: Sequence[Lane]


def next_batch(ready: deque[Lane], max_bytes: int) -> Batch:
    """Take from the front what makes one batch: up to ten messages, together at most `max_bytes`."""
    lanes: list[Lane] = []
    oversized: list[Lane] = []
    total = 0
    while ready and len(lanes) < BATCH_ENTRIES:
        size = ready[0].size
        if size > max_bytes:
            oversized.append(ready.popleft())
            continue
        total += size
        if total > max_bytes:
            break
        lanes.append(ready.popleft())
    return Batch(lanes, oversized)
