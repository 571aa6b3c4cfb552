"""Lanes: one message of a group at a time, and what counts as an attempt."""

from __future__ import annotations

from router.groups import Lanes
from router.queue import Message


def message(group: str, name: str, receives: int = 1) -> Message:
    """A message of a group."""
    return Message(name, f"receipt-{name}-{receives}", group, name, "{}", receives, 0.0)


def test_group_begins_one_lane() -> None:
    """Messages of one group line up; each group begins once."""
    lanes = Lanes()
    assert lanes.arrive([message("a", "1"), message("b", "2"), message("a", "3")], 30.0) == ["a", "b"]
    assert lanes.arrive([message("a", "4")], 30.0) == []
    order = []
    while (head := lanes.head("a")) is not None:
        order.append(head.message.id)
        lanes.settle("a")
    assert order == ["1", "3", "4"]
    assert len(lanes) == 1


def test_ended_lane_begins_again() -> None:
    """A lane that ran empty is gone; the next message begins it anew."""
    lanes = Lanes()
    lanes.arrive([message("a", "1")], 30.0)
    lanes.settle("a")
    assert lanes.head("a") is None
    assert lanes.arrive([message("a", "2")], 30.0) == ["a"]


def test_stopped_lane_gives_everything_back_in_order() -> None:
    """A failed head takes its followers with it."""
    lanes = Lanes()
    lanes.arrive([message("a", "1"), message("a", "2"), message("b", "3")], 30.0)
    assert [held.message.id for held in lanes.stop("a", tried=True)] == ["1", "2"]
    assert [held.message.id for held in lanes.all()] == ["3"]


def test_only_tries_count_as_attempts() -> None:
    """The tried head's receipt counts; its follower's does not, nor a head's when the target was away."""
    lanes = Lanes()
    lanes.arrive([message("a", "1"), message("a", "2")], 30.0)
    lanes.stop("a", tried=True)
    lanes.arrive([message("a", "1", 2), message("a", "2", 2)], 30.0)
    assert [held.attempt for held in lanes.all()] == [2, 1]
    lanes.stop("a", tried=False)
    lanes.arrive([message("a", "1", 3), message("a", "2", 3)], 30.0)
    assert [held.attempt for held in lanes.all()] == [2, 1]


def test_memory_of_untried_receipts_is_bounded() -> None:
    """A flood of returned messages is forgotten, oldest first; the cost is an attempt too many counted."""
    lanes = Lanes()
    for number in range(10_050):
        lanes.arrive([message(f"g{number}", str(number))], 30.0)
        lanes.stop(f"g{number}", tried=False)
    assert len(lanes._untried) == 10_000


def test_lease_ends_by_time_or_by_refusal() -> None:
    """A message is ours until its time is over or somebody says otherwise."""
    lanes = Lanes()
    lanes.arrive([message("a", "1")], until=30.0)
    (held,) = lanes.all()
    assert held.ours(29.9)
    assert not held.ours(30.0)
    held.lost = True
    assert not held.ours(1.0)
