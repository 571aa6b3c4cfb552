"""One attempt at one message: match it, apply it, decide what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from kernel.events import Envelope
from kernel.telemetry import bind_trace, get_logger
from router import metrics
from router.calls import Call
from router.config import QueueConfig
from router.decide import Applied, DeadLetter, Decision, Failed, Poison, Request, Unavailable, decide, plan
from router.groups import Held
from router.targets import Target

__all__ = ["Attempt", "Delivery"]

log = get_logger()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of it. `tried`: the target was there, so that it counts."""

    decision: Decision
    tried: bool
    envelope: Envelope | None
    #: Whose dead letters must be discarded before the message is done.
    purge: str | None = None


class Delivery:
    """Delivers the messages of one queue."""

    def __init__(
        self, queue: QueueConfig, calls: Mapping[str, Call], targets: Mapping[str, Target], random: Random
    ) -> None:
        self._queue = queue
        self._calls = calls
        self._targets = targets
        self._random = random

    async def attempt(self, held: Held) -> Attempt:
        """Never raises: a message that brings our own code to fall must not stop the others."""
        try:
            planned = plan(self._calls, held.message.body)
            if isinstance(planned, Poison):
                return Attempt(DeadLetter(planned.reason, planned.detail), True, planned.envelope)
            envelope = planned.envelope
            with bind_trace(envelope.request_id or envelope.id, envelope.traceparent):
                return await self._apply(held, planned)
        except Exception:
            log.exception("router.attempt_broke", queue=self._queue.name, event_id=held.message.deduplication)
            verdict = Failed("ROUTER_FAULT")
            decision = decide(verdict, held.attempt, held.message.receives, self._queue, self._random)
            return Attempt(decision, True, None)

    async def _apply(self, held: Held, request: Request) -> Attempt:
        started = time.perf_counter()
        envelope, target = request.envelope, self._targets[request.call.route.target]
        verdict = await target.apply(request)
        if (
            isinstance(verdict, Failed)
            and held.attempt >= self._queue.max_receives
            and not await target.well()
        ):
            # A target that lost its database fails at every event; that is no reason to give this one up.
            verdict = Unavailable(verdict.code)
        decision = decide(verdict, held.attempt, held.message.receives, self._queue, self._random)
        if isinstance(verdict, Applied):
            metrics.APPLIED.labels(target.config.name, verdict.outcome).inc()
            metrics.LAG.labels(target.config.name).observe(max(0.0, time.time() - envelope.time.timestamp()))
        log.info(
            "router.event_delivered" if isinstance(verdict, Applied) else "router.delivery_failed",
            event_id=envelope.id,
            event_type=envelope.type,
            customer_id=envelope.subject,
            sequence=envelope.sequence,
            target=target.config.name,
            outcome=verdict.outcome if isinstance(verdict, Applied) else verdict.code,
            attempt=held.attempt,
            duration_ms=round((time.perf_counter() - started) * 1000, 3),
        )
        purge = envelope.subject if request.call.route.purge_dead_letters else None
        return Attempt(decision, not isinstance(verdict, Unavailable), envelope, purge)
