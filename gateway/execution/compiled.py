"""A plan made ready to run many times: constant bytes, compiled recipes, dependency counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson

from gateway.execution.contexts import ContextualCall, compile_contextual
from gateway.execution.representations import CallRecipe, compile_call
from gateway.execution.walks import Places
from gateway.plan.nodes import EntityCall, FetchNode, QueryPlan

__all__ = ["MAX_REPEATED_CALLS", "CompiledFetch", "CompiledPlan", "compile_plan"]

#: `_entities` calls of one request when contexts make it repeat them; more go in further requests.
#: Servers bound the aliases of an operation, often at 30 to 50.
MAX_REPEATED_CALLS: Final = 25


@dataclass(frozen=True, slots=True, eq=False)
class CompiledFetch:
    """One fetch: everything about its request that does not depend on the data."""

    node: FetchNode
    #: The body up to the first variable: `{"query":"…","variables":{`.
    head: bytes
    calls: tuple[tuple[EntityCall, CallRecipe], ...]
    #: The calls again, compiled with their contexts; None for those that have none.
    contextual: tuple[ContextualCall | None, ...]
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

    def repeat(self, chosen: Sequence[int]) -> CompiledFetch:
        """The same fetch with the chosen calls (positions in `calls`), one of them perhaps several times.

        Its node's `variables` then are those of the client that these calls use, and those of the contexts.
        """
        text = self.node.repeated
        if text is None:
            raise ValueError("only fetches with contexts repeat calls")
        names = text.names(len(chosen))
        calls = tuple(
            replace(self.node.calls[index], key=name.key, variable=name.variable)
            for index, name in zip(chosen, names, strict=True)
        )
        contexts = [
            name.context(number)
            for name, call in zip(names, calls, strict=True)
            for number in range(len(call.contexts))
        ]
        operation = text.operation(chosen)
        node = replace(
            self.node, operation=operation, calls=calls, variables=(*text.variables(chosen), *contexts)
        )
        return replace(self, node=node, head=_head(operation))


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPlan:
    """The fetches in the plan's order."""

    plan: QueryPlan
    fetches: tuple[CompiledFetch, ...]
    #: Positions of the fetches that wait for none.
    first: tuple[int, ...]
    places: Places
    #: May objects that stand for one entity share what is fetched for it? Not when they get different values
    #: of contexts further down.
    shares: bool


def compile_plan(plan: QueryPlan) -> CompiledPlan:
    """Compile each fetch once; a plan is run as often as its operation is asked."""
    positions = {node.id: position for position, node in enumerate(plan.fetches)}
    dependants: list[list[int]] = [[] for _ in plan.fetches]
    for position, node in enumerate(plan.fetches):
        for dependency in node.depends_on:
            dependants[positions[dependency]].append(position)
    places = Places()
    fetches = tuple(
        _compile_fetch(node, tuple(dependants[position]), places)
        for position, node in enumerate(plan.fetches)
    )
    first = tuple(position for position, node in enumerate(plan.fetches) if not node.depends_on)
    shares = all(node.repeated is None for node in plan.fetches)
    return CompiledPlan(plan, fetches, first, places, shares)


def _compile_fetch(node: FetchNode, dependants: tuple[int, ...], places: Places) -> CompiledFetch:
    calls = tuple((call, compile_call(call, places)) for call in node.calls)
    return CompiledFetch(
        node=node,
        head=_head(node.operation),
        calls=calls,
        contextual=tuple(
            compile_contextual(call, recipe, places) if call.contexts else None for call, recipe in calls
        ),
        dependants=dependants,
        dependencies=len(node.depends_on),
    )


def _head(operation: str) -> bytes:
    return b'{"query":%s,"variables":{' % orjson.dumps(operation)


#: Response keys that exist for the plan's sake alone (federation.md, section 3.3).
_INTERNAL_KEY = re.compile(r"_i\d+_")


def is_internal_key(key: str) -> bool:
    """Whether a response key was made by the planner for a key or a requirement."""
    return _INTERNAL_KEY.match(key) is not None
