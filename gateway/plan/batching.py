"""Like entity steps that become ready together go to their subgraph in one request.

*Together* means: at the same depth of the DAG. Such steps are never related, and neither is any step
that waits for one of them, so uniting them cannot close a circle. What they ask is laid together as
far as possible: steps that ask the same of a type, or of different types, share one `_entities` call
with a target for each place; the rest get calls of their own under the aliases `_e0`, `_e1` and so on.
Representations of an interface never share a call with others: their objects come back under their runtime
types, and would answer those types' fragments too, without the fields that these `@requires`. Nor do calls
that take values from contexts: how often these are asked depends on the values.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.plan.merging import Likeness
from gateway.plan.trees import Step, StepContext, Target, Tree, bits

__all__ = ["Call", "Request", "batch_steps"]


@dataclass(slots=True, eq=False)
class Call:
    """One `_entities` field in the making."""

    tree: Tree
    targets: list[Target]
    #: What is sent: objects, or an interface by its name.
    sends: object
    #: What it takes from objects above its entities.
    contexts: list[StepContext]

    def take(self, step: Step, likeness: Likeness) -> bool:
        """Let a step join the call if it can."""
        if self.contexts or step.contexts or self.sends != _sends(step):
            return False
        if not likeness.unites(self.tree, step.tree):
            return False
        for name, cast in step.tree.casts.items():
            self.tree.casts.setdefault(name, cast)
        self.targets += step.targets
        return True


@dataclass(slots=True, eq=False)
class Request:
    """One request in the making: a root step, or the calls of entity steps."""

    steps: list[Step]
    level: int
    calls: list[Call]

    @property
    def root(self) -> Step | None:
        """The root step, if it is one."""
        return self.steps[0] if self.steps[0].kind == "root" else None


def batch_steps(steps: list[Step], likeness: Likeness) -> list[Request]:
    """The requests, dependencies first."""
    levels = _levels(steps)
    requests: list[Request] = []
    open_batches: dict[tuple[str, int], Request] = {}
    for step in steps:
        level = levels[step.id]
        if step.kind == "root":
            requests.append(Request([step], level, []))
            continue
        batch = open_batches.get((step.graph, level))
        if batch is None:
            batch = open_batches[step.graph, level] = Request([], level, [])
            requests.append(batch)
        batch.steps.append(step)
        if not any(call.take(step, likeness) for call in batch.calls):
            tree = Tree(step.tree.type)
            tree.casts.update(step.tree.casts)
            contexts = list(step.contexts.values())
            batch.calls.append(Call(tree, list(step.targets), _sends(step), contexts))
    return sorted(requests, key=lambda request: (request.level, request.steps[0].id))


def _sends(step: Step) -> object:
    return step.family[0] if isinstance(step.family, tuple) else step.family


def _levels(steps: list[Step]) -> dict[int, int]:
    """Step → the longest chain of steps before it."""
    by_id = {step.id: step for step in steps}
    levels: dict[int, int] = {}

    def level(step: Step) -> int:
        if step.id not in levels:
            levels[step.id] = 1 + max((level(by_id[index]) for index in bits(step.after)), default=-1)
        return levels[step.id]

    for step in steps:
        level(step)
    return levels
