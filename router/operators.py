"""What the operators' commands share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from kernel.settings import ConfigurationProblem
from kernel.telemetry import configure_logging
from router.config import Table, load_table
from router.queue import Queues, QueueUnavailable
from router.settings import RouterSettings, variables

__all__ = ["config_option", "quieten", "read_table", "with_queues"]

T = TypeVar("T")

config_option = click.option(
    "--config",
    "router_config",
    type=click.Path(path_type=Path),
    help="The routing table; else ROUTER_CONFIG, else ./router.yaml.",
)


def read_table(settings: RouterSettings) -> Table:
    """The routing table, not checked against schemas; raises `ConfigurationProblem`."""
    return load_table(settings.router_config, variables())


def quieten(settings: RouterSettings) -> None:
    """A command's output is its answer; only warnings come between."""
    configure_logging("router", settings.log_format, "WARNING")


def with_queues(settings: RouterSettings, work: Callable[[Queues], Awaitable[T]]) -> T:
    """Run `work` on SQS; an SQS that does not answer is a problem the caller can solve."""
    from router.sqs import SqsQueues

    quieten(settings)
    queues = SqsQueues(prefix=settings.queue_prefix, threads=settings.router_sqs_threads)

    async def run_work() -> T:
        return await work(queues)

    try:
        return asyncio.run(run_work())
    except QueueUnavailable as problem:
        raise ConfigurationProblem(f"SQS refused or did not answer: {problem}") from problem
    finally:
        queues.close()
