"""What the supervisor asks of everything that it starts: embedded servers and our own processes alike."""

from __future__ import annotations

from typing import Protocol

from kernel.settings import ConfigurationProblem

__all__ = ["StartFailed", "Supervised"]


class StartFailed(ConfigurationProblem):
    """A server could not be started; the message says what to do about it (shown to the user as it is)."""


class Supervised(Protocol):
    """One operating system process that is started, probed, restarted and stopped.

    All methods are synchronous and are called by one thread of the supervisor. `start` may be called
    again after the process has died: it must find its data again.
    """

    @property
    def name(self) -> str:
        """Short name, unique in the stack: `postgres`, `mongodb`, `sqs`, `customer`, …"""
        ...

    @property
    def port(self) -> int:
        """The TCP port on the loopback interface that it listens on."""
        ...

    @property
    def url(self) -> str:
        """Where clients reach it. Never contains a password."""
        ...

    @property
    def pid(self) -> int | None:
        """Process id while it runs, None before the start and after the end."""
        ...

    def start(self) -> None:
        """Spawn the process (after preparing its data folder) and return without waiting for readiness.

        Raises StartFailed.
        """
        ...

    def ready(self) -> bool:
        """Whether it answers now. One quick probe (at most about a second), never raises."""
        ...

    def stop(self) -> None:
        """End the process and all it started: politely first, by SIGKILL after a bound. Safe to repeat."""
        ...
