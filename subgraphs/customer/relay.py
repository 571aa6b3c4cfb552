"""The outbox relay: what customers' transactions appended is carried to the queues, in order per customer.

Runs as a process of its own (`customer-graph customer relay`), or inside the subgraph's
(`customer-graph customer serve --with-relay`). Any number of relays may run at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from random import Random, SystemRandom

from kernel.asgi import Receive, Scope, Send, Service, serve
from kernel.telemetry import configure_logging, get_logger
from subgraphs.customer.publishing.pump import Pump
from subgraphs.customer.publishing.queue import Publisher
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.publishing.watch import Watch
from subgraphs.customer.sqs import SqsPublisher
from subgraphs.customer.store.outbox_reader import OutboxReader, OutboxUnavailable

__all__ = ["Relay", "run"]

log = get_logger()


class Relay:
    """Pumps and a watch for each queue, and one ear for the database's notifications."""

    def __init__(
        self,
        settings: RelaySettings,
        reader: OutboxReader,
        publisher: Publisher,
        random: Random | None = None,
    ) -> None:
        self._settings = settings
        self._reader = reader
        chance = random or SystemRandom()
        # Two pumps under one bound would each fill the whole room.
        pumps = settings.relay_pumps if settings.relay_max_queue_depth is None else 1
        self._watches = [
            Watch(queue, reader, publisher, settings, self._ring) for queue in settings.relay_queues
        ]
        self._pumps = [
            (watch, Pump(watch.queue, reader, publisher, settings, chance))
            for watch in self._watches
            for _ in range(pumps)
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = False

    def start(self) -> None:
        """Begin in the running loop, and return; unreachable servers are waited for."""
        self._spawn("relay-listen", self._listen())
        for watch in self._watches:
            self._spawn("relay-watch", watch.run())
        for watch, pump in self._pumps:
            self._spawn("relay-pump", self._pump(watch, pump))

    async def stop(self) -> None:
        """End at once: open claims are rolled back, so what they sent and did not mark is sent again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def ready(self) -> Mapping[str, bool]:
        """Whether it hears of commits, reaches each queue, and none of its tasks has died."""
        checks = {f"queue {watch.queue}": watch.well for watch in self._watches}
        checks["listening"] = self._listening
        checks["running"] = bool(self._tasks) and not any(task.done() for task in self._tasks)
        return checks

    def _spawn(self, name: str, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_complain)
        self._tasks.append(task)

    def _ring(self) -> None:
        for _, pump in self._pumps:
            pump.bell.ring()

    async def _pump(self, watch: Watch, pump: Pump) -> None:
        # What is sent before the queue is adopted would be taken for lost, and sent again.
        await watch.adopted.wait()
        await pump.run()

    async def _listen(self) -> None:
        while True:
            with suppress(OutboxUnavailable):
                listener = await self._reader.listener(self._ring)
                self._listening = True
                try:
                    # What was committed before the ear was open was not heard.
                    self._ring()
                    await listener.wait_closed()
                finally:
                    self._listening = False
                    await listener.close()
            await asyncio.sleep(self._settings.relay_poll_seconds)


def _complain(task: asyncio.Task[None]) -> None:
    """A task that ends by itself is a defect: say so, and let readiness fail until somebody restarts us."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("relay.task_died", task=task.get_name(), exc_info=error)


def run(settings: RelaySettings) -> None:
    """Serve health and metrics and relay until SIGTERM; raises `ConfigurationProblem`."""
    configure_logging("relay", settings.log_format, settings.log_level)
    publisher = SqsPublisher(prefix=settings.queue_prefix, threads=settings.relay_threads)
    reader = OutboxReader(
        settings.customer_relay_database_url.get_secret_value(), connections=settings.relay_connections
    )
    relay = Relay(settings, reader, publisher)

    async def startup() -> None:
        relay.start()

    async def shutdown() -> None:
        await relay.stop()
        await reader.close()
        publisher.close()

    serve(
        Service(
            "relay",
            _nothing_else,
            settings,
            verifier=None,
            ready=relay.ready,
            startup=startup,
            shutdown=shutdown,
        )
    )


async def _nothing_else(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The relay has no address but those of its health and metrics."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
