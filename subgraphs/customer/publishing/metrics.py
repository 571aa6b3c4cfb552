"""What the relay counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

__all__ = [
    "DEAD_LETTERED",
    "IN_QUEUE",
    "OLDEST_SECONDS",
    "PENDING",
    "PUBLISHED",
    "REPUBLISHED",
    "SEND_FAILURES",
    "SET_ASIDE",
]

PENDING = Gauge("outbox_pending_events", "Events committed and not yet published.", ["queue"])
OLDEST_SECONDS = Gauge("outbox_oldest_pending_seconds", "Age of the oldest unpublished event.", ["queue"])
IN_QUEUE = Gauge("relay_queue_messages", "Messages that the queue holds, in flight or not.", ["queue"])
DEAD_LETTERED = Gauge("relay_dead_lettered_messages", "Messages that the queue's DLQ holds.", ["queue"])
PUBLISHED = Counter("relay_published_events", "Events sent and marked.", ["queue"])
SEND_FAILURES = Counter("relay_send_failures", "Sends that failed, whole or by entry.", ["queue", "code"])
SET_ASIDE = Counter(
    "relay_set_aside_events",
    "Events that no queue takes, told to the DLQ without their data.",
    ["queue", "reason"],
)
REPUBLISHED = Counter("relay_republished_events", "Events sent again after a queue was lost.", ["queue"])
