"""What the router counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "APPLIED", "BREAKER", "DEAD_LETTERED", "DEAD_LETTERS", "IN_HAND", "LAG", "QUEUE_MESSAGES", "RECEIVED",
    "RELEASED", "RETRIED", "TABLE_RELOADS",
]  # fmt: skip

RECEIVED = Counter("router_received_messages", "Messages received, again or for the first time.", ["queue"])
APPLIED = Counter(
    "router_applied_events", "Events that their target has, by the outcome it told.", ["target", "outcome"]
)
RETRIED = Counter("router_retried_messages", "Attempts that are to be repeated.", ["queue", "reason"])
RELEASED = Counter(
    "router_released_messages", "Messages given back untried, behind a failed head.", ["queue"]
)
DEAD_LETTERED = Counter("router_dead_lettered_messages", "Messages sent to the DLQ.", ["queue", "reason"])
LAG = Histogram(
    "router_lag_seconds",
    "From the commit of an event to its effect at the target.",
    ["target"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
BREAKER = Gauge("router_breaker_state", "0 closed, 1 half open, 2 open.", ["target"])
IN_HAND = Gauge("router_messages_in_hand", "Messages received and not yet settled.", ["queue"])
QUEUE_MESSAGES = Gauge("router_queue_messages", "Messages in the queue, in flight or not.", ["queue"])
DEAD_LETTERS = Gauge("router_dead_letters", "Messages in the queue's DLQ.", ["queue"])
TABLE_RELOADS = Counter("router_table_reloads", "Changes of the routing table's file.", ["outcome"])
