"""How much planning one operation may take, and the meter that stops it there.

A valid operation can be made so that planning it is expensive (a field that is resolvable in
every subgraph, nested deep). The meter turns that into an error with a code instead of a stall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time

from gateway.plan.problems import PlanProblem

__all__ = ["DEFAULT_BUDGET", "Meter", "PlanBudget"]


@dataclass(frozen=True, slots=True)
class PlanBudget:
    """Limits on one planning run. Each is far above what real operations take."""

    #: Seconds of the planning thread's processor time, so that a machine that is busy with other things
    #: refuses nothing. A typical operation takes one thousandth of this.
    seconds: float = 0.5
    #: Requests to subgraphs in one plan: more would strain the subgraphs themselves.
    fetches: int = 100
    #: States looked at, the planner's unit of work; independent of the machine's speed.
    states: int = 200_000


DEFAULT_BUDGET = PlanBudget()

#: States between two looks at the clock: often enough to stop within a millisecond or two.
_CLOCK_INTERVAL = 512


class Meter:
    """Counts the work of one planning run; raises `PlanProblem` when the budget is used up."""

    __slots__ = ("_budget", "_clock", "_deadline", "_next_look", "states")

    def __init__(self, budget: PlanBudget, clock: Callable[[], float] = thread_time) -> None:
        self._budget = budget
        self._clock = clock
        self._deadline = clock() + budget.seconds
        self._next_look = min(_CLOCK_INTERVAL, budget.states + 1)
        self.states = 0

    def count(self, states: int = 1) -> None:
        """Note that so many states were looked at."""
        self.states += states
        if self.states >= self._next_look:
            self._look()

    def _look(self) -> None:
        self._next_look = self.states + _CLOCK_INTERVAL
        if self.states > self._budget.states:
            raise PlanProblem.too_complex(f"more than {self._budget.states} states")
        self.check_clock()

    def check_clock(self) -> None:
        """Refuse to go on when the time is over; for work that is not counted in states."""
        if self._clock() > self._deadline:
            raise PlanProblem.too_complex(f"more than {self._budget.seconds:g} s of planning")

    def check_fetches(self, fetches: int) -> None:
        """Refuse a plan with too many fetches."""
        if fetches > self._budget.fetches:
            raise PlanProblem.too_complex(f"{fetches} fetches where {self._budget.fetches} are allowed")
