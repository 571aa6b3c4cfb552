"""All worlds of the conformance suite, and what is committed about their plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tests.conformance import worlds
from tests.conformance.world import Case, World
from tests.kit.federation import Result

__all__ = [
    "FETCH_TABLE",
    "all_cases",
    "all_worlds",
    "case_id",
    "committed_fetches",
    "plan_file",
    "run_once",
]

_HERE = Path(__file__).parent
#: Fetches per case; a rise is a regression, a fall is to be written down.
FETCH_TABLE = _HERE / "fetches.json"


def all_worlds() -> Iterator[World]:
    """The worlds of `tests/conformance/worlds`, module by module."""
    for module in sorted(iter_modules(worlds.__path__), key=lambda item: item.name):
        yield from import_module(f"{worlds.__name__}.{module.name}").WORLDS


def all_cases() -> Iterator[tuple[World, Case]]:
    """Every case with its world."""
    for world in all_worlds():
        for case in world.cases:
            yield world, case


@cache
def _run(name: str, title: str) -> tuple[Result, tuple[str, ...]]:
    world, case = next(item for item in all_cases() if item[0].name == name and item[1].title == title)
    return world.run(case), tuple(world.journal)


def run_once(world: World, case: Case) -> tuple[Result, tuple[str, ...]]:
    """What came of a case, and the journal; each case is run once a session."""
    return _run(world.name, case.title)


def case_id(world: World, case: Case) -> str:
    """The case's name in tables and test ids."""
    return f"{world.name}/{case.title}"


def committed_fetches() -> dict[str, int | None]:
    """The committed table; None stands for an operation without a plan."""
    table: dict[str, int | None] = json.loads(FETCH_TABLE.read_text(encoding="utf-8"))
    return table


def plan_file(world: World) -> Path:
    """Where the world's plans are committed as text."""
    return _HERE / "plans" / f"{world.name}.txt"
