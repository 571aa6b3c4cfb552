"""One router process: a consumer for each queue, the table's reload, and the watch over the queues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random, SystemRandom

import aiohttp

from kernel.settings import ConfigurationProblem
from kernel.telemetry import get_logger
from router import metrics
from router.calls import Call, Calls, compile_calls, load_schemas
from router.config import QueueConfig, Table, load_table
from router.consumer import Consumer
from router.delivery import Delivery
from router.queue import Policy, QueueMissing, Queues, QueueUnavailable, dead_letter_name
from router.settings import RouterSettings, variables
from router.targets import Target, new_session
from router.tokens import ClientCredentials, TokenFile, Tokens

__all__ = ["Worker", "load_calls", "policy_of", "tokens_from"]

log = get_logger()


def policy_of(queue: QueueConfig) -> Policy:
    """What the queue is to be at the broker."""
    return Policy(visibility=queue.visibility)


def load_calls(settings: RouterSettings) -> tuple[Table, Calls]:
    """The routing table, checked against the targets' schemas; raises `ConfigurationProblem`."""
    table = load_table(settings.router_config, variables())
    return table, compile_calls(table, load_schemas(table))


def tokens_from(settings: RouterSettings, session: aiohttp.ClientSession) -> Tokens:
    """Where the service token comes from; raises `ConfigurationProblem` when nothing says."""
    if settings.router_token_file is not None:
        return TokenFile(settings.router_token_file)
    if settings.router_token_url and settings.router_client_id and settings.router_client_secret:
        return ClientCredentials(
            session,
            settings.router_token_url,
            settings.router_client_id,
            settings.router_client_secret.get_secret_value(),
        )
    raise ConfigurationProblem(
        "the router has no token to call its targets with: set ROUTER_TOKEN_FILE, "
        "or ROUTER_TOKEN_URL with ROUTER_CLIENT_ID and ROUTER_CLIENT_SECRET"
    )


#: Seconds before a consumer that broke is replaced.
_REPLACE_SECONDS = 1.0


class _Post:
    """One queue's consumer; one that breaks is replaced, and the log tells."""

    def __init__(self, name: str, new_consumer: Callable[[], Consumer]) -> None:
        self._name = name
        self._new_consumer = new_consumer
        self._consumer = new_consumer()
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name=f"consumer of {name}")

    @property
    def well(self) -> bool:
        """Whether it runs and its queue answers."""
        return self._consumer.receiving and not self._task.done()

    async def drain(self) -> None:
        """Stop receiving; return when all is settled or given back."""
        self._stopping = True
        self._consumer.stop()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._consumer.run()
            except* Exception:
                log.exception("router.consumer_broke", queue=self._name)
                await asyncio.sleep(_REPLACE_SECONDS)
                if not self._stopping:
                    self._consumer = self._new_consumer()


@dataclass(frozen=True, slots=True)
class _Running:
    """The posts of one table, by queue."""

    table: Table
    posts: Mapping[str, _Post]

    async def drain(self) -> None:
        """Stop receiving; return when all is settled or given back."""
        await asyncio.gather(*(post.drain() for post in self.posts.values()))


class Worker:
    """Started and stopped by the process's HTTP shell."""

    def __init__(self, settings: RouterSettings, queues: Queues, random: Random | None = None) -> None:
        self._settings = settings
        self._queues = queues
        self._random = random or SystemRandom()
        self._running: _Running | None = None
        self._session: aiohttp.ClientSession | None = None
        self._chores: list[asyncio.Task[None]] = []
        self._known = ""

    async def start(self, table: Table, calls: Calls) -> None:
        """Begin with this table; queues and targets that do not answer are waited for."""
        self._session = new_session()
        self._run(table, calls)
        # The running table's schemas are part of it.
        self._known = self._fingerprint()
        self._chores = [
            asyncio.create_task(self._watch_table(), name="router-reload"),
            asyncio.create_task(self._watch_queues(), name="router-watch"),
        ]
        for chore in self._chores:
            chore.add_done_callback(_complain)

    async def stop(self) -> None:
        """Drain: finish what is being applied, give the rest back."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        if self._running is not None:
            await self._running.drain()
        if self._session is not None:
            await self._session.close()

    async def ready(self) -> Mapping[str, bool]:
        """Whether every queue answers and is consumed."""
        running = self._running
        if running is None:
            return {"running": False}
        return {f"queue {name}": post.well for name, post in running.posts.items()}

    def _run(self, table: Table, calls: Calls) -> None:
        assert self._session is not None
        tokens = tokens_from(self._settings, self._session)
        targets = {name: Target(config, self._session, tokens) for name, config in table.targets.items()}
        self._running = _Running(
            table,
            {
                name: _Post(name, partial(self._consumer, queue, calls[name], targets))
                for name, queue in table.queues.items()
            },
        )

    def _consumer(
        self, queue: QueueConfig, calls: Mapping[str, Call], targets: Mapping[str, Target]
    ) -> Consumer:
        return Consumer(self._queues, queue, Delivery(queue, calls, targets, self._random), targets)

    async def _watch_table(self) -> None:
        while True:
            await asyncio.sleep(self._settings.router_reload_seconds)
            found = self._fingerprint()
            if found != self._known:
                self._known = found
                await self.reload()

    async def reload(self) -> None:
        """Use the table's file as it is now; keep the old table when the new one is wrong."""
        try:
            table, calls = load_calls(self._settings)
        except ConfigurationProblem as problem:
            metrics.TABLE_RELOADS.labels("refused").inc()
            log.warning("router.table_refused", problem=str(problem))
            return
        old = self._running
        if old is not None:
            await old.drain()
        self._run(table, calls)
        metrics.TABLE_RELOADS.labels("taken").inc()
        log.info("router.table_taken", queues=sorted(table.queues), targets=sorted(table.targets))

    def _fingerprint(self) -> str:
        """Changes with the table's file and its schemas; a file that is gone has one of its own."""
        paths = [self._settings.router_config]
        if self._running is not None:
            paths += [target.schema for target in self._running.table.targets.values()]
        marks = []
        for path in paths:
            try:
                status = path.stat()
                marks.append(f"{path}:{status.st_mtime_ns}:{status.st_size}:{status.st_ino}")
            except OSError:
                marks.append(f"{path}:-")
        return "\n".join(marks)

    async def _watch_queues(self) -> None:
        while True:
            running = self._running
            for queue in running.table.queues.values() if running is not None else ():
                try:
                    await self._look(queue)
                except QueueUnavailable as problem:
                    log.warning("router.queue_lost", queue=queue.name, problem=str(problem))
            await asyncio.sleep(self._settings.router_watch_seconds)

    async def _look(self, queue: QueueConfig) -> None:
        if self._settings.router_create_queues:
            for change in await self._queues.ensure(queue.name, policy_of(queue)):
                log.warning("router.queue_set_up", queue=queue.name, change=change)
        try:
            depth = await self._queues.depth(queue.name)
            dead = await self._queues.depth(dead_letter_name(queue.name))
        except QueueMissing:
            log.warning("router.queue_missing", queue=queue.name)
            return
        metrics.QUEUE_MESSAGES.labels(queue.name).set(depth.messages)
        metrics.DEAD_LETTERS.labels(queue.name).set(dead.messages)


def _complain(task: asyncio.Task[None]) -> None:
    """A task that breaks is a defect: say so; readiness fails until somebody restarts the process."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("router.task_died", task=task.get_name(), exc_info=error)
