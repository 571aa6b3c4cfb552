"""One run: a stack of real processes, a load, random kills, then the verdict."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from time import monotonic

import asyncpg
from botocore.exceptions import BotoCoreError, ClientError
from pymongo.errors import PyMongoError

from tests.chaos.killer import Killer
from tests.chaos.load import Load, Pace
from tests.chaos.watcher import Watcher
from tests.kit.chaos_checker import Verdict, judge
from tests.kit.chaos_facts import Facts, idempotency_hash, read_facts
from tests.kit.graph import EVERYTHING
from tests.kit.ledger import Ledger
from tests.kit.stack import Stack

__all__ = ["STACK_ENVIRONMENT", "Report", "Run", "unleash"]

#: moto looks through all messages of a queue at each call, so its queues are kept shallow. It counts them
#: exactly, so that after its death nothing needs to be sent again that was published before it was empty.
STACK_ENVIRONMENT = {
    "RELAY_MAX_QUEUE_DEPTH": "30",
    "RELAY_DRAIN_MARGIN_SECONDS": "5",
    "RELAY_OBSERVE_SECONDS": "1",
    "LOG_FORMAT": "json",
}
#: Seconds in which something more must have arrived, once the killing has ended; else the rest is lost.
STILL_SECONDS = 180.0
#: Seconds in which everything must have arrived.
DRAIN_SECONDS = 1_800.0
#: Seconds between two looks into the stores meanwhile; each reads everything.
_LOOK_SECONDS = 5.0
#: Seconds between two lines of progress.
_PROGRESS_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Run:
    """What to do. The seed decides mutations and kills; when they meet, the machine does."""

    seed: int
    seconds: float
    rate: float


@dataclass(slots=True)
class Report:
    """What came of a run."""

    run: Run
    ledger: Ledger
    verdict: Verdict = field(default_factory=Verdict)
    kills: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    looks: int = 0
    events: int = 0
    #: Messages in dead-letter queues at the end.
    dead_lettered: int = 0
    drained_after: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether every promise held."""
        return self.verdict.clean and not self.dead_lettered

    def lines(self) -> list[str]:
        """For people."""
        verdict, mutations = self.verdict, len(self.ledger.entries)
        return [
            f"seed {self.run.seed}: {mutations} mutations in {self.run.seconds:g} s, sent {self.sent} times",
            f"{mutations / self.run.seconds:.1f} mutations/s of {self.run.rate:g} wanted",
            f"outcomes as the clients know them: {self.ledger.counts()}",
            f"of the unknown {verdict.unknown_applied} were applied whole, {verdict.unknown_absent} not",
            f"reasons: {dict(self.reasons.most_common())}",
            f"{self.kills.total()} kills: {dict(self.kills.most_common())}",
            f"{self.events} events, all arrived {self.drained_after:.0f} s after; {self.looks} looks",
            f"missing {len(verdict.missing)}, wrong {len(verdict.wrong)}, dead letters {self.dead_lettered}",
            *[*verdict.wrong, *verdict.missing][:50],
            "nothing lost, nothing doubled, order right" if self.clean else "NOT what was promised",
        ]


async def unleash(stack: Stack, run: Run, say: Callable[[str], None]) -> Report:
    """Load and kill for the run's time, let everything arrive, and judge. The stack runs before and after."""
    report = Report(run, Ledger())
    random = Random(run.seed)
    token = await asyncio.to_thread(stack.token, EVERYTHING)
    load = Load(stack.url, token, report.ledger, Random(random.random()))
    killer = Killer(stack.data, Random(random.random()), say)
    watcher = Watcher(stack.url, token, report.ledger, Random(random.random()))
    async with asyncio.TaskGroup() as tasks:
        side = [tasks.create_task(watcher.run()), tasks.create_task(_tell(load, report, say))]
        tasks.create_task(killer.run(run.seconds))
        await load.run(Pace(run.rate, run.seconds))
        for task in side:
            task.cancel()
    report.kills, report.reasons, report.sent, report.looks = (
        killer.kills,
        load.reasons,
        load.sent,
        watcher.looks,
    )
    await _settle(stack, report, say)
    return report


async def _tell(load: Load, report: Report, say: Callable[[str], None]) -> None:
    begun = monotonic()
    while True:
        await asyncio.sleep(_PROGRESS_SECONDS)
        say(f"after {monotonic() - begun:.0f} s: {report.ledger.counts()}")


async def _settle(stack: Stack, report: Report, say: Callable[[str], None]) -> None:
    """Wait until everything is there and the queues are empty, or nothing comes any more; then judge."""
    begun = moved_at = monotonic()
    hash_of, left = idempotency_hash(stack.data), -1
    while monotonic() - begun < DRAIN_SECONDS and monotonic() - moved_at < STILL_SECONDS:
        facts = await _facts(stack)
        if facts is not None:
            report.verdict = await asyncio.to_thread(judge, report.ledger, facts, hash_of)
            report.events, report.dead_lettered = len(facts.customer.events), facts.dead_lettered
            report.drained_after = monotonic() - begun
            if not report.verdict.missing and facts.queued == 0:
                return
            if report.verdict.lacking != left:
                left, moved_at = report.verdict.lacking, monotonic()
            say(f"draining: {left} effects have not arrived, {facts.queued} messages are queued")
        await asyncio.sleep(_LOOK_SECONDS)


async def _facts(stack: Stack) -> Facts | None:
    """None while a server is still on its way back."""
    with suppress(OSError, asyncpg.PostgresError, PyMongoError, BotoCoreError, ClientError):
        return await read_facts(stack.data)
    return None
