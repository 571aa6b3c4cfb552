"""Many seeds with progress: python -m tests.simulation --seeds FIRST:LAST [--events N]."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter

import structlog

from tests.simulation.checker import Violation
from tests.simulation.world import simulate

_EVERY = 20


def main() -> int:
    """Exit code 1 when a seed fails; every failing seed is told, with the command that repeats it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:20", help="first and the one after the last, such as 0:2000")
    parser.add_argument("--events", type=int, default=500, help="events a seed (500)")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split(":"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    faults: Counter[str] = Counter()
    committed = failed = 0
    began = time.monotonic()
    for seed in range(first, last):
        try:
            run = simulate(seed, options.events)
        except Violation as violation:
            failed += 1
            print(violation, flush=True)
        else:
            committed += run.committed
            faults += run.faults
        if (seed - first + 1) % _EVERY == 0 or seed == last - 1:
            took = time.monotonic() - began
            print(
                f"seeds {first}..{seed}: {committed} events, {failed} seeds failed, {took:.0f} s", flush=True
            )
    print("faults: " + ", ".join(f"{kind} {count}" for kind, count in sorted(faults.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
