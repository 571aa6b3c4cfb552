"""One description out of several: the one that most subgraphs give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from gateway.composition.codes import HintCode
from gateway.composition.merge.state import Merge
from gateway.composition.model import Element

__all__ = ["merge_description"]

E = TypeVar("E", bound=Element)


def merge_description(merge: Merge, subject: str, elements: Sequence[tuple[str, E]]) -> str | None:
    """The most frequent description (ties: the first subgraph by name), with a hint when they differ.

    `subject` names the element as a sentence starts with it; `elements` are (subgraph, element).
    """
    given = [e.description for _, e in elements if e.description]
    if not given:
        return None
    counts = Counter(given)
    best = max(counts, key=lambda text: counts[text])
    if len(counts) > 1:
        chosen = next(subgraph for subgraph, e in elements if e.description == best)
        merge.report.hint(
            HintCode.INCONSISTENT_DESCRIPTION,
            f'{subject} has different descriptions across subgraphs: the supergraph uses that of "{chosen}".',
            (e.location for _, e in elements if e.description),
        )
    return best
