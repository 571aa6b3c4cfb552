"""The columns of an extracted row, the same in every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from subgraphs.rating.domain.features import Features
from subgraphs.rating.store import Row

__all__ = ["COLUMNS", "values_of"]

_FEATURES = tuple(field.name for field in fields(Features))

#: Names in the order of the file: who, the features, the rating, and where the row stands in time.
COLUMNS = (
    "customer_id",
    *_FEATURES,
    "score",
    "band",
    "default_probability",
    "model_version",
    "source_version",
    "updated_at",
)


def values_of(row: Row) -> Mapping[str, Any]:
    """The row by column, in Python's types: amounts are Decimal with two places, `updated_at` is aware."""
    values = {name: getattr(row.features, name) for name in _FEATURES}
    return {
        "customer_id": str(row.customer_id),
        **values,
        "score": row.score,
        "band": row.band.value,
        "default_probability": row.default_probability,
        "model_version": row.model_version,
        "source_version": row.source_version,
        "updated_at": row.updated_at,
    }
