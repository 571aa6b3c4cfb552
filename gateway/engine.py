"""One supergraph, ready to serve: its documents and plans, each made once and remembered within bounds."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from random import Random
from time import monotonic
from typing import Any, Final, TypeVar

import prometheus_client

from gateway.errors import ClientProblem, Refusal
from gateway.execution.client import SubgraphClient
from gateway.execution.compiled import CompiledPlan, compile_plan
from gateway.operation.authorise import operation_in, reduce_document
from gateway.operation.document import Document
from gateway.operation.documents import DocumentCache, read_document
from gateway.operation.introspection import refuse_introspection
from gateway.operation.limits import OperationLimits
from gateway.operation.normalise import normalise
from gateway.operation.operation import Operation, operation_of
from gateway.plan import PlanBudget, plan
from gateway.response.collect import ShapeRequest, shape_of
from gateway.response.projector import Projector, compile_projector
from gateway.response.shape import ObjectShape
from gateway.supergraph import Supergraph
from kernel.auth import Principal

__all__ = ["Engine", "EngineRules", "Prepared"]

#: Seconds that "this operation has no plan" is remembered: a budget in seconds may have been missed
#: because the machine was busy.
_FAILURE_SECONDS: Final = 60.0
_PLANS = prometheus_client.Counter(
    "gateway_plans",
    "Operations to execute, by whether their plan was remembered or had to be made.",
    ["source"],
)
_REMEMBERED = _PLANS.labels("remembered")
_MADE = _PLANS.labels("made")


@dataclass(frozen=True, slots=True)
class EngineRules:
    """What an engine allows and remembers."""

    limits: OperationLimits = field(default_factory=OperationLimits)
    budget: PlanBudget = field(default_factory=PlanBudget)
    #: Documents remembered, and the characters of their texts in all.
    max_documents: int = 2_000
    max_document_characters: int = 16_000_000
    #: Plans remembered; one takes some 10 to 100 KB.
    max_plans: int = 1_000
    introspection: bool = False
    suggestions: bool = False
    #: Enforce `@authenticated`, `@requiresScopes` and `@policy`.
    guarded: bool = True
    #: Override labels that are active; `percent(x)` labels are drawn per request.
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """An operation under given conditions, rights and labels: nothing is left to decide but values."""

    plan: CompiledPlan
    shape: ObjectShape
    projector: Projector


@dataclass(frozen=True, slots=True)
class _Failed:
    problem: ClientProblem
    until: float


_Key = tuple[Operation, tuple[bool, ...], tuple[bool, ...], frozenset[str]]
_T = TypeVar("_T")


class Engine:
    """Documents and plans of one supergraph. A reload makes a new engine; requests in flight keep theirs."""

    def __init__(
        self,
        supergraph: Supergraph,
        clients: Mapping[str, SubgraphClient],
        rules: EngineRules,
        workers: Executor,
        random: Random,
    ) -> None:
        self.supergraph = supergraph
        self.clients = clients
        self._rules = rules
        self._workers = workers
        self._random = random
        self._documents = DocumentCache(
            max_entries=rules.max_documents, max_characters=rules.max_document_characters
        )
        self._plans: OrderedDict[_Key, Prepared | _Failed] = OrderedDict()
        self._pending: dict[object, asyncio.Future[Any]] = {}

    async def operation(self, text: str, name: str | None) -> Operation:
        """The operation of a document: parsed, bounded and validated at its first sight; raises `Refusal`."""
        document = self._documents.find(text)
        if document is None:
            outcome = await self._once(text, lambda: self._read(text))
            self._documents.add(text, outcome)
            if isinstance(outcome, Refusal):
                raise outcome.with_traceback(None)
            document = outcome
        operation = operation_of(self.supergraph, document, name, guarded=self._rules.guarded)
        if operation.introspection is not None and not self._rules.introspection:
            raise refuse_introspection()
        return operation

    def _read(self, text: str) -> Document | Refusal:
        rules = self._rules
        try:
            return read_document(
                self.supergraph.api_schema, text, rules.limits, suggestions=rules.suggestions
            )
        except Refusal as refusal:
            return refusal

    async def prepare(
        self, operation: Operation, variables: Mapping[str, object], principal: Principal | None
    ) -> Prepared:
        """The plan and the projector for this request; raises `Refusal` and `ClientProblem` (no plan)."""
        conditions = operation.conditions(variables)
        key = (operation, conditions, operation.gates.variant(principal), self._active_labels())
        known = self._plans.get(key)
        if known is None or (isinstance(known, _Failed) and known.until < monotonic()):
            _MADE.inc()
            known = await self._once(key, lambda: self._make(key))
            self._remember(key, known)
        else:
            _REMEMBERED.inc()
            self._plans.move_to_end(key)
        if isinstance(known, _Failed):
            raise known.problem.with_traceback(None)
        return known

    def _make(self, key: _Key) -> Prepared | _Failed:
        operation, conditions, variant, labels = key
        try:
            return self._prepare(
                operation, dict(zip(operation.condition_names, conditions, strict=True)), variant, labels
            )
        except ClientProblem as problem:
            return _Failed(problem.with_traceback(None), monotonic() + _FAILURE_SECONDS)

    def _prepare(
        self,
        operation: Operation,
        conditions: Mapping[str, bool],
        variant: tuple[bool, ...],
        labels: frozenset[str],
    ) -> Prepared:
        refused = operation.gates.refused(variant)
        document = reduce_document(operation.document, refused)
        normalised = normalise(self.supergraph, document, operation_in(document, operation.node), conditions)
        query_plan = plan(self.supergraph, normalised, labels, self._rules.budget)
        shape = shape_of(
            ShapeRequest(self.supergraph.api_schema, operation.document, operation.node, conditions, refused)
        )
        return Prepared(compile_plan(query_plan), shape, compile_projector(shape))

    def _remember(self, key: _Key, prepared: Prepared | _Failed) -> None:
        self._plans[key] = prepared
        self._plans.move_to_end(key)
        while len(self._plans) > self._rules.max_plans:
            self._plans.popitem(last=False)

    def _active_labels(self) -> frozenset[str]:
        """The override labels that hold for this request (federation.md, 1.1 rule 6)."""
        if not self.supergraph.override_labels:
            return frozenset()
        drawn = self._random.uniform(0, 100)
        return frozenset(
            label
            for label in self.supergraph.override_labels
            if label in self._rules.labels or drawn < _percentage(label)
        )

    async def _once(self, key: object, work: Callable[[], _T]) -> _T:
        """Do the work off the event loop; requests for the same thing meanwhile wait for one result."""
        pending = self._pending.get(key)
        if pending is None:
            pending = asyncio.get_running_loop().run_in_executor(self._workers, work)
            self._pending[key] = pending
            pending.add_done_callback(lambda _: self._pending.pop(key, None))
        # Shielded: a client that goes away must not take the others' result with it.
        result: _T = await asyncio.shield(pending)  # One key stands for one kind of work.
        return result

    async def warm_like(self, other: Engine, count: int) -> int:
        """Prepare the operations that another engine used last; the number that this one can serve."""
        warmed = 0
        for operation, conditions, variant, labels in list(reversed(other._plans))[:count]:
            try:
                own = await self.operation(operation.document.text, operation.name)
            except Refusal:
                continue  # No longer valid: its clients will be told.
            if own.condition_names != operation.condition_names or len(variant) != len(
                own.gates.requirements
            ):
                continue
            key = (own, conditions, variant, labels)
            self._remember(key, await self._once(key, partial(self._make, key)))
            warmed += 1
        return warmed


def _percentage(label: str) -> float:
    """x of `percent(x)`; of any other label 0."""
    if label.startswith("percent(") and label.endswith(")"):
        return float(label[len("percent(") : -1])
    return 0.0
