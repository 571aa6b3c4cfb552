"""`customer-graph router dlq …`. Nothing here prints personal data."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from kernel.settings import ConfigurationProblem, load
from router.deadletters import DeadLetter
from router.dlq import DeadLetterQueue
from router.dlq_output import as_line, as_object
from router.operators import config_option, read_table, with_queues
from router.queue import Queues
from router.settings import RouterSettings

__all__ = ["dlq"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which DLQs are meant, and how many dead letters of each are looked at."""

    settings: RouterSettings
    queues: tuple[str, ...]
    most: int

    def each(self, act: Callable[[DeadLetterQueue], Awaitable[T]]) -> dict[str, T]:
        """Do it with one DLQ after the other; answers by queue."""

        async def work(queues: Queues) -> dict[str, T]:
            return {name: await act(DeadLetterQueue(queues, name)) for name in self.queues}

        return with_queues(self.settings, work)


@click.group()
@config_option
@click.option("--queue", "only", help="One queue of the routing table; all by default.")
@click.option(
    "--most", type=click.IntRange(min=1), default=1_000, show_default=True, help="Dead letters to look at."
)
@click.pass_context
def dlq(context: click.Context, router_config: Path | None, only: str | None, most: int) -> None:
    """Dead letters: look, send back, discard. Nothing here prints personal data."""
    settings = load(RouterSettings, router_config=router_config)
    names = tuple(read_table(settings).queues)
    if only is not None and only not in names:
        raise ConfigurationProblem(f"no queue {only!r} in the routing table; there are {', '.join(names)}")
    context.obj = _Scope(settings, names if only is None else (only,), most)


_everything = click.option("--all", "everything", is_flag=True, help="All dead letters.")
_reason = click.option("--reason", help="Those with this reason.")
_events = click.argument("event_ids", nargs=-1)


@dlq.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_letters(scope: _Scope, as_json: bool) -> None:
    """List the dead letters, oldest first: event, customer, reason."""
    for queue, letters in scope.each(lambda one: one.letters(scope.most)).items():
        for letter in letters:
            shown = {"queue": queue, **as_object(letter)}
            click.echo(json.dumps(shown) if as_json else as_line(queue, letter))


@dlq.command()
@click.argument("event_id")
@click.pass_obj
def show(scope: _Scope, event_id: str) -> None:
    """Show the dead letters of one event: the reason, and its envelope without the data."""
    found = [
        {"queue": queue, **as_object(letter)}
        for queue, letters in scope.each(lambda one: one.letters(scope.most)).items()
        for letter in letters
        if letter.event_id == event_id
    ]
    if not found:
        raise ConfigurationProblem(
            f"the event {event_id} has no dead letter among the first {scope.most} of a queue; see --most"
        )
    for shown in found:
        click.echo(json.dumps(shown, indent=2))


@dlq.command()
@_everything
@_reason
@click.option(
    "--pace", type=click.FloatRange(min=0.1), default=50.0, show_default=True, help="Most a second."
)
@_events
@click.pass_obj
def redrive(
    scope: _Scope, everything: bool, reason: str | None, pace: float, event_ids: tuple[str, ...]
) -> None:
    """Send dead letters back to their queues. Safe to repeat: an event takes effect once."""
    chosen = _choice(everything, reason, event_ids)
    done = scope.each(lambda one: one.redrive(chosen, pace, scope.most))
    click.echo(f"{sum(done.values())} sent back")


@dlq.command()
@_everything
@_reason
@click.option("--yes", is_flag=True, help="Do not ask.")
@_events
@click.pass_obj
def discard(
    scope: _Scope, everything: bool, reason: str | None, yes: bool, event_ids: tuple[str, ...]
) -> None:
    """Delete dead letters for ever. The outbox still has the events, for `reconcile` and `replay`."""
    chosen = _choice(everything, reason, event_ids)
    if not yes:
        click.confirm("They cannot be brought back. Go on?", abort=True)
    done = scope.each(lambda one: one.discard(chosen, scope.most))
    click.echo(f"{sum(done.values())} discarded")


def _choice(everything: bool, reason: str | None, event_ids: tuple[str, ...]) -> Callable[[DeadLetter], bool]:
    if not (everything or reason or event_ids):
        raise ConfigurationProblem("say which: --all, --reason REASON, or event ids as `dlq list` shows them")
    return lambda letter: everything or letter.reason == reason or letter.event_id in event_ids
