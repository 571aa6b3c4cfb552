"""`FakeSqs` behind the ports of the router and the relay, and a wrapper that fails at a chosen call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import router.queue as inward
import subgraphs.customer.publishing.queue as outward
from tests.kit.fake_sqs import FakeSqs, SqsError, check_batch

__all__ = ["Crash", "CrashPoint", "FakePublisher", "FakeQueues"]

#: Seconds between two looks of a long poll.
_POLL_SECONDS = 0.002
_PERMANENT = ("InvalidMessageContents", "InvalidParameterValue")


class Crash(BaseException):
    """The process dies here. Not an Exception: nothing may catch it and go on."""


@dataclass(slots=True)
class CrashPoint:
    """Dies at the `at`-th call (from 1), before or after the call has had its effect."""

    at: int
    after: bool
    calls: int = 0
    names: list[str] = field(default_factory=list)

    def begin(self, name: str) -> int:
        """Count a call; its number."""
        self.calls += 1
        self.names.append(name)
        if self.calls == self.at and not self.after:
            raise Crash(name)
        return self.calls

    def done(self, number: int) -> None:
        """This call has had its effect."""
        if number == self.at and self.after:
            raise Crash(self.names[number - 1])


NEVER = 10**9


class FakeQueues:
    """Satisfies `router.queue.Queues`."""

    def __init__(self, sqs: FakeSqs, crash: CrashPoint | None = None) -> None:
        self.sqs = sqs
        self.crash = crash or CrashPoint(NEVER, after=False)
        #: The next calls of these names are refused.
        self.refuse: list[str] = []

    async def receive(self, queue: str, limit: int, wait: int, visibility: int) -> list[inward.Message]:
        """See the port."""
        number = self._begin("receive")
        await asyncio.sleep(_POLL_SECONDS)
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + wait
        while True:
            with _inward(queue):
                found = self.sqs.receive(queue, limit, visibility)
            if found or loop.time() >= ends_at:
                break
            await asyncio.sleep(_POLL_SECONDS)
        self.crash.done(number)
        return [
            inward.Message(
                id=message.id,
                receipt=message.receipt,
                group=message.group,
                deduplication=message.deduplication,
                body=message.body,
                receives=message.receives,
                sent_at=message.sent_at,
                attributes=message.attributes,
            )
            for message in found
        ]

    async def delete(self, queue: str, receipts: Sequence[str]) -> set[str]:
        """See the port."""
        number = self._begin("delete")
        refused = set()
        for receipt in receipts:
            with _inward(queue):
                try:
                    self.sqs.delete(queue, receipt)
                except SqsError as error:
                    if error.code != "ReceiptHandleIsInvalid":
                        raise
                    refused.add(receipt)
        self.crash.done(number)
        return refused

    async def change_visibility(self, queue: str, receipts: Sequence[str], seconds: int) -> set[str]:
        """See the port."""
        number = self._begin("change_visibility")
        refused = set()
        for receipt in receipts:
            with _inward(queue):
                try:
                    self.sqs.change_visibility(queue, receipt, seconds)
                except SqsError as error:
                    if error.code != "ReceiptHandleIsInvalid":
                        raise
                    refused.add(receipt)
        self.crash.done(number)
        return refused

    async def send(self, queue: str, message: inward.Outgoing) -> None:
        """See the port."""
        number = self._begin("send")
        with _inward(queue):
            self.sqs.send(queue, message.body, message.group, message.deduplication, message.attributes)
        self.crash.done(number)

    async def depth(self, queue: str) -> inward.Depth:
        """See the port."""
        with _inward(queue):
            found = self.sqs.attributes(queue)
        return inward.Depth(
            int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])
        )

    async def differences(self, queue: str, policy: inward.Policy) -> list[str]:
        """See the port."""
        wanted = (queue, inward.dead_letter_name(queue))
        return [f"{name} does not exist" for name in wanted if not self.sqs.exists(name)]

    async def ensure(self, queue: str, policy: inward.Policy) -> list[str]:
        """See the port."""
        missing = await self.differences(queue, policy)
        self.sqs.create_queue(inward.dead_letter_name(queue))
        self.sqs.create_queue(queue)
        return missing

    def _begin(self, name: str) -> int:
        number = self.crash.begin(name)
        if name in self.refuse:
            self.refuse.remove(name)
            raise inward.QueueUnavailable(f"{name} refused by the test")
        return number


class FakePublisher:
    """Satisfies `subgraphs.customer.publishing.queue.Publisher`."""

    def __init__(self, sqs: FakeSqs, crash: CrashPoint | None = None) -> None:
        self.sqs = sqs
        self.crash = crash or CrashPoint(NEVER, after=False)
        #: Ids of entries that are refused, with the code, once each.
        self.reject: dict[str, str] = {}
        #: Whole sends to refuse.
        self.outages = 0
        #: (queue, ids) of every batch that was taken.
        self.batches: list[tuple[str, list[str]]] = []

    async def send(self, queue: str, entries: Sequence[outward.Entry]) -> list[outward.Rejection]:
        """See the port."""
        number = self.crash.begin("send")
        await asyncio.sleep(0)
        if self.outages:
            self.outages -= 1
            raise outward.QueueUnavailable("refused by the test")
        rejections = []
        try:
            check_batch([entry.id for entry in entries], [len(entry.body.encode()) for entry in entries])
            for entry in entries:
                code = self.reject.pop(entry.id, None) or self._send(queue, entry)
                if code is not None:
                    rejections.append(outward.Rejection(entry.id, code, code in _PERMANENT))
        except SqsError as error:
            raise _outward(queue, error) from error
        self.batches.append((queue, [entry.id for entry in entries]))
        self.crash.done(number)
        return rejections

    async def depth(self, queue: str) -> outward.Depth:
        """See the port."""
        try:
            found = self.sqs.attributes(queue)
        except SqsError as error:
            raise _outward(queue, error) from error
        messages = int(found["ApproximateNumberOfMessages"]) + int(
            found["ApproximateNumberOfMessagesNotVisible"]
        )
        return outward.Depth(found["CreatedTimestamp"], messages)

    async def create(self, queue: str, policy: outward.QueuePolicy) -> None:
        """See the port."""
        self.sqs.create_queue(outward.dead_letter_name(queue))
        self.sqs.create_queue(queue)

    def _send(self, queue: str, entry: outward.Entry) -> str | None:
        attributes: Mapping[str, str] = entry.attributes
        try:
            self.sqs.send(queue, entry.body, entry.group, entry.id, attributes)
        except SqsError as error:
            if error.code == "QueueDoesNotExist":
                raise
            return error.code
        return None


class _inward:  # noqa: N801  reads as a with-statement's verb
    def __init__(self, queue: str) -> None:
        self._queue = queue

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SqsError):
            missing = error.code == "QueueDoesNotExist"
            problem = inward.QueueMissing if missing else inward.QueueUnavailable
            raise problem(f"{self._queue}: {error.code}") from error


def _outward(queue: str, error: SqsError) -> outward.QueueUnavailable:
    missing = error.code == "QueueDoesNotExist"
    problem = outward.QueueMissing if missing else outward.QueueUnavailable
    return problem(f"{queue}: {error.code}")
