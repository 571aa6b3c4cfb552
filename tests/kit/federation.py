"""A federation in memory: compose, plan, execute and project with the real parts, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic
from typing import Any, cast
from unittest.mock import patch

import orjson

from gateway.composition import SubgraphInput, compose
from gateway.errors import ClientProblem, Refusal
from gateway.execution.answer import SubgraphAnswer, read_answer
from gateway.execution.client import Fetch, SubgraphClient
from gateway.execution.compiled import compile_plan
from gateway.execution.executor import Call, Outcome, execute
from gateway.execution.headers import HeaderRules
from gateway.execution.transport import HttpAnswer
from gateway.operation.documents import read_document
from gateway.operation.limits import OperationLimits
from gateway.operation.normalise import normalise
from gateway.operation.operation import Operation, operation_of
from gateway.plan import PlanBudget, plan
from gateway.plan.nodes import QueryPlan
from gateway.plan.printer import to_text
from gateway.response.collect import ShapeRequest, shape_of
from gateway.response.encode import describe_errors, describe_problem
from gateway.response.faults import find_faults
from gateway.response.projector import compile_projector
from gateway.supergraph import Supergraph, load
from tests.kit.subgraph_double import Data, SubgraphDouble

__all__ = ["Federation", "Result", "federation"]

_SATISFIABILITY = "gateway.composition.pipeline.check_satisfiability"
#: Nothing that a case does is about limits.
_LIMITS = OperationLimits(max_depth=50)
#: States and fetches are counted; the clock would also count the garbage of a long test run.
_BUDGET = PlanBudget(seconds=60)


@dataclass(frozen=True)
class Result:
    """What a client would get, and what it took."""

    data: Any
    errors: list[dict[str, Any]]
    plan: QueryPlan | None
    #: Subgraphs by request sent, in the order of sending.
    asked: list[str] = field(default_factory=list)

    @property
    def fetches(self) -> int:
        """Requests planned."""
        return 0 if self.plan is None else len(self.plan.fetches)

    @property
    def codes(self) -> list[str]:
        """The errors' codes."""
        return [str(error.get("extensions", {}).get("code", "")) for error in self.errors]

    @property
    def paths(self) -> list[tuple[Any, ...]]:
        """The errors' paths."""
        return [tuple(error.get("path") or ()) for error in self.errors]

    def explain(self) -> str:
        """The plan as text, for failure messages."""
        return to_text(self.plan) if self.plan is not None else "no plan"


class _Client:
    """Stands in for `SubgraphClient`: encodes and decodes like it, without a network."""

    def __init__(self, double: SubgraphDouble) -> None:
        self._double = double
        self.headers = HeaderRules()

    async def fetch(self, fetch: Fetch) -> SubgraphAnswer:
        request = orjson.loads(fetch.body)
        await asyncio.sleep(0)  # as over a network, others get their turn meanwhile
        result = self._double.execute(request["query"], request.get("variables") or {})
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return read_answer(HttpAnswer(200, "application/json", orjson.dumps(answer)), self._double.name)


class Federation:
    """Subgraph doubles and the supergraph composed of them.

    With `satisfiable=False` the check that everything can be resolved is left out: supergraphs that
    were made elsewhere may be like that, and their operations then have no plan.
    """

    def __init__(
        self, doubles: list[SubgraphDouble], supergraph_sdl: str | None = None, *, satisfiable: bool = True
    ) -> None:
        self.doubles = {double.name: double for double in doubles}
        self._given_sdl = supergraph_sdl
        self._satisfiable = satisfiable

    @cached_property
    def supergraph(self) -> Supergraph:
        """Composed (unless its SDL was given) and loaded."""
        return load(self._given_sdl or self._compose())

    def _compose(self) -> str:
        inputs = [
            SubgraphInput(double.name, f"http://{double.name}.test", double.sdl)
            for double in self.doubles.values()
        ]
        with nullcontext() if self._satisfiable else patch(_SATISFIABILITY):
            result = compose(inputs)
        if result.supergraph_sdl is None:
            raise AssertionError("\n".join(map(str, result.errors)))
        return result.supergraph_sdl

    def operation(self, query: str) -> Operation:
        """Read and validate a document with one operation; raises `Refusal`."""
        document = read_document(self.supergraph.api_schema, query, _LIMITS, suggestions=False)
        return operation_of(self.supergraph, document, None, guarded=False)

    def plan(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        labels: frozenset[str] = frozenset(),
        budget: PlanBudget = _BUDGET,
    ) -> QueryPlan:
        """Plan an operation; raises `Refusal`, and `ClientProblem` when it has no plan."""
        operation = self.operation(query)
        conditions = _conditions(operation, operation.variables(variables or {}))
        document = operation.document.node
        normalised = normalise(self.supergraph, document, operation.node, conditions)
        return plan(self.supergraph, normalised, labels, budget)

    def run(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        labels: frozenset[str] = frozenset(),
    ) -> Result:
        """Serve an operation as the gateway would: what is refused or has no plan gives errors."""
        try:
            query_plan = self.plan(query, variables, labels)
        except Refusal as refusal:
            return Result(None, [describe_problem(problem) for problem in refusal.problems], None)
        except ClientProblem as problem:
            return Result(None, [describe_problem(problem)], None)
        operation = self.operation(query)
        values = operation.variables(variables or {})
        outcome = asyncio.run(self._execute(query_plan, values))
        if operation.introspection is not None:
            outcome.data.update(operation.introspection.answer(values))
        shape = shape_of(
            ShapeRequest(
                self.supergraph.api_schema,
                operation.document,
                operation.node,
                _conditions(operation, values),
                frozenset(),
            )
        )
        flags: list[int] = []
        data = compile_projector(shape)(outcome.data, flags)
        faults = find_faults(shape, outcome.data) if flags else []
        return Result(data, describe_errors(outcome.errors, faults), query_plan, outcome.asked)

    async def _execute(self, query_plan: QueryPlan, values: Mapping[str, Any]) -> Outcome:
        clients = {name: cast("SubgraphClient", _Client(double)) for name, double in self.doubles.items()}
        encoded = {name: orjson.dumps(value) for name, value in values.items()}
        return await execute(compile_plan(query_plan), clients, Call(encoded, {}, monotonic() + 60.0))


def _conditions(operation: Operation, values: Mapping[str, Any]) -> dict[str, bool]:
    return dict(zip(operation.condition_names, operation.conditions(values), strict=True))


def federation(**subgraphs: tuple[str, Data]) -> Federation:
    """`federation(a=(sdl, data), b=(sdl, data))`: a federation of doubles."""
    return Federation([SubgraphDouble(name, sdl, data) for name, (sdl, data) in subgraphs.items()])
