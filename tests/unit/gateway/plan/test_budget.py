"""The planning budget: every limit stops an operation with the same code."""

from __future__ import annotations

import pytest

from gateway.errors import ErrorCode
from gateway.plan import PlanBudget, PlanProblem
from gateway.plan.budget import Meter
from tests.kit.federation import federation

_KEYED = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"]) '
)
_WORLD = federation(
    a=(_KEYED + 'type Query { t: T } type T @key(fields: "id") { id: ID! a: Int next: T @shareable }', {}),
    b=(_KEYED + 'type T @key(fields: "id") { id: ID! b: Int next: T @shareable }', {}),
    c=(_KEYED + 'type T @key(fields: "id") { id: ID! c: Int next: T @shareable }', {}),
)
_QUERY = "{ t { a b c next { a b c next { a b c next { a b c } } } } }"


@pytest.mark.parametrize(
    "budget", [PlanBudget(seconds=0.0, states=10**9), PlanBudget(states=10), PlanBudget(fetches=2)]
)
def test_a_budget_that_is_used_up_is_a_client_problem(budget: PlanBudget) -> None:
    """Time, states and fetches: whichever runs out, the code is QUERY_PLAN_TOO_COMPLEX."""
    query = _QUERY if budget.seconds else "{ t " + "{ next { a b c } next " * 30 + "{ a b c }" + "}" * 31
    with pytest.raises(PlanProblem) as caught:
        _WORLD.plan(query, budget=budget)
    assert caught.value.code is ErrorCode.QUERY_PLAN_TOO_COMPLEX


def test_the_default_budget_is_far_above_real_operations() -> None:
    """A fraction of the default states is enough for an operation over three subgraphs."""
    assert _WORLD.plan(_QUERY).statistics["states"] < PlanBudget().states / 100


def test_the_clock_is_looked_at_now_and_then() -> None:
    """Counting is cheap: the clock is read once in hundreds of states, and the deadline still holds."""
    readings = iter([0.0, 0.1, 0.2, 0.6])
    meter = Meter(PlanBudget(seconds=0.5), clock=lambda: next(readings))
    meter.count(1)
    meter.count(600)
    meter.count(600)
    with pytest.raises(PlanProblem):
        meter.count(600)
