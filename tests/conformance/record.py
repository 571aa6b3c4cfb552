"""`python -m tests.conformance.record`: write the table of fetches and the plans as they are now.

For a deliberate change only; what it writes is to be read in the diff.
"""

from __future__ import annotations

import json

from tests.conformance.suite import FETCH_TABLE, all_worlds, case_id, plan_file, run_once
from tests.conformance.world import World

__all__ = ["plans_text"]


def plans_text(world: World) -> str:
    """The world's plans, one after the other."""
    parts = []
    for case in world.cases:
        result, _ = run_once(world, case)
        parts.append(f"# {case.title}\n{result.explain().strip()}\n")
    return "\n".join(parts)


def _record() -> None:
    table: dict[str, int | None] = {}
    for world in all_worlds():
        for case in world.cases:
            result, _ = run_once(world, case)
            table[case_id(world, case)] = None if result.plan is None else result.fetches
        path = plan_file(world)
        path.parent.mkdir(exist_ok=True)
        path.write_text(plans_text(world), encoding="utf-8")
    text = json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False)
    FETCH_TABLE.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    _record()
