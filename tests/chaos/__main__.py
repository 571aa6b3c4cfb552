"""`python -m tests.chaos --seconds 600 --rate 50 --seed S`: exit code 1 when a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import SystemRandom

from tests.chaos.run import STACK_ENVIRONMENT, Run, unleash
from tests.kit.stack import Stack


def main() -> int:
    """Run once; the data folder stays when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="of load and kills (600)")
    parser.add_argument("--rate", type=float, default=50.0, help="mutations a second (50)")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6), help="(random)")
    arguments = parser.parse_args()
    # As Ctrl-C does, so that the stack is ended in any case.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = Run(arguments.seed, arguments.seconds, arguments.rate)
    folder = Path(tempfile.mkdtemp(prefix="customer-graph-chaos-"))
    folder.chmod(0o755)
    stack = Stack(folder / "data", folder / "output.txt", environment=STACK_ENVIRONMENT)
    _say(f"seed {run.seed}, {run.seconds:g} s, {run.rate:g} mutations/s, in {folder}")
    try:
        stack.start()
        report = asyncio.run(unleash(stack, run, _say))
    finally:
        if stack.process is not None:
            stack.stop()
    for line in report.lines():
        _say(line)
    if report.clean:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if report.clean else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


sys.exit(main())
