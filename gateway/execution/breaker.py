"""A circuit breaker: stop asking a subgraph that does not answer, and find out when it does again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BreakerRules", "CircuitBreaker"]


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a breaker opens and how long it stays so."""

    #: Consecutive failures; a lone failure among answers never opens it.
    failures: int = 10
    #: Seconds that it stays open, then one request is let through to try. A returning subgraph is
    #: noticed within this time.
    open_seconds: float = 2.0


class CircuitBreaker:
    """Counts consecutive failures of one subgraph.

    Closed: everything passes. Open: nothing does. After `open_seconds` one request at a time passes;
    its success closes the breaker, its failure opens it for another period. A request that the client
    gave up says nothing about the subgraph and is not counted.
    """

    def __init__(self, rules: BreakerRules, clock: Callable[[], float]) -> None:
        self._rules = rules
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether requests are being refused (or tried one at a time)."""
        return self._open_until is not None

    def admit(self) -> bool:
        """Whether a request may be sent now; every admitted one ends in one of the three methods below."""
        if self._open_until is None:
            return True
        if self._trying or self._clock() < self._open_until:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """The subgraph answered."""
        self._failures = 0
        self._open_until = None
        self._trying = False

    def failed(self) -> None:
        """The subgraph did not answer, or with a server error."""
        self._failures += 1
        self._trying = False
        if self._failures >= self._rules.failures:
            self._open_until = self._clock() + self._rules.open_seconds

    def abandoned(self) -> None:
        """The request was cancelled: nothing was learnt."""
        self._trying = False
