"""The domain's enumerations under their names in the graph. GraphQL modules import them from here."""

from __future__ import annotations

import strawberry

from subgraphs.rating.domain.record import Outcome
from subgraphs.rating.domain.scorecard import Band

__all__ = ["Band", "Outcome"]

# `strawberry.enum` marks the class in place and answers it.
strawberry.enum(Band, name="RatingBand", description="A is the best, E the worst.")
strawberry.enum(
    Outcome,
    name="ApplyOutcome",
    description="STALE: a newer version is already there. DUPLICATE: this very event is already there. "
    "Both are successes.",
)
