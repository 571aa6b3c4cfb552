"""The value of `@fromContext(field:)`: a context's name and what to select from it."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["ContextReference", "parse_context_reference"]

_REFERENCE = re.compile(r"\s*\$\s*([A-Za-z_]\w*)\s*(.*)\Z", re.DOTALL)


class ContextReference(NamedTuple):
    """`$customer { id }` as its two parts; the selection keeps (or gets) its braces."""

    context: str
    selection: str


def parse_context_reference(text: str) -> ContextReference | None:
    """Split the text; None when it does not begin with `$name` or selects nothing."""
    match = _REFERENCE.match(text)
    if match is None or not match[2].strip():
        return None
    selection = match[2].strip()
    return ContextReference(match[1], selection if selection.startswith("{") else f"{{ {selection} }}")
