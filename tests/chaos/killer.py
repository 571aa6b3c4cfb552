"""Kills members of a stack without a warning, at random moments."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from time import monotonic

import psutil

from devstack import state
from devstack.layout import DataFolder
from tests.kit.stack import PROCESSES, SERVERS

__all__ = ["Killer"]

#: Seconds between two kills, at least and at most.
PAUSE = (2.0, 9.0)
#: Of the kills, how many take two members at the same moment.
PAIRS = 0.15
#: One of PostgreSQL's own processes; the server then ends all others and recovers by itself.
BACKEND = "postgres backend"


class Killer:
    """Sends SIGKILL to whatever runs; the stack's supervisor is left to start it again."""

    def __init__(self, data: Path, random: Random, say: Callable[[str], None]) -> None:
        self._folder = DataFolder.at(data)
        self._random = random
        self._say = say
        self.kills: Counter[str] = Counter()

    async def run(self, seconds: float) -> None:
        """Kill until the time is over."""
        ends_at = monotonic() + seconds
        while (pause := self._random.uniform(*PAUSE)) < ends_at - monotonic():
            await asyncio.sleep(pause)
            members = (*PROCESSES, *SERVERS, BACKEND)
            for name in self._random.sample(members, 2 if self._random.random() < PAIRS else 1):
                self._kill(name)

    def _kill(self, name: str) -> None:
        with suppress(ProcessLookupError, psutil.Error):
            pid = self._pid(name)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.kills[name] += 1
                self._say(f"killed {name}")

    def _pid(self, name: str) -> int | None:
        record = state.load(self._folder)
        assert record is not None, "the stack has written nothing down"
        member = record.named("postgres" if name == BACKEND else name)
        if member.identity is None or not state.is_alive(member.identity):
            return None
        if name != BACKEND:
            return member.identity.pid
        children = psutil.Process(member.identity.pid).children()
        return self._random.choice(children).pid if children else None
