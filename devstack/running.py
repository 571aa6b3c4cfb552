"""A whole stack from start to end: what `up`, `smoke` and the tests share."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from devstack import state
from devstack.keys import ROUTER_TOKEN_RENEWAL_SECONDS, Signer, router_token, signer
from devstack.layout import DataFolder, write_atomically
from devstack.process import die_with_parent
from devstack.servers.protocol import StartFailed
from devstack.service import console_script
from devstack.settings import DevstackSettings
from devstack.stack import Stack, assemble
from devstack.stores import Step
from devstack.supervisor import Supervisor

__all__ = ["Options", "Running", "end_leftovers", "running"]

#: Seconds that a preparing command may take; migrations of a full database are slower than of an empty one.
STEP_SECONDS: Final = 300.0
#: Lines of a log that are shown when its process did not start.
_TAIL_LINES = 8


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: where, on which port, and who hears about it."""

    folder: DataFolder
    settings: DevstackSettings
    #: 0 takes any free port.
    gateway_port: int
    #: Gets one line for people at every change.
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Running:
    """A stack that is ready for requests."""

    options: Options
    stack: Stack
    signer: Signer

    @property
    def url(self) -> str:
        """The gateway's GraphQL endpoint."""
        return self.stack.gateway.url


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[Running]:
    """Start everything and keep it alive for the body; afterwards nothing is left.

    What an earlier run left behind is ended first. Raises ConfigurationProblem when something does not start.
    """
    folder, say = options.folder, options.say
    folder.create()
    with folder.exclusively():
        end_leftovers(folder, say)
        keys = signer(folder)
        _renew_router_token(folder, keys)
        stack = assemble(folder, options.settings, options.gateway_port)

        def write_down() -> None:
            me = state.identify(os.getpid())
            if me is None:
                raise RuntimeError("this process does not find itself in the process table")
            state.save(folder, state.StackRecord(me, stack.records()))

        supervisor = Supervisor(
            ready_seconds=options.settings.devstack_ready_seconds, say=say, changed=write_down
        )
        chores: list[asyncio.Task[None]] = []
        try:
            try:
                await supervisor.start(stack.servers)
                await _prepare(stack, say)
                await supervisor.start(stack.services)
            except StartFailed as failure:
                raise _explained(failure, folder) from failure
            chores.append(asyncio.create_task(supervisor.watch(), name="devstack.watch"))
            chores.append(asyncio.create_task(_keep_router_token(folder, keys), name="devstack.token"))
            yield Running(options, stack, keys)
        finally:
            await _end(chores)
            await supervisor.stop()
            folder.state.unlink(missing_ok=True)


def end_leftovers(folder: DataFolder, say: Callable[[str], None]) -> None:
    """End what a supervisor that was killed left running."""
    record = state.load(folder)
    if record is None:
        return
    left = [process.identity for process in record.processes if state.is_alive(process.identity)]
    if left:
        say(f"ending {len(left)} processes that an earlier run left behind")
        state.end(left)
    folder.state.unlink(missing_ok=True)


async def _prepare(stack: Stack, say: Callable[[str], None]) -> None:
    async def in_order(steps: Sequence[Step]) -> None:
        for step in steps:
            await _take(step, say)

    try:
        async with asyncio.TaskGroup() as tasks:
            for steps in stack.preparations:
                tasks.create_task(in_order(steps), name="devstack.prepare")
    except* StartFailed as failures:
        raise failures.exceptions[0] from failures


async def _take(step: Step, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        str(console_script()),
        *step.arguments,
        env=dict(step.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Ctrl-C is the supervisor's to handle; when that is killed, so is the step (it can be repeated).
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        async with asyncio.timeout(STEP_SECONDS):
            output, _ = await process.communicate()
    except (TimeoutError, asyncio.CancelledError):
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode != 0:
        last = output.decode(errors="replace").strip().splitlines()[-_TAIL_LINES:]
        command = " ".join(("customer-graph", *step.arguments))
        raise StartFailed(f"could not {step.title} (`{command}`):\n  " + "\n  ".join(last))
    say(f"{step.title}: done after {time.monotonic() - started:.1f} s")


def _explained(failure: StartFailed, folder: DataFolder) -> StartFailed:
    """The failure with the end of the log of the process that it names first."""
    log = folder.log(str(failure).split(maxsplit=1)[0])
    if not log.exists():
        return failure
    lines = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    return StartFailed("\n  ".join([f"{failure}; the end of {log}:", *lines]))


def _renew_router_token(folder: DataFolder, keys: Signer) -> None:
    write_atomically(folder.router_token, router_token(keys) + "\n")


async def _keep_router_token(folder: DataFolder, keys: Signer) -> None:
    while True:
        await asyncio.sleep(ROUTER_TOKEN_RENEWAL_SECONDS)
        _renew_router_token(folder, keys)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
