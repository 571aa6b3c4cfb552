"""The relay's side of SQS: send batches, look at queues, create them where that is wanted.

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
from subgraphs.customer.publishing.queue import (
    Depth,
    Entry,
    QueueMissing,
    QueuePolicy,
    QueueUnavailable,
    Rejection,
    dead_letter_name,
)

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

__all__ = ["SqsPublisher"]

T = TypeVar("T")

#: Seconds to connect and to wait for an answer; sends answer in milliseconds when all is well.
CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
#: Tries of one call inside boto3; the relay's own back-off goes on after them.
CALL_ATTEMPTS = 2
#: Seconds for a whole call: the time-outs above begin anew with every byte.
CALL_SECONDS = CALL_ATTEMPTS * (CONNECT_SECONDS + READ_SECONDS)
_MISSING = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
#: What SQS answers for a body that it will never take; the last is ElasticMQ's word for the first.
_REFUSED_FOR_GOOD = ("InvalidMessageContents", "InvalidParameterValue", "InvalidAttributeValue")
_LOOK: Sequence[QueueAttributeNameType] = (
    "CreatedTimestamp",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class SqsPublisher:
    """SQS by boto3. All methods may raise `QueueUnavailable`, or `QueueMissing` where a queue is needed."""

    def __init__(self, *, prefix: str = "", threads: int = 8) -> None:
        self._prefix = prefix
        self._threads = Threads("relay-sqs", threads)
        self._urls: dict[str, str] = {}
        with _translated("-"):
            self._client: SQSClient = boto3.client(
                "sqs",
                config=Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"total_max_attempts": CALL_ATTEMPTS, "mode": "standard"},
                    max_pool_connections=threads,
                ),
            )

    def close(self) -> None:
        """Let running calls end and stop the threads."""
        self._threads.close()
        self._client.close()

    async def send(self, queue: str, entries: Sequence[Entry]) -> list[Rejection]:
        """Send up to `BATCH_ENTRIES` messages; answers those that were not taken."""
        return await self._call(queue, lambda: self._send(queue, entries))

    async def depth(self, queue: str) -> Depth:
        """Look at a queue; the numbers are SQS's approximations."""
        return await self._call(queue, lambda: self._depth(queue))

    async def create(self, queue: str, policy: QueuePolicy) -> None:
        """Make the queue and its DLQ when they do not exist; existing ones keep their attributes."""
        await self._call(queue, lambda: self._create(queue, policy))

    async def _call(self, queue: str, work: Callable[[], T]) -> T:
        def run() -> T:
            try:
                with _translated(queue):
                    return work()
            except QueueMissing:
                self._urls.pop(queue, None)
                raise

        try:
            return await self._threads.run(run, CALL_SECONDS)
        except TimeoutError as error:
            raise QueueUnavailable(f"{queue}: no whole answer in time") from error

    def _url(self, queue: str) -> str:
        url = self._urls.get(queue)
        if url is None:
            url = self._client.get_queue_url(QueueName=self._prefix + queue)["QueueUrl"]
            self._urls[queue] = url
        return url

    def _send(self, queue: str, entries: Sequence[Entry]) -> list[Rejection]:
        answer = self._client.send_message_batch(
            QueueUrl=self._url(queue),
            Entries=[_request(number, entry) for number, entry in enumerate(entries)],
        )
        return [
            Rejection(
                id=entries[int(failed["Id"])].id,
                code=failed["Code"],
                permanent=failed["Code"] in _REFUSED_FOR_GOOD,
            )
            for failed in answer.get("Failed", [])
        ]

    def _depth(self, queue: str) -> Depth:
        attributes = self._client.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=_LOOK)[
            "Attributes"
        ]
        return Depth(
            incarnation=attributes["CreatedTimestamp"],
            messages=sum(int(attributes.get(name, "0")) for name in _LOOK[1:]),
        )

    def _create(self, queue: str, policy: QueuePolicy) -> None:
        dead_letters = self._ensure(dead_letter_name(queue), policy, {})
        arn = self._client.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
        redrive = {
            "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
            "maxReceiveCount": str(policy.max_receives),
        }
        self._urls[queue] = self._ensure(queue, policy, {"RedrivePolicy": json.dumps(redrive)})

    def _ensure(self, queue: str, policy: QueuePolicy, extra: dict[QueueAttributeNameType, str]) -> str:
        name = self._prefix + queue
        try:
            return self._client.get_queue_url(QueueName=name)["QueueUrl"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
        attributes: dict[QueueAttributeNameType, str] = {
            "FifoQueue": "true",
            "VisibilityTimeout": str(policy.visibility_seconds),
            "MessageRetentionPeriod": str(policy.retention_seconds),
            **extra,
        }
        return self._client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def _request(number: int, entry: Entry) -> SendMessageBatchRequestEntryTypeDef:
    return {
        "Id": str(number),
        "MessageBody": entry.body,
        "MessageGroupId": entry.group,
        "MessageDeduplicationId": entry.id,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in entry.attributes.items()
        },
    }


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
