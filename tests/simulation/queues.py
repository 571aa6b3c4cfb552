"""The two ports to `FakeSqs` with a network between that loses, delays, doubles and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import router.queue as inward
import subgraphs.customer.publishing.queue as outward
from tests.kit.fake_queues import FakePublisher, FakeQueues
from tests.kit.fake_sqs import FakeSqs
from tests.simulation.checker import Checker
from tests.simulation.process import Machine, Process

__all__ = ["SimPublisher", "SimQueues"]

#: Seconds between two looks of a long poll.
_POLL = 0.5
#: Seconds until a copy of a message turns up: also after SQS has forgotten the first one.
_LATE_COPY = (1.0, 700.0)
#: Seconds that an answer may be late: also beyond the visibility time-out.
_LATE_ANSWER = (1.0, 45.0)


class SimQueues:
    """`router.queue.Queues` of one process."""

    def __init__(self, sqs: FakeSqs, process: Process, machine: Machine, checker: Checker) -> None:
        self._sqs = sqs
        self._process = process
        self._machine = machine
        self._chaos = machine.chaos
        self._checker = checker
        self._inner = FakeQueues(sqs)

    async def receive(self, queue: str, limit: int, wait: int, visibility: int) -> list[inward.Message]:
        """See the port."""
        chaos = self._chaos
        await self._process.crossing()
        if chaos.strikes("receive_refused"):
            raise inward.QueueUnavailable("refused by the simulation")
        if chaos.strikes("receive_partial"):
            limit = 1
        ends_at = self._machine.loop.time() + wait
        found: list[inward.Message] = []
        if not chaos.strikes("receive_empty"):
            while not found:
                self._process.check()
                found = self._take(queue, limit, visibility)
                if self._machine.loop.time() >= ends_at:
                    break
                if not found:
                    await asyncio.sleep(_POLL)
        if chaos.strikes("receive_late"):
            await asyncio.sleep(chaos.random.uniform(*_LATE_ANSWER))
        await self._process.crossing()
        if chaos.strikes("receive_answer_lost"):
            raise inward.QueueUnavailable("answer lost by the simulation")
        return found

    def _take(self, queue: str, limit: int, visibility: int) -> list[inward.Message]:
        if not self._sqs.exists(queue):
            raise inward.QueueMissing(queue)
        return [
            inward.Message(
                id=stored.id,
                receipt=stored.receipt,
                group=stored.group,
                deduplication=stored.deduplication,
                body=stored.body,
                receives=stored.receives,
                sent_at=stored.sent_at,
                attributes=stored.attributes,
            )
            for stored in self._sqs.receive(queue, limit, visibility)
        ]

    async def delete(self, queue: str, receipts: Sequence[str]) -> set[str]:
        """See the port."""
        if self._chaos.strikes("delete_forgotten"):
            await self._process.crossing()
            return set()
        async with _Call(self, "delete"):
            return await self._inner.delete(queue, receipts)

    async def change_visibility(self, queue: str, receipts: Sequence[str], seconds: int) -> set[str]:
        """See the port."""
        async with _Call(self, "visibility"):
            return await self._inner.change_visibility(queue, receipts, seconds)

    async def send(self, queue: str, message: inward.Outgoing) -> None:
        """See the port."""
        async with _Call(self, "dead_letter"):
            await self._inner.send(queue, message)
            self._checker.dead_lettered(queue, message.attributes)

    async def depth(self, queue: str) -> inward.Depth:
        """See the port."""
        async with _Call(self, "look"):
            return await self._inner.depth(queue)

    async def differences(self, queue: str, policy: inward.Policy) -> list[str]:
        """See the port."""
        async with _Call(self, "look"):
            return await self._inner.differences(queue, policy)

    async def ensure(self, queue: str, policy: inward.Policy) -> list[str]:
        """See the port."""
        async with _Call(self, "look"):
            return await self._inner.ensure(queue, policy)


class _Call:
    """One call: on its way, done, on its way back. `<kind>_refused`: never done; `_answer_lost`: done."""

    def __init__(self, queues: SimQueues, kind: str) -> None:
        self._process = queues._process
        self._chaos = queues._chaos
        self._kind = kind

    async def __aenter__(self) -> None:
        await self._process.crossing()
        if self._chaos.strikes(f"{self._kind}_refused"):
            raise inward.QueueUnavailable(f"{self._kind} refused by the simulation")

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            await self._process.crossing()
            if self._kind != "look" and self._chaos.strikes(f"{self._kind}_answer_lost"):
                raise inward.QueueUnavailable(f"answer to {self._kind} lost by the simulation")


class SimPublisher:
    """`subgraphs.customer.publishing.queue.Publisher` of one process."""

    def __init__(self, sqs: FakeSqs, process: Process, machine: Machine, checker: Checker) -> None:
        self._sqs = sqs
        self._process = process
        self._machine = machine
        self._chaos = machine.chaos
        self._checker = checker
        self._inner = FakePublisher(sqs)

    async def send(self, queue: str, entries: Sequence[outward.Entry]) -> list[outward.Rejection]:
        """See the port."""
        chaos = self._chaos
        await self._process.crossing()
        if chaos.strikes("send_refused"):
            raise outward.QueueUnavailable("refused by the simulation")
        rejected: list[outward.Entry] = []
        if chaos.strikes("send_partial"):
            rejected = [entry for entry in entries if chaos.random.random() < 0.5]
        taken = [entry for entry in entries if entry not in rejected]
        cut = len(taken) > 1 and chaos.strikes("send_cut_in_the_middle")
        if cut:
            taken = taken[: chaos.random.randrange(1, len(taken))]
        if taken:
            rejections = await self._inner.send(queue, taken)
            assert not rejections, rejections
            for entry in taken:
                self._sent(queue, entry)
        await self._process.crossing()
        if cut or chaos.strikes("send_answer_lost"):
            raise outward.QueueUnavailable("answer lost by the simulation")
        return [outward.Rejection(entry.id, "InternalError", permanent=False) for entry in rejected]

    async def depth(self, queue: str) -> outward.Depth:
        """See the port."""
        await self._process.crossing()
        if self._chaos.strikes("look_refused"):
            raise outward.QueueUnavailable("refused by the simulation")
        return await self._inner.depth(queue)

    async def create(self, queue: str, policy: outward.QueuePolicy) -> None:
        """See the port."""
        await self._process.crossing()
        await self._inner.create(queue, policy)

    def _sent(self, queue: str, entry: outward.Entry) -> None:
        if entry.attributes:
            self._checker.dead_lettered(queue, entry.attributes)
            return
        # A replay puts its own id behind the event's.
        event_id = entry.id.partition(":")[0]
        self._checker.sent(event_id)
        if self._chaos.strikes("duplicate"):
            self._copy(queue, entry)
        if self._checker.may_come_late(event_id) and self._chaos.strikes("late_copy"):
            later = self._chaos.random.uniform(*_LATE_COPY)
            self._machine.loop.call_later(later, self._copy, queue, entry)

    def _copy(self, queue: str, entry: outward.Entry) -> None:
        """As if it had been sent again after SQS forgot the first one."""
        if self._sqs.exists(queue):
            number = self._checker.next_copy()
            self._sqs.send(queue, entry.body, entry.group, f"{entry.id}:copy:{number}", {})
