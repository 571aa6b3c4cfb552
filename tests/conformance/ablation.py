"""Runs the suite with a rule switched off, until some case goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conformance.suite import all_worlds, case_id, committed_fetches
from tests.conformance.world import Case, World
from tests.kit.federation import Federation

__all__ = ["Switch", "first_broken_case"]

#: Switches one rule off, for as long as the patch holds.
Switch = Callable[[pytest.MonkeyPatch], None]


def first_broken_case(switch: Switch, patch: pytest.MonkeyPatch) -> str | None:
    """The first case with other data, errors or fetches, or with invalid requests; None if all hold.

    Every world is loaded anew, so that nothing is remembered from before the rule was switched off.
    """
    sdls = {world.name: world.federation.supergraph.sdl for world in all_worlds()}
    table = committed_fetches()
    switch(patch)
    for world in all_worlds():
        fresh = Federation(list(world.federation.doubles.values()), sdls[world.name])
        for case in world.cases:
            if not _holds(World(world.name, fresh, (), world.journal), case, table):
                return case_id(world, case)
    return None


def _holds(world: World, case: Case, table: dict[str, int | None]) -> bool:
    try:
        result = world.run(case)
    except (AssertionError, RecursionError, AttributeError, KeyError, TypeError, ExceptionGroup):
        return False  # an invalid request, or a plan that cannot even be made
    fetches = None if result.plan is None else result.fetches
    return (
        result.data == case.data
        and fetches == table[case_id(world, case)]
        and (case.codes is not None or sorted(map(str, result.paths)) == sorted(map(str, case.errors)))
        and (case.journal is None or tuple(world.journal) == case.journal)
    )
