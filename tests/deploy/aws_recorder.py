"""`python -m tests.deploy.aws_recorder FILE WORD …`: `customer-graph WORD …`, with its calls of AWS noted.

A line for each call: the IAM action that it needs, and the queue that it is about. The product knows nothing
of it: botocore tells every client's calls to whoever has subscribed to its session.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import boto3

from kernel.cli import main

__all__ = ["read_calls", "record_to"]


def record_to(path: Path) -> None:
    """From now on every call of AWS by this process is appended to the file."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        # A batch needs the right to do each of its parts: SendMessageBatch is sqs:SendMessage.
        action = f"{model.service_model.service_name}:{model.name.removesuffix('Batch')}"
        queue = params.get("QueueName") or params.get("QueueUrl", "").rpartition("/")[2]
        os.write(file, (json.dumps([action, queue]) + "\n").encode())

    boto3.setup_default_session()
    session = boto3.DEFAULT_SESSION
    assert session is not None
    session.events.register("provide-client-params.*.*", note)


def read_calls(path: Path) -> set[tuple[str, str]]:
    """What was written down so far: (action, queue)."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return {(action, queue) for action, queue in map(json.loads, text.splitlines())}


if __name__ == "__main__":
    record_to(Path(sys.argv.pop(1)))
    main()
