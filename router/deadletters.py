"""What is sent to a DLQ: the message as it was, with the reason in its attributes."""

from __future__ import annotations

from datetime import UTC, datetime

from router.queue import Message, Outgoing

__all__ = ["dead_letter"]


def dead_letter(message: Message, reason: str, detail: str, event_type: str | None, now: float) -> Outgoing:
    """The message for the DLQ. SQS allows ten attributes; values are codes, names and ids, never data."""
    attributes = {
        "reason": reason,
        "detail": detail,
        "event_id": message.deduplication,
        "event_type": event_type or "",
        "customer_id": message.group,
        "receives": str(message.receives),
        "failed_at": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
    }
    return Outgoing(
        group=message.group,
        # By message as well: after a redrive the same event may have to go to the DLQ again within
        # SQS's five minutes, and would be swallowed as a duplicate.
        deduplication=f"{message.deduplication}:{message.id}",
        body=message.body,
        attributes={name: value for name, value in attributes.items() if value},
    )
