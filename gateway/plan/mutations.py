"""Mutations in series: all steps of one root field end before the next one starts (spec 6.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.plan.trees import Step, ancestry

__all__ = ["Branch", "in_series"]


@dataclass(frozen=True, slots=True)
class Branch:
    """The steps of one root field; the first one is the mutation itself."""

    steps: list[Step]


def in_series(branches: Sequence[Branch]) -> list[Step]:
    """Chain the branches. Adjacent fields of one subgraph share a request, which runs them in order,
    when nothing had to follow upon the first."""
    steps: list[Step] = []
    previous: list[Step] = []
    for branch in branches:
        if len(previous) == 1 and previous[0].graph == branch.steps[0].graph:
            previous = [previous[0], *_share_root(steps, previous[0], branch.steps)]
        else:
            previous = _append(steps, branch.steps, sum(step.bit for step in previous))
    return steps


def _append(steps: list[Step], branch: Sequence[Step], before: int) -> list[Step]:
    offset = len(steps)
    upstream = ancestry(steps, before)
    for step in branch:
        step.id += offset
        step.after = step.after << offset | before
        step.ancestors = step.ancestors << offset | upstream
        steps.append(step)
    return list(branch)


def _share_root(steps: list[Step], root: Step, branch: Sequence[Step]) -> list[Step]:
    """Let the branch's root fields ride along in `root`; returns the steps that are added."""
    root.tree.fields.update(branch[0].tree.fields)
    offset = len(steps) - 1

    def moved(mask: int) -> int:
        return (mask >> 1) << (offset + 1) | (root.bit if mask & 1 else 0)

    for step in branch[1:]:
        step.id += offset
        step.after = moved(step.after)
        step.ancestors = moved(step.ancestors) | root.ancestors
        steps.append(step)
    return list(branch[1:])
