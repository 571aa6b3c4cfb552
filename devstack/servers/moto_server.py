"""moto's server with a long poll that notices what was deleted while it waited.

moto 5.2 looks at the message groups in flight once, when a long poll begins, so a message of a group that
was busy then stays hidden until the poll's end, seconds after its predecessor was deleted. SQS delivers it at
once. Here a long poll is many short ones, each of which looks anew.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from moto.server import main
from moto.sqs.models import Message, SQSBackend

__all__ = ["serve"]

#: Seconds between two looks: a bound on what the stand-in adds to an event's way.
_LOOK_SECONDS = 0.02


def serve() -> None:
    """Run moto's server with the command line's arguments until it is ended."""
    look = SQSBackend.receive_message

    def receive_message(
        self: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, *rest: Any, **named: Any
    ) -> list[Message]:
        ends_at = time.monotonic() + wait_seconds_timeout
        while True:
            found: list[Message] = look(self, queue_name, count, 0, *rest, **named)
            if found or time.monotonic() >= ends_at:
                return found
            time.sleep(_LOOK_SECONDS)

    SQSBackend.receive_message = receive_message  # type: ignore[method-assign]
    main(sys.argv[1:])


if __name__ == "__main__":
    serve()
