"""Unites entity steps at one place that differ by the type conditions on their paths.

`book { author { name } }` and `film { author { name } }` under one interface field are two positions
but one place. Their entity steps become one request with two targets, unless one waits for the other
or they ask different things of one type.
"""

from __future__ import annotations

from gateway.plan.budget import Meter
from gateway.plan.trees import Step, Tree, ancestry

__all__ = ["Likeness", "merge_steps"]


class Likeness:
    """Compares what `_entities` selections ask; remembers signatures, so the trees must be finished."""

    def __init__(self) -> None:
        self._signatures: dict[Tree, tuple[object, ...]] = {}

    def unites(self, tree: Tree, other: Tree) -> bool:
        """May two selections be one: does each type ask the same in both, or stand in one only?"""
        return all(
            name not in tree.casts or self._signature(tree.casts[name]) == self._signature(cast)
            for name, cast in other.casts.items()
        )

    def _signature(self, tree: Tree) -> tuple[object, ...]:
        found = self._signatures.get(tree)
        if found is None:
            found = self._signatures[tree] = tree.signature()
        return found


def merge_steps(steps: list[Step], likeness: Likeness, meter: Meter) -> list[Step]:
    """Merge in place what can be; returns the steps that are left (ids and bit sets unchanged)."""
    groups: dict[tuple[object, ...], list[Step]] = {}
    for step in steps:
        if step.kind == "entity" and not step.contexts:  # whose values differ by what is above
            groups.setdefault((step.graph, step.position.place.keys, step.family), []).append(step)
    gone: set[int] = set()
    for group in groups.values():
        for index, step in enumerate(group):
            if step.id in gone:
                continue
            for other in group[index + 1 :]:
                if other.id in gone or _related(step, other):
                    continue
                if likeness.unites(step.tree, other.tree):
                    meter.check_clock()
                    _merge(steps, step, other, gone)
    return [step for step in steps if step.id not in gone]


def _related(step: Step, other: Step) -> bool:
    return bool(step.ancestors & other.bit or other.ancestors & step.bit)


def _merge(steps: list[Step], step: Step, other: Step, gone: set[int]) -> None:
    gone.add(other.id)
    step.targets += other.targets
    step.after |= other.after
    step.ancestors |= other.ancestors
    for name, cast in other.tree.casts.items():
        step.tree.casts.setdefault(name, cast)
    either, upstream = other.bit | step.bit, ancestry(steps, step.after)
    for later in steps:
        if later.after & other.bit:
            later.after = later.after & ~other.bit | step.bit
        if later.ancestors & either:
            later.ancestors = later.ancestors & ~other.bit | step.bit | upstream
