"""Normalised operation × supergraph → query plan. Pure: no I/O, no asyncio.

`plan` makes a plan (see `planner` for how), `printer` shows it to people and tools.
"""

from __future__ import annotations

from gateway.plan.budget import DEFAULT_BUDGET, PlanBudget
from gateway.plan.planner import plan
from gateway.plan.problems import PlanProblem

__all__ = ["DEFAULT_BUDGET", "PlanBudget", "PlanProblem", "plan"]
