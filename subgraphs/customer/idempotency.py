"""The canonical spelling of a mutation's input, by which the same input is recognised when it comes again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum

import orjson
from strawberry import UNSET

__all__ = ["canonical_input"]

_KEY = "idempotency_key"


def canonical_input(operation: str, given: object) -> bytes:
    """Equal for two inputs of `operation` exactly when their values are equal, idempotency key aside.

    Amounts are compared as numbers (`100` is `100.00`), instants as instants; a field left out is not null.
    """
    return orjson.dumps([operation, _plain(given)], option=orjson.OPT_SORT_KEYS)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: _plain(item) for name, item in fields.items() if item is not UNSET and name != _KEY}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        # normalize() alone would write 100 as 1E+2.
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value
