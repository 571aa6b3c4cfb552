"""Child processes that cannot outlive their parent.

Each child leads a process group of its own (so that Ctrl-C reaches only the supervisor, and a stop reaches
everything that the child started) and is told by the kernel when its parent dies (`PR_SET_PDEATHSIG`), so
that nothing stays behind even after `kill -9` of the supervisor.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["STOP_GRACE_SECONDS", "Child", "Launch", "die_with_parent"]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
#: How long a child may take to end by itself before its group is killed, seconds.
STOP_GRACE_SECONDS = 25.0
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start one child process.

    `uid`/`gid`: the user it runs as, None for ours. `stop_signal` asks it to end politely;
    `orphan_signal` is sent by the kernel when the supervisor is gone.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)  # carries keys and passwords
    log: Path
    cwd: Path | None = None
    uid: int | None = None
    gid: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = STOP_GRACE_SECONDS


class Child:
    """One running process started from a Launch."""

    def __init__(self, launch: Launch) -> None:
        """Start it; its standard output and error are appended to the launch's log. Raises OSError."""
        self._launch = launch
        launch.log.parent.mkdir(parents=True, exist_ok=True)
        with launch.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(launch.argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(launch.environment),
                cwd=launch.cwd,
                start_new_session=True,
                user=launch.uid,
                group=launch.gid,
                extra_groups=None if launch.uid is None else [],
                preexec_fn=die_with_parent(launch.orphan_signal),  # noqa: PLW1509 - one system call, no locks
            )

    @property
    def pid(self) -> int | None:
        """Process id while it runs, else None."""
        return self._process.pid if self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number when a signal ended it."""
        return self._process.poll()

    def stop(self) -> None:
        """End the child and its whole group: politely first, by SIGKILL when the grace is over."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(self._launch.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._launch.grace_seconds)
        # The leader is gone or would not go; what it started must go too.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def die_with_parent(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    """Code for a child of ours to run between fork and exec, so that it gets the signal when we are gone.

    None where the kernel has no such call (it is Linux's). Strictly, "we" are the thread that forks.
    """
    libc, parent = _LIBC, os.getpid()
    if libc is None:
        return None

    def arrange() -> None:
        # After setuid, because a change of credentials clears the setting.
        libc.prctl(_PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the call
            os._exit(1)

    return arrange
