"""Several events in one request, as the router sends them: an alias each, none of another's concern."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import patch

from tests.kit.rating import ANA, BIA, CAIO, event_input
from tests.unit.subgraphs.rating.world import Answer, World


async def apply_all(world: World, events: Sequence[Mapping[str, Any]]) -> Answer:
    numbers = range(len(events))
    declared = ", ".join(f"$event{number}: ProfileEvent!" for number in numbers)
    fields = " ".join(
        f"e{number}: applyProfile(event: $event{number}) {{ outcome appliedVersion }}" for number in numbers
    )
    variables = {f"event{number}": event for number, event in enumerate(events)}
    return await world.ask(f"mutation({declared}) {{ {fields} }}", variables)


async def test_one_read_finds_the_records_of_all_events(world: World) -> None:
    """Known customers and new ones; each is applied as if it had come alone."""
    await world.apply(event_input(str(ANA), version=5))
    read = patch.object(world.store, "records_of", wraps=world.store.records_of)
    alone = patch.object(world.store, "record", wraps=world.store.record)
    with read as together, alone as single:
        answer = await apply_all(
            world, [event_input(str(ANA), version=4), event_input(str(BIA)), event_input(str(CAIO))]
        )
    assert [each["outcome"] for each in answer.data.values()] == ["STALE", "APPLIED", "APPLIED"]
    assert (together.call_count, single.call_count) == (1, 0)


async def test_two_events_of_one_customer_in_one_request_are_both_applied(world: World) -> None:
    """What was read for the first is old for the second, which is found out by the write."""
    answer = await apply_all(world, [event_input(str(ANA), version=1), event_input(str(ANA), version=2)])
    assert [each["appliedVersion"] for each in answer.data.values()] == [1, 2]
    assert (await world.store.applied_versions([ANA]))[ANA].version == 2


async def test_an_event_without_a_customer_is_refused_alone(world: World) -> None:
    """The records of the others are read all the same; what comes before it in the request is applied."""
    answer = await apply_all(world, [event_input(str(BIA)), event_input("nobody")])
    assert answer.codes == ["BAD_USER_INPUT"]
    assert (await world.store.records_of([BIA, uuid.uuid4()])).keys() == {BIA}
