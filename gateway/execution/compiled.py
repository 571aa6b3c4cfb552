"""A plan made ready to run many times: constant bytes, compiled recipes, dependency counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from gateway.execution.representations import CallRecipe, compile_call
from gateway.execution.walks import Places
from gateway.plan.nodes import EntityCall, FetchNode, QueryPlan

__all__ = ["CompiledFetch", "CompiledPlan", "compile_plan"]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledFetch:
    """One fetch: everything about its request that does not depend on the data."""

    node: FetchNode
    #: The body up to the first variable: `{"query":"…","variables":{`.
    head: bytes
    calls: tuple[tuple[EntityCall, CallRecipe], ...]
    #: Positions in the plan of the fetches that wait for this one.
    dependants: tuple[int, ...]
    dependencies: int

    def body(self, variables: Mapping[str, bytes], representations: Mapping[str, Sequence[bytes]]) -> bytes:
        """The request's body; values come encoded."""
        parts = [
            b'"%s":%s' % (name.encode(), variables[name]) for name in self.node.variables if name in variables
        ]
        parts += [
            b'"%s":[%s]' % (name.encode(), b",".join(encoded)) for name, encoded in representations.items()
        ]
        return b"%s%s}}" % (self.head, b",".join(parts))


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPlan:
    """The fetches in the plan's order."""

    plan: QueryPlan
    fetches: tuple[CompiledFetch, ...]
    #: Positions of the fetches that wait for none.
    first: tuple[int, ...]
    places: Places


def compile_plan(plan: QueryPlan) -> CompiledPlan:
    """Compile each fetch once; a plan is run as often as its operation is asked."""
    positions = {node.id: position for position, node in enumerate(plan.fetches)}
    dependants: list[list[int]] = [[] for _ in plan.fetches]
    for position, node in enumerate(plan.fetches):
        for dependency in node.depends_on:
            dependants[positions[dependency]].append(position)
    places = Places()
    fetches = tuple(
        CompiledFetch(
            node=node,
            head=b'{"query":%s,"variables":{' % orjson.dumps(node.operation),
            calls=tuple((call, compile_call(call, places)) for call in node.calls),
            dependants=tuple(dependants[position]),
            dependencies=len(node.depends_on),
        )
        for position, node in enumerate(plan.fetches)
    )
    first = tuple(position for position, node in enumerate(plan.fetches) if not node.depends_on)
    return CompiledPlan(plan, fetches, first, places)


#: Response keys that exist for the plan's sake alone (federation.md, section 3.3).
_INTERNAL_KEY = re.compile(r"_i\d+_")


def is_internal_key(key: str) -> bool:
    """Whether a response key was made by the planner for a key or a requirement."""
    return _INTERNAL_KEY.match(key) is not None
