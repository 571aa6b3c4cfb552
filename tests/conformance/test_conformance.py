"""Every case of the suite: data, errors, number of fetches and printed plan."""

from __future__ import annotations

import pytest

from tests.conformance.record import plans_text
from tests.conformance.suite import all_cases, all_worlds, case_id, committed_fetches, plan_file, run_once
from tests.conformance.world import Case, World

_CASES = [pytest.param(world, case, id=case_id(world, case)) for world, case in all_cases()]


@pytest.mark.parametrize(("world", "case"), _CASES)
def test_case_is_answered_as_the_subgraphs_imply(world: World, case: Case) -> None:
    """Data and errors are those that the specification and the subgraphs imply."""
    result, journal = run_once(world, case)
    assert result.data == case.data, f"{result.errors}\n{result.explain()}"
    if case.codes is None:
        assert sorted(map(str, result.paths)) == sorted(map(str, case.errors)), result.errors
    else:
        assert sorted(result.codes) == sorted(case.codes), result.errors
    if case.journal is not None:
        assert journal == case.journal


@pytest.mark.parametrize(("world", "case"), _CASES)
def test_case_takes_no_more_fetches_than_committed(world: World, case: Case) -> None:
    """The number of fetches is the committed one: a rise is a regression, a fall is to be recorded."""
    result, _ = run_once(world, case)
    fetches = None if result.plan is None else result.fetches
    assert fetches == committed_fetches()[case_id(world, case)], result.explain()


@pytest.mark.parametrize("world", [pytest.param(world, id=world.name) for world in all_worlds()])
def test_plans_are_the_committed_ones(world: World) -> None:
    """Plans change only on purpose: they are equal, byte for byte, to those that were reviewed."""
    assert plans_text(world) == plan_file(world).read_text(encoding="utf-8")


def test_suite_is_as_large_as_promised() -> None:
    """There are at least 150 cases, and no two have one name."""
    names = [case_id(world, case) for world, case in all_cases()]
    assert len(names) == len(set(names))
    assert len(names) >= 150
