"""`devstack up`: start, load, show, and stay until told to stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from tqdm import tqdm

from devstack import applicants
from devstack.applicants import ApplicantFileError
from devstack.client import RequestFailed
from devstack.keys import ROLES, Signer
from devstack.running import Options, Running, running
from devstack.seed import Loaded, Seeder
from devstack.settings import project_root
from devstack.walkthrough import ask_until_followed, query_path
from kernel.settings import ConfigurationProblem

__all__ = ["demo_applicants", "load_with_progress", "run_until_stopped", "say", "up"]

#: The exit code of a process that was stopped a second time while it was stopping (128 + SIGINT).
_IMPATIENT_EXIT = 130


def say(line: str) -> None:
    """Print one line at once, above a progress bar if there is one."""
    tqdm.write(line)
    sys.stdout.flush()


async def up(options: Options, demo_customers: int | None) -> None:
    """Run a stack until cancelled, with that many of the demo's applicants loaded (None: no demo)."""
    async with running(options) as stack:
        if demo_customers is not None:
            await _demonstrate(stack, demo_customers)
        _introduce(stack)
        await asyncio.Event().wait()


async def load_with_progress(seeder: Seeder, wanted: list[applicants.Applicant]) -> None:
    """Load those who are missing, with a progress bar; says so when nobody is.

    Raises ConfigurationProblem when the graph refuses one of them.
    """
    missing = seeder.missing(wanted)
    if not missing:
        say(f"all {len(wanted)} applicants are loaded already")
        return
    with tqdm(total=len(missing), unit="customer", desc="loading", dynamic_ncols=True) as bar:

        def on_loaded(_: Loaded) -> None:
            bar.update()

        try:
            await seeder.load(missing, on_loaded)
        except RequestFailed as failure:
            raise ConfigurationProblem(
                f"loading stopped: {failure}; run the same command to go on"
            ) from failure


def demo_applicants() -> list[applicants.Applicant]:
    """The applicants that come with the project; raises ConfigurationProblem when the file is not there."""
    try:
        return applicants.read(project_root() / "examples" / "german_credit.csv")
    except ApplicantFileError as error:
        raise ConfigurationProblem(str(error)) from error


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run `work`; Ctrl-C, SIGTERM or a closed terminal cancel it, so that it cleans up.

    A second signal ends this process at once (and the kernel its children). Returns when the work has ended
    or was stopped; what it raises is raised.
    """

    async def main() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(work, name="devstack.main")
        stopping = False

        def stop() -> None:
            nonlocal stopping
            if stopping:
                os._exit(_IMPATIENT_EXIT)  # the kernel ends the children
            stopping = True
            say("stopping…")
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        try:
            await task
        except asyncio.CancelledError:
            if not stopping:
                raise
            say("stopped; nothing is left running")

    asyncio.run(main())


async def _demonstrate(stack: Running, customers: int) -> None:
    clerk = _token(stack.signer, "clerk")
    seeder = Seeder(stack.options.folder, stack.url, clerk)
    wanted = demo_applicants()[:customers]
    await load_with_progress(seeder, wanted)
    if not wanted:
        return
    first = {row.applicant: row.customer_id for row in seeder.loaded}[wanted[0].number]
    say("asking the walk-through query as soon as rating and activity have followed …")
    try:
        answer = await ask_until_followed(stack.url, first, clerk)
    except RequestFailed as failure:
        raise ConfigurationProblem(f"the walk-through query failed: {failure}") from failure
    say(f"\n{query_path().read_text(encoding='utf-8').strip()}\n")
    say(f"variables: {json.dumps({'id': first})}\n")
    say(json.dumps({"data": answer}, indent=2, ensure_ascii=False))


def _introduce(stack: Running) -> None:
    say("")
    for role, scopes in ROLES.items():
        say(f"token for the role {role} ({scopes or 'no scopes'}):")
        say(f"  {_token(stack.signer, role)}")
    say("")
    say(f"GraphQL   {stack.url}  (explorer: open it in a browser)")
    say(f"logs      {stack.options.folder.log('*')}")
    say("Ctrl-C stops everything; the data stays.")


def _token(keys: Signer, role: str) -> str:
    return keys.token(f"demo-{role.replace(' ', '-')}", ROLES[role])
