"""`FakeSqs` over HTTP, in the JSON protocol that boto3 speaks, so that the real adapters can be run on it."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from tests.kit.fake_sqs import FakeSqs, SqsError, StoredMessage, check_batch

__all__ = ["serve_fake_sqs"]

_POLL_SECONDS = 0.01
_QUERY_CODES = {"QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue"}


@contextmanager
def serve_fake_sqs(sqs: FakeSqs, port: int) -> Iterator[str]:
    """The endpoint's URL, for as long as the body runs; served by a thread of its own."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    runner = web.AppRunner(_application(sqs), access_log=None, shutdown_timeout=0.1)

    async def begin() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(begin())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, name="fake-sqs", daemon=True)
    thread.start()
    if not ready.wait(10):
        raise AssertionError("the fake SQS did not start")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def _application(sqs: FakeSqs) -> web.Application:
    actions = _Actions(sqs)

    async def answer(request: web.Request) -> web.Response:
        action = request.headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            document = await getattr(actions, action)(await request.json())
        except SqsError as error:
            return web.json_response(
                {"__type": f"com.amazonaws.sqs#{error.code}", "message": str(error)},
                status=400,
                headers={"x-amzn-query-error": f"{_QUERY_CODES.get(error.code, error.code)};Sender"},
                content_type="application/x-amz-json-1.0",
            )
        return web.json_response(document, content_type="application/x-amz-json-1.0")

    application = web.Application(client_max_size=4 * 1_048_576)
    application.router.add_post("/{path:.*}", answer)
    return application


class _Actions:
    """One method for each action of SQS's API that our adapters use, named as there."""

    def __init__(self, sqs: FakeSqs) -> None:
        self._sqs = sqs

    async def CreateQueue(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._sqs.create_queue(call["QueueName"], call.get("Attributes"))
        return _url(call["QueueName"])

    async def GetQueueUrl(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._sqs.attributes(call["QueueName"])
        return _url(call["QueueName"])

    async def DeleteQueue(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._sqs.delete_queue(_name(call))
        return {}

    async def GetQueueAttributes(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Attributes": self._sqs.attributes(_name(call))}

    async def SetQueueAttributes(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._sqs.set_attributes(_name(call), call["Attributes"])
        return {}

    async def SendMessage(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._send(_name(call), call)

    async def SendMessageBatch(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        sizes = [len(entry["MessageBody"].encode("utf-8", "surrogatepass")) for entry in call["Entries"]]
        return _batch(call, lambda entry: self._send(_name(call), entry), sizes)

    async def ReceiveMessage(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        ends_at = time.monotonic() + call.get("WaitTimeSeconds", 0)
        while True:
            found = self._sqs.receive(
                _name(call), call.get("MaxNumberOfMessages", 1), call.get("VisibilityTimeout")
            )
            if found or time.monotonic() >= ends_at:
                return {"Messages": [_received(message) for message in found]} if found else {}
            await asyncio.sleep(_POLL_SECONDS)

    async def DeleteMessage(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._sqs.delete(_name(call), call["ReceiptHandle"])
        return {}

    async def DeleteMessageBatch(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        def delete(entry: dict[str, Any]) -> dict[str, Any]:
            self._sqs.delete(_name(call), entry["ReceiptHandle"])
            return {}

        return _batch(call, delete)

    async def ChangeMessageVisibilityBatch(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        def change(entry: dict[str, Any]) -> dict[str, Any]:
            self._sqs.change_visibility(_name(call), entry["ReceiptHandle"], entry["VisibilityTimeout"])
            return {}

        return _batch(call, change)

    def _send(self, queue: str, entry: dict[str, Any]) -> dict[str, Any]:
        attributes = {
            name: value["StringValue"] for name, value in entry.get("MessageAttributes", {}).items()
        }
        message_id = self._sqs.send(
            queue,
            entry["MessageBody"],
            entry.get("MessageGroupId", ""),
            entry.get("MessageDeduplicationId", ""),
            attributes,
        )
        return {"MessageId": message_id, "MD5OfMessageBody": _md5(entry["MessageBody"])}


def _batch(
    call: dict[str, Any], act: Callable[[dict[str, Any]], dict[str, Any]], sizes: list[int] | None = None
) -> dict[str, Any]:
    entries = call["Entries"]
    check_batch([entry["Id"] for entry in entries], sizes)
    successful, failed = [], []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **act(entry)})
        except SqsError as error:
            if error.code == "QueueDoesNotExist":
                raise
            failed.append({"Id": entry["Id"], "Code": error.code, "SenderFault": True, "Message": str(error)})
    return {"Successful": successful, "Failed": failed}


def _received(message: StoredMessage) -> Mapping[str, Any]:
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
        "Attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "MessageGroupId": message.group,
            "MessageDeduplicationId": message.deduplication,
            "SentTimestamp": str(int(message.sent_at * 1000)),
            "SequenceNumber": f"{message.sequence:020d}",
        },
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        },
    }


def _url(name: str) -> dict[str, Any]:
    return {"QueueUrl": f"http://127.0.0.1/000000000000/{name}"}


def _name(call: dict[str, Any]) -> str:
    return str(call["QueueUrl"]).rpartition("/")[2]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
