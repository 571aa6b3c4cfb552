"""Message groups as lanes: of one customer one message at a time, in order; customers side by side. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from router.queue import Message

__all__ = ["Held", "Lanes"]

#: Messages of which it is remembered how often they were given back untried.
_REMEMBERED = 10_000


@dataclass(slots=True, eq=False)
class Held:
    """A received message, ours until `until` on the monotonic clock."""

    message: Message
    until: float
    #: Receipts that were attempts, this one included, as far as this process knows.
    attempt: int
    #: Somebody else may have it: our receipt was refused.
    lost: bool = False

    def ours(self, now: float) -> bool:
        """Whether nobody else can have received it since."""
        return not self.lost and now < self.until


@dataclass(slots=True)
class Lanes:
    """All lanes of one queue in this process."""

    _lanes: dict[str, deque[Held]] = field(default_factory=dict)
    _untried: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """Messages held, whether they are being worked on or wait."""
        return sum(len(lane) for lane in self._lanes.values())

    def arrive(self, messages: Iterable[Message], until: float) -> list[str]:
        """Put messages into their lanes; answers the groups whose lane began with them."""
        begun = []
        for message in messages:
            attempt = max(1, message.receives - self._untried.get(message.id, 0))
            lane = self._lanes.get(message.group)
            if lane is None:
                lane = self._lanes[message.group] = deque()
                begun.append(message.group)
            lane.append(Held(message, until, attempt))
        return begun

    def head(self, group: str) -> Held | None:
        """The message of this group that is to be worked on; None ends the lane."""
        lane = self._lanes.get(group)
        if not lane:
            self._lanes.pop(group, None)
            return None
        return lane[0]

    def settle(self, group: str) -> None:
        """The head is done: deleted, or in the DLQ."""
        held = self._lanes[group].popleft()
        self._untried.pop(held.message.id, None)

    def stop(self, group: str, *, tried: bool) -> Sequence[Held]:
        """End the lane before its time; answers all that it held, in order, to be given back.

        Receipts that were no attempt at a target that was there do not count as one: all but the head's, and
        the head's too unless `tried`.
        """
        held = list(self._lanes.pop(group, ()))
        for member in held[1:] if tried else held:
            self._forgive(member.message.id)
        return held

    def all(self) -> list[Held]:
        """Everything held."""
        return [held for lane in self._lanes.values() for held in lane]

    def _forgive(self, message_id: str) -> None:
        self._untried[message_id] = self._untried.get(message_id, 0) + 1
        self._untried.move_to_end(message_id)
        if len(self._untried) > _REMEMBERED:
            self._untried.popitem(last=False)
