"""The breaker before a target: after failures in a row it is left alone, until it says that it is well.

Pure: time is an argument, seconds on the monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Breaker", "State"]


class State(Enum):
    """The three states, by the number that the metric shows."""

    #: Messages flow.
    CLOSED = 0
    #: The target said that it is well; one message at a time is tried.
    HALF_OPEN = 1
    #: Nothing is received for this target.
    OPEN = 2


@dataclass(slots=True)
class Breaker:
    """`failures` in a row open it; it may be asked after a pause that doubles up to `cooldown` seconds."""

    failures: int
    cooldown: float
    state: State = State.CLOSED
    #: When the target may be asked how it is; meant only while open.
    ask_at: float = 0.0
    _in_a_row: int = 0
    _opened: int = 0

    def succeeded(self) -> None:
        """A message was answered as it should be, or was itself to blame."""
        self.state = State.CLOSED
        self._in_a_row = 0
        self._opened = 0

    def failed(self, now: float) -> None:
        """The target was not there, or failed at a message."""
        if self.state is State.OPEN:
            return  # one of those that were under way when it opened
        self._in_a_row += 1
        if self.state is State.HALF_OPEN or self._in_a_row >= self.failures:
            self._open(now)

    def well(self) -> None:
        """The target says that it is well."""
        if self.state is State.OPEN:
            self.state = State.HALF_OPEN

    def unwell(self, now: float) -> None:
        """The target says that it is not well, or says nothing."""
        self._open(now)

    def _open(self, now: float) -> None:
        # The first question is asked at once: failures in a row may be the messages' own fault.
        self.ask_at = now + (min(self.cooldown, 0.25 * 2.0**self._opened) if self._opened else 0.0)
        self._opened = min(self._opened + 1, 30)
        self.state = State.OPEN
        self._in_a_row = 0
