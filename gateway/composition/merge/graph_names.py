"""Values of the `join__Graph` enum: subgraph names made into GraphQL names, all different."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["graph_names"]

_NOT_A_NAME = re.compile(r"\W", re.ASCII)


def graph_names(names: Iterable[str]) -> dict[str, str]:
    """Map every subgraph name to its enum value.

    Upper case, other characters than letters and digits as `_`. A value that starts with a digit
    gets a `_` before it, one that ends with `_` and digits a `_` after it, so that the numbers which
    tell equal values apart never meet a real name.
    """
    values = {name: _value(name) for name in sorted(names)}
    totals = Counter(values.values())
    seen: Counter[str] = Counter()
    result: dict[str, str] = {}
    for name, value in values.items():
        if totals[value] > 1:
            seen[value] += 1
            result[name] = f"{value}_{seen[value]}"
        else:
            result[name] = value
    return result


def _value(name: str) -> str:
    value = _NOT_A_NAME.sub("_", name).upper()
    if value[:1].isdigit() or not value:
        value = f"_{value}"
    return f"{value}_" if re.search(r"_\d+\Z", value) else value
