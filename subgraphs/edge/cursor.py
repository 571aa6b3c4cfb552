"""Cursors of connections: opaque to clients, bound to the connection that issued them.

A cursor is the sort key of a row, not an offset, so pages stay stable when rows are added. It holds
nothing secret and is not signed: every value in it is checked again by the store that uses it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeAlias

import orjson

from subgraphs.edge.errors import BadUserInput

__all__ = ["CursorValue", "decode", "encode", "page_size"]

CursorValue: TypeAlias = str | int | float | bool | None

#: Characters of a cursor; ours are below 200.
_MAX_LENGTH = 1_024


def encode(kind: str, values: Sequence[CursorValue]) -> str:
    """The cursor for a row of the connection `kind` with these sort key values (URL-safe text)."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *values])).rstrip(b"=").decode("ascii")


def decode(kind: str, cursor: str) -> list[CursorValue]:
    """The sort key values that `encode(kind, …)` put in; raises `BadUserInput` for any other text.

    The types and the number of the values are the caller's to check: a client can make up a cursor.
    """
    if len(cursor) > _MAX_LENGTH:
        raise _not_ours()
    try:
        raw = cursor.encode("ascii")
        parts = orjson.loads(base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError):
        raise _not_ours() from None
    if not isinstance(parts, list) or not parts or parts[0] != kind:
        raise _not_ours()
    values = parts[1:]
    if not all(value is None or isinstance(value, (str, int, float, bool)) for value in values):
        raise _not_ours()
    return values


def page_size(first: int | None, maximum: int, default: int = 20) -> int:
    """How many rows a page has; raises `BadUserInput` when `first` is negative or above `maximum`."""
    if first is None:
        return min(default, maximum)
    if not 0 <= first <= maximum:
        raise BadUserInput(f"first must be from 0 to {maximum}.")
    return first


def _not_ours() -> BadUserInput:
    return BadUserInput("after is not a cursor of this connection.")
