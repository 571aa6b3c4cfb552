"""A dead letter: the message as it was, and in its attributes the reason. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kernel.events import Envelope, MalformedEnvelope
from router.queue import Message, Outgoing

__all__ = ["DeadLetter", "dead_letter", "read_dead_letter", "redriven"]

#: Of a de-duplication id; SQS takes 128 characters, and a message's id with words of ours comes to 60.
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What an operator may see of a dead letter: ids, codes and times, never personal data."""

    message: Message
    event_id: str
    event_type: str
    customer_id: str
    reason: str
    detail: str
    receives: int
    failed_at: str
    #: The envelope's header, and the names (not the values) of what its data holds; None when it has none.
    sequence: int | None
    time: datetime | None
    data_fields: Sequence[str]


def dead_letter(message: Message, reason: str, detail: str, event_type: str | None, now: float) -> Outgoing:
    """The message for the DLQ. SQS allows ten attributes; values are codes, names and ids, never data."""
    event_id = _event_id(message)
    attributes = {
        "reason": reason,
        "detail": detail,
        "event_id": event_id,
        "event_type": event_type or "",
        "customer_id": message.group,
        "receives": str(message.receives),
        "failed_at": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
    }
    return Outgoing(
        # A group of its own: in a DLQ nothing waits for anything, and an operator's look at one message
        # must not hide the others of the same customer.
        group=f"{event_id}:{message.id}",
        # By message as well: after a redrive the same event may have to go to the DLQ again within SQS's
        # five minutes, and would be swallowed as a duplicate.
        deduplication=f"{event_id}:{message.id}",
        body=message.body,
        attributes={name: value for name, value in attributes.items() if value},
    )


def read_dead_letter(message: Message) -> DeadLetter:
    """What is known of a message in a DLQ; one that SQS itself moved there has no reason of ours."""
    found = message.attributes
    try:
        envelope = Envelope.from_json(message.body)
    except MalformedEnvelope:
        envelope = None
    return DeadLetter(
        message=message,
        event_id=found.get("event_id") or (envelope.id if envelope else _event_id(message)),
        event_type=found.get("event_type") or (envelope.type if envelope else ""),
        customer_id=found.get("customer_id") or (envelope.subject if envelope else message.group),
        reason=found.get("reason", "RECEIVED_TOO_OFTEN"),
        detail=found.get("detail", ""),
        receives=int(found.get("receives") or message.receives),
        failed_at=found.get("failed_at", ""),
        sequence=envelope.sequence if envelope else None,
        time=envelope.time if envelope else None,
        data_fields=sorted(envelope.data) if envelope else (),
    )


def redriven(letter: DeadLetter) -> Outgoing:
    """The message as it goes back to its queue.

    Redriving the same dead letter twice within five minutes sends it once; later its target knows it already.
    """
    return Outgoing(
        group=letter.customer_id or letter.event_id,
        # Not the event's own id: within five minutes of the first sending it would be swallowed.
        deduplication=f"{letter.event_id[:_LONGEST_ID]}:redrive:{letter.message.id}",
        body=letter.message.body,
    )


def _event_id(message: Message) -> str:
    """The relay sends an event under its own id; a redrive puts words of ours behind it."""
    return message.deduplication.partition(":")[0][:_LONGEST_ID] or message.id
