"""The gateway over random supergraphs answers as one server over the same data would.

`FUZZ_OPERATIONS` operations (2,000 by default) over worlds of 20 operations each, beginning at the seed
`FUZZ_SEED`. A failure tells the seed of its world and operation, which `FUZZ_SEED=<seed> FUZZ_OPERATIONS=20`
repeats.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.property.graph import run_world

#: Worlds that failed once, kept: each is named by its seed. These have nothing further (`FURTHER_SHARE`)
KEPT_SEEDS: tuple[int, ...] = (247, 274, 698, 2206, 10245, 10321, 10772, 20110)
#: and these have all of it.
KEPT_FURTHER_SEEDS: tuple[int, ...] = (900_033, 900_053)


async def test_random_operations_over_random_supergraphs_equal_one_server() -> None:
    """Whatever is split, shared, required, provided or moved between subgraphs, clients cannot tell."""
    first = int(os.environ.get("FUZZ_SEED", "1"))
    wanted = int(os.environ.get("FUZZ_OPERATIONS", "2000"))
    compared = skipped = 0
    seed = first
    with ThreadPoolExecutor(1) as workers:
        while compared < wanted:
            done = await run_world(seed, workers)
            compared += done
            skipped += not done
            seed += 1
    sys.stdout.write(
        f"seeds {first} to {seed - 1}: {compared} operations compared, {skipped} worlds not satisfiable\n"
    )
    assert skipped <= (seed - first) / 2


@pytest.mark.parametrize("seed", KEPT_SEEDS)
async def test_worlds_that_failed_once_stay_right(seed: int) -> None:
    """Every failure the fuzz has found is a case for ever."""
    with ThreadPoolExecutor(1) as workers:
        assert await run_world(seed, workers, further=0.0)


@pytest.mark.parametrize("seed", KEPT_FURTHER_SEEDS)
async def test_worlds_with_everything_that_failed_once_stay_right(seed: int) -> None:
    """Those with contexts and shared mutations, as they were found."""
    with ThreadPoolExecutor(1) as workers:
        assert await run_world(seed, workers, further=1.0)
