"""SQS by boto3.

boto3 blocks, so its calls run in threads of a pool of our own. Credentials, region and endpoint come from
boto3's default chain. What boto3 raises is translated here, once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from kernel.settings import ConfigurationProblem
from kernel.threads import Threads
from router.queue import (
    Depth,
    Message,
    Outgoing,
    Policy,
    QueueMissing,
    QueueUnavailable,
    dead_letter_name,
)

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import MessageTypeDef

__all__ = ["SqsQueues"]

T = TypeVar("T")

#: Seconds to connect, and to wait for an answer besides the long poll's own wait.
CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
#: The longest long poll that SQS has, seconds.
LONGEST_WAIT = 20
#: Tries of one call inside boto3; the router's own back-off goes on after them.
CALL_ATTEMPTS = 2
#: Seconds for a whole call, a long poll's wait apart: the time-outs above begin anew with every byte.
CALL_SECONDS = CALL_ATTEMPTS * (CONNECT_SECONDS + READ_SECONDS)
#: SQS has a value of these for every queue. A server that answers none does not know the attribute (ElasticMQ
#: keeps messages for ever), and setting it again changes nothing.
_ALWAYS_SET = frozenset({"VisibilityTimeout", "MessageRetentionPeriod"})
_MISSING = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")


class SqsQueues:
    """Satisfies `router.queue.Queues`."""

    def __init__(self, *, prefix: str = "", threads: int = 16) -> None:
        self._prefix = prefix
        self._threads = Threads("router-sqs", threads)
        self._urls: dict[str, str] = {}
        with _translated("-"):
            self._client: SQSClient = boto3.client(
                "sqs",
                config=Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=LONGEST_WAIT + READ_SECONDS,
                    retries={"total_max_attempts": CALL_ATTEMPTS, "mode": "standard"},
                    max_pool_connections=threads,
                ),
            )

    def close(self) -> None:
        """Let running calls end and stop the threads."""
        self._threads.close()
        self._client.close()

    async def receive(self, queue: str, limit: int, wait: int, visibility: int) -> list[Message]:
        """See `Queues.receive`."""

        def work() -> list[Message]:
            answer = self._client.receive_message(
                QueueUrl=self._url(queue),
                MaxNumberOfMessages=limit,
                WaitTimeSeconds=wait,
                VisibilityTimeout=visibility,
                MessageSystemAttributeNames=[
                    "ApproximateReceiveCount", "MessageDeduplicationId", "MessageGroupId", "SentTimestamp",
                ],
                MessageAttributeNames=["All"],
            )  # fmt: skip
            return [_message(raw) for raw in answer.get("Messages", [])]

        return await self._call(queue, work, wait)

    async def delete(self, queue: str, receipts: Sequence[str]) -> set[str]:
        """See `Queues.delete`."""

        def work() -> set[str]:
            answer = self._client.delete_message_batch(
                QueueUrl=self._url(queue),
                Entries=[
                    {"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)
                ],
            )
            return {receipts[int(failed["Id"])] for failed in answer.get("Failed", [])}

        return await self._call(queue, work)

    async def change_visibility(self, queue: str, receipts: Sequence[str], seconds: int) -> set[str]:
        """See `Queues.change_visibility`."""

        def work() -> set[str]:
            answer = self._client.change_message_visibility_batch(
                QueueUrl=self._url(queue),
                Entries=[
                    {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                    for number, receipt in enumerate(receipts)
                ],
            )
            return {receipts[int(failed["Id"])] for failed in answer.get("Failed", [])}

        return await self._call(queue, work)

    async def send(self, queue: str, message: Outgoing) -> None:
        """See `Queues.send`."""

        def work() -> None:
            self._client.send_message(
                QueueUrl=self._url(queue),
                MessageBody=message.body,
                MessageGroupId=message.group,
                MessageDeduplicationId=message.deduplication,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in message.attributes.items()
                    if value
                },
            )

        await self._call(queue, work)

    async def depth(self, queue: str) -> Depth:
        """See `Queues.depth`."""

        def work() -> Depth:
            found = self._attributes(queue)
            return Depth(
                waiting=int(found["ApproximateNumberOfMessages"])
                + int(found.get("ApproximateNumberOfMessagesDelayed", "0")),
                in_flight=int(found["ApproximateNumberOfMessagesNotVisible"]),
            )

        return await self._call(queue, work)

    async def differences(self, queue: str, policy: Policy) -> list[str]:
        """See `Queues.differences`."""
        return await self._call(queue, lambda: self._differences(queue, policy))

    async def ensure(self, queue: str, policy: Policy) -> list[str]:
        """See `Queues.ensure`."""
        return await self._call(queue, lambda: self._ensure(queue, policy))

    async def _call(self, queue: str, work: Callable[[], T], wait: int = 0) -> T:
        def run() -> T:
            try:
                with _translated(queue):
                    return work()
            except QueueMissing:
                self._urls.pop(queue, None)
                raise

        try:
            return await self._threads.run(run, CALL_SECONDS + wait)
        except TimeoutError as error:
            raise QueueUnavailable(f"{queue}: no whole answer in time") from error

    def _url(self, queue: str) -> str:
        url = self._urls.get(queue)
        if url is None:
            url = self._client.get_queue_url(QueueName=self._prefix + queue)["QueueUrl"]
            self._urls[queue] = url
        return url

    def _exists(self, queue: str) -> bool:
        self._urls.pop(queue, None)
        try:
            self._url(queue)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return False
            raise
        return True

    def _attributes(self, queue: str) -> dict[str, str]:
        answer = self._client.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=["All"])
        return {str(name): value for name, value in answer["Attributes"].items()}

    def _differences(self, queue: str, policy: Policy) -> list[str]:
        dead = dead_letter_name(queue)
        missing = [f"{name} does not exist" for name in (dead, queue) if not self._exists(name)]
        if missing:
            return missing
        found = []
        for name, wanted in (
            (dead, _basics(policy)),
            (queue, {**_basics(policy), **self._redrive(dead, policy)}),
        ):
            current = self._attributes(name)
            found += [
                f"{name}: {key} is {current.get(key, 'not set')}, not {value}"
                for key, value in wanted.items()
                if (key in current or key not in _ALWAYS_SET)
                and _meaning(key, current.get(key)) != _meaning(key, value)
            ]
        return found

    def _ensure(self, queue: str, policy: Policy) -> list[str]:
        dead = dead_letter_name(queue)
        changes = []
        for name in (dead, queue):
            if not self._exists(name):
                redrive = self._redrive(dead, policy) if name == queue else {}
                self._create(name, {**_basics(policy), **redrive, "FifoQueue": "true"})
                changes.append(f"{name} created")
        differing = self._differences(queue, policy)
        if differing:
            self._client.set_queue_attributes(QueueUrl=self._url(dead), Attributes=_basics(policy))
            self._client.set_queue_attributes(
                QueueUrl=self._url(queue), Attributes={**_basics(policy), **self._redrive(dead, policy)}
            )
            changes += [f"changed: {difference}" for difference in differing]
        return changes

    def _create(self, queue: str, attributes: dict[QueueAttributeNameType, str]) -> None:
        answer = self._client.create_queue(QueueName=self._prefix + queue, Attributes=attributes)
        self._urls[queue] = answer["QueueUrl"]

    def _redrive(self, dead: str, policy: Policy) -> dict[QueueAttributeNameType, str]:
        arn = self._attributes(dead)["QueueArn"]
        rule = {"deadLetterTargetArn": arn, "maxReceiveCount": str(policy.max_receives)}
        return {"RedrivePolicy": json.dumps(rule)}


def _basics(policy: Policy) -> dict[QueueAttributeNameType, str]:
    return {
        "VisibilityTimeout": str(policy.visibility),
        "MessageRetentionPeriod": str(policy.retention),
    }


def _meaning(key: str, value: str | None) -> object:
    """An attribute's value as it is compared: servers write the redrive policy in different ways."""
    if key != "RedrivePolicy" or value is None:
        return value
    rule = json.loads(value)
    return (rule.get("deadLetterTargetArn"), str(rule.get("maxReceiveCount")))


def _message(raw: MessageTypeDef) -> Message:
    system = raw.get("Attributes", {})
    return Message(
        id=raw["MessageId"],
        receipt=raw["ReceiptHandle"],
        group=system.get("MessageGroupId", ""),
        deduplication=system.get("MessageDeduplicationId", ""),
        body=raw.get("Body", ""),
        receives=int(system.get("ApproximateReceiveCount", "1")),
        sent_at=int(system.get("SentTimestamp", "0")) / 1000,
        attributes={
            name: value["StringValue"]
            for name, value in raw.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    )


@contextmanager
def _translated(queue: str) -> Iterator[None]:
    try:
        yield
    except NoRegionError as error:
        raise ConfigurationProblem(
            "SQS needs a region: set AWS_DEFAULT_REGION (and, for a server of your own, AWS_ENDPOINT_URL_SQS)"
        ) from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        kind = QueueMissing if code in _MISSING else QueueUnavailable
        raise kind(f"{queue}: {code}") from error
    except BotoCoreError as error:
        raise QueueUnavailable(f"{queue}: {type(error).__name__}") from error
