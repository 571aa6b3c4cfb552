"""How dead letters are printed: ids, codes and times, never personal data. Pure."""

from __future__ import annotations

from router.deadletters import DeadLetter

__all__ = ["as_line", "as_object"]


def as_object(letter: DeadLetter) -> dict[str, object]:
    """All that may be shown, for JSON."""
    return {
        "eventId": letter.event_id,
        "type": letter.event_type,
        "customerId": letter.customer_id,
        "reason": letter.reason,
        "detail": letter.detail,
        "receives": letter.receives,
        "failedAt": letter.failed_at,
        "sequence": letter.sequence,
        "time": letter.time.isoformat() if letter.time else None,
        "bytes": len(letter.message.body.encode()),
        # The names of its fields help to see what is wrong; the values are nobody's business.
        "dataFields": list(letter.data_fields),
    }


def as_line(queue: str, letter: DeadLetter) -> str:
    """One line for a terminal."""
    return (
        f"{queue}  {letter.failed_at or '-'}  {letter.event_id}  {letter.event_type or '-'}  "
        f"customer {letter.customer_id}  {letter.reason}{f' ({letter.detail})' if letter.detail else ''}"
    )
