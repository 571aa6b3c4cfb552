"""Steps → the finished plan: requests merged, batched, printed and numbered."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.operation.normalise import NormalisedOperation
from gateway.plan.batching import Call, Request, batch_steps
from gateway.plan.budget import Meter
from gateway.plan.entitytext import CallNames, CallText, EntityText
from gateway.plan.local import LocalTypes
from gateway.plan.merging import Likeness, merge_steps
from gateway.plan.nodes import (
    ContextValue,
    EntityCall,
    EntityTarget,
    FetchNode,
    QueryPlan,
    RepresentationField,
    RepresentationSpec,
)
from gateway.plan.rendering import RenderedSelection, Rendering
from gateway.plan.trees import CONTEXT_STEM, Needs, Step, Target, bits

__all__ = ["assemble"]


def assemble(types: LocalTypes, operation: NormalisedOperation, steps: list[Step], meter: Meter) -> QueryPlan:
    """The plan of an operation's steps. Raises `PlanProblem` when it has too many fetches."""
    likeness = Likeness()
    requests = batch_steps(merge_steps(steps, likeness, meter), likeness)
    meter.check_fetches(len(requests))
    numbers = {step.id: number for number, request in enumerate(requests) for step in request.steps}
    assembly = _Assembly(types, operation, numbers)
    return QueryPlan(
        kind="mutation" if operation.kind == "mutation" else "query",
        fetches=tuple(assembly.fetch(number, request) for number, request in enumerate(requests)),
        statistics={"states": meter.states, "steps": len(steps), "fetches": len(requests)},
    )


class _Assembly:
    def __init__(self, types: LocalTypes, operation: NormalisedOperation, numbers: Mapping[int, int]) -> None:
        self._types = types
        self._operation = operation
        self._numbers = numbers

    def fetch(self, number: int, request: Request) -> FetchNode:
        root = request.root
        if root is not None:
            return self._root_fetch(number, root)
        return self._entity_fetch(number, request)

    def _root_fetch(self, number: int, step: Step) -> FetchNode:
        rendering = Rendering(self._types, step.graph)
        selection = rendering.selection(step.tree)
        mutates = step.tree.type == self._types.supergraph.roots.get("mutation")
        keyword = "mutation" if mutates else "query"
        directives = rendering.directives(self._operation, keyword)
        declarations = [text for _, text in rendering.declarations(self._operation.variables)]
        head = (f"({', '.join(declarations)})" if declarations else "") + directives
        return FetchNode(
            id=number,
            subgraph=self._subgraph(step.graph),
            operation=f"{keyword}{head} {selection.text}" if mutates or head else selection.text,
            kind="mutation" if mutates else "query",
            variables=tuple(sorted(rendering.variables)),
            depends_on=self._depends_on([step]),
            path=step.position.path(),
            undo=selection.undo,
        )

    def _entity_fetch(self, number: int, request: Request) -> FetchNode:
        rendering = Rendering(self._types, request.steps[0].graph)
        directives = rendering.directives(self._operation, "query")
        directive_variables = frozenset(rendering.variables)
        rendered, texts = [], []
        for call in request.calls:
            own = Rendering(self._types, rendering.graph)
            rendered.append(own.selection(call.tree))
            texts.append(_call_text(call, rendered[-1], own.variables))
            rendering.variables |= own.variables
        text = EntityText(
            representations=self._free_name("representations", rendering.variables),
            context=self._free_name("context", rendering.variables),
            declarations=rendering.declarations(self._operation.variables),
            directives=directives,
            calls=tuple(texts),
            directive_variables=directive_variables,
        )
        names = text.names(len(rendered))
        return FetchNode(
            id=number,
            subgraph=self._subgraph(request.steps[0].graph),
            operation=text.operation(range(len(rendered))),
            kind="query",
            variables=tuple(sorted(rendering.variables)),
            depends_on=self._depends_on(request.steps),
            calls=tuple(map(_call, names, request.calls, rendered)),
            repeated=text if any(call.contexts for call in request.calls) else None,
        )

    @staticmethod
    def _free_name(name: str, used: set[str]) -> str:
        """A variable name that no variable of the client starts with."""
        while any(other.startswith(name) for other in used):
            name = f"_{name}"
        return name

    def _subgraph(self, graph: str) -> str:
        return self._types.supergraph.graphs[graph].name

    def _depends_on(self, steps: list[Step]) -> tuple[int, ...]:
        return tuple(sorted({self._numbers[index] for step in steps for index in bits(step.after)}))


def _call_text(call: Call, rendered: RenderedSelection, variables: set[str]) -> CallText:
    pieces = tuple(rendered.text.split(CONTEXT_STEM))
    return CallText(pieces, tuple(context.type for context in call.contexts), frozenset(variables))


def _call(names: CallNames, call: Call, rendered: RenderedSelection) -> EntityCall:
    contexts = tuple(
        ContextValue(context.type, len(context.position.path()), _fields(context.needs))
        for context in call.contexts
    )
    targets = tuple(map(_target, call.targets))
    return EntityCall(names.key, names.variable, targets, rendered.undo, contexts)


def _target(target: Target) -> EntityTarget:
    specs = tuple(
        RepresentationSpec(None if scope is None else frozenset((scope,)), typename, _fields(needs))
        for (scope, typename), needs in target.specs.items()
    )
    return EntityTarget(target.position.path(), specs)


def _fields(needs: Needs) -> tuple[RepresentationField, ...]:
    return tuple(
        RepresentationField(
            name, need.key, None if scope is None else frozenset((scope,)), _fields(need.fields)
        )
        for (name, scope), need in needs.items()
    )
