"""Two minutes of random kills under load."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import SystemRandom

import pytest

from tests.chaos.run import STACK_ENVIRONMENT, Run, unleash
from tests.kit.folders import open_folder
from tests.kit.stack import Stack

SECONDS = 120.0
RATE = 50.0


@pytest.fixture(name="own_stack")
def stack_of_its_own(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with open_folder(request) as folder:
        stack = Stack(folder / "data", folder / "output.txt", environment=STACK_ENVIRONMENT)
        stack.start()
        yield stack
        assert stack.stop() == 0


async def test_nothing_is_lost_or_doubled_whatever_is_killed(own_stack: Stack) -> None:
    """An accepted mutation is in every store once, a refused one nowhere, an unknown one whole or not."""
    report = await unleash(own_stack, Run(SystemRandom().randrange(10**6), SECONDS, RATE), _say)
    _say("\n".join(report.lines()))
    assert report.clean, "\n".join(report.lines())
    assert report.kills.total() > 0
    assert report.ledger.counts()["accepted"] > 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
