"""The domain's enumerations under their names in the graph. GraphQL modules import them from here."""

from __future__ import annotations

import strawberry

from subgraphs.activity.domain import ActivityKind, Direction, HistogramInterval, Outcome

__all__ = ["ActivityKind", "Direction", "HistogramInterval", "Outcome"]

# `strawberry.enum` marks the class in place and answers it.
strawberry.enum(ActivityKind, name="ActivityKind")
strawberry.enum(Direction, name="MovementDirection")
strawberry.enum(HistogramInterval, name="HistogramInterval")
strawberry.enum(
    Outcome,
    name="ApplyOutcome",
    description="STALE: the customer is erased. DUPLICATE: this very event is already there. Both succeed.",
)
