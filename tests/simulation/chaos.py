"""Which faults a seed may strike with, and whether one strikes now.

Swarm style: each seed turns a random half of the faults on, so that every two of them meet often, alone and
without the others that would hide what they do.
"""

from __future__ import annotations

from collections import Counter
from random import Random

__all__ = ["RATES", "Chaos"]

#: By fault, the chance that it strikes where it can: at a call, an event, or a second (those of `_SECONDLY`).
RATES = {
    # Processes, by step of the loop: at any await of any of them.
    "crash": 0.0006,
    "pause": 0.0002,
    "clock_jump": 0.0004,
    # Sending, by call.
    "send_refused": 0.05,
    "send_answer_lost": 0.05,
    "send_partial": 0.05,
    "send_cut_in_the_middle": 0.03,
    "duplicate": 0.03,
    "late_copy": 0.03,
    # Receiving, by call.
    "receive_refused": 0.03,
    "receive_empty": 0.05,
    "receive_late": 0.05,
    "receive_partial": 0.3,
    "receive_answer_lost": 0.02,
    # What is said of received messages, by call.
    "delete_refused": 0.05,
    "delete_answer_lost": 0.05,
    "delete_forgotten": 0.05,
    "visibility_refused": 0.1,
    "visibility_answer_lost": 0.1,
    "dead_letter_refused": 0.2,
    "dead_letter_answer_lost": 0.2,
    "look_refused": 0.1,
    # Targets, by request.
    "target_busy": 0.05,
    "target_unreached": 0.04,
    "target_answer_lost": 0.05,
    "target_slow": 0.05,
    "target_outage": 0.002,
    "store_lost_before": 0.03,
    "store_lost_after": 0.03,
    # PostgreSQL, by statement.
    "database_lost": 0.03,
    "commit_answer_lost": 0.03,
    "ear_lost": 0.05,
    # Events, by event.
    "poison": 0.03,
    "flaky": 0.03,
    "rolled_back": 0.08,
    "erasure": 0.02,
    # What people do, by second.
    "stranger": 0.02,
    "table_change": 0.02,
    "table_broken": 0.02,
    "route_removed": 0.01,
    "replay": 0.01,
    "redrive": 0.03,
    "operator_looks": 0.03,
    "queue_lost": 0.004,
}


class Chaos:
    """The faults of one seed; `counts` tells how often each struck."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"{seed}:faults")
        kinds = list(RATES)
        self.active = frozenset(self.random.sample(kinds, len(kinds) // 2))
        self.counts: Counter[str] = Counter()
        self.calm = False

    def strikes(self, kind: str) -> bool:
        """Whether the fault happens now; counts it when it does."""
        if self.calm or kind not in self.active or self.random.random() >= RATES[kind]:
            return False
        self.counts[kind] += 1
        return True

    def end(self) -> None:
        """No more faults."""
        self.calm = True
