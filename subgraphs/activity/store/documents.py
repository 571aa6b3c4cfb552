"""Events as Elasticsearch documents, and back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from subgraphs.activity.domain import (
    ActivityKind,
    Direction,
    Erasure,
    Event,
    from_micros,
    month_of,
    to_micros,
)

__all__ = ["centavos", "event_document", "event_of", "tombstone_document"]

#: Elasticsearch adds in doubles; integers are exact below this.
_EXACT = 2**53

_OPTIONAL = ("amount", "merchant", "category", "card_last4", "bureau", "reason", "description")


def event_document(event: Event) -> dict[str, Any]:
    """The document of the event; absent fields are left out."""
    occurred = to_micros(event.occurred_at)
    document: dict[str, Any] = {
        "event_id": str(event.id),
        "customer_id": str(event.customer_id),
        "kind": event.kind.value,
        "occurred": occurred,
        "occurred_at": occurred // 1_000,
        "month": month_of(event.occurred_at),
    }
    for name in _OPTIONAL:
        value = getattr(event, name)
        if value is not None:
            document[name] = value
    if event.direction is not None:
        document["direction"] = event.direction.value
    return document


def event_of(document: Mapping[str, Any]) -> Event:
    """The event that `event_document` was given."""
    direction = document.get("direction")
    return Event(
        id=uuid.UUID(document["event_id"]),
        customer_id=uuid.UUID(document["customer_id"]),
        kind=ActivityKind(document["kind"]),
        occurred_at=from_micros(document["occurred"]),
        direction=Direction(direction) if direction else None,
        **{name: document.get(name) for name in _OPTIONAL},
    )


def tombstone_document(erasure: Erasure) -> dict[str, Any]:
    """What stays of an erased customer: ids and the version."""
    return {
        "event_id": str(erasure.event_id),
        "customer_id": str(erasure.customer_id),
        "version": erasure.version,
        "occurred": to_micros(erasure.occurred_at),
    }


def centavos(total: float) -> int:
    """A sum of centavos as an integer; raises `OverflowError` where doubles are no longer exact."""
    if abs(total) >= _EXACT:
        raise OverflowError("a sum of money is beyond what the store adds exactly")
    return int(total)
