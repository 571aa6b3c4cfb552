"""Runs a process of ours that kills itself at the n-th call of one of its ports.

`python -m tests.kit.crash_point <folder> customer relay` is `customer-graph customer relay` with every port
wrapped. A file `<folder>/<point>` with the number n arms a point: at its n-th call from then on the file is
removed and the process is gone, as by `kill -9`. Without the file a wrapper does nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from router.queue import Message

__all__ = ["POINTS", "CrashPoints", "main"]

#: Points by process: where each is, in the words of the promise.
POINTS = {
    "customer": ("before-commit", "after-commit"),
    "relay": ("after-claim", "before-send", "after-send", "before-mark", "after-mark"),
    "router": (
        "after-receive",
        "before-apply",
        "after-apply",
        "before-delete",
        "after-delete",
        "before-visibility",
        "after-visibility",
    ),
    "rating": ("before-save", "after-save"),
    "activity": ("before-store", "after-store"),
}
#: Our processes by the words of their command.
_NAMES = {
    ("customer", "serve"): "customer",
    ("customer", "relay"): "relay",
    ("rating", "serve"): "rating",
    ("activity", "serve"): "activity",
    ("router", "run"): "router",
}
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class CrashPoints:
    """The folder by which a test and the processes under test agree."""

    folder: Path

    def arm(self, point: str, number: int) -> None:
        """The process dies at its `number`-th call of the point from now on."""
        draft = self.folder / f".{point}"
        draft.write_text(str(number))
        draft.rename(self.folder / point)

    def armed(self, point: str) -> bool:
        """Whether it has not happened yet."""
        return (self.folder / point).exists()

    def disarm(self, point: str) -> bool:
        """It will not happen any more; whether it had not happened."""
        armed = self.armed(point)
        (self.folder / point).unlink(missing_ok=True)
        return armed


class _Countdown:
    """Counts the calls of one process's points."""

    def __init__(self, points: CrashPoints, process: str) -> None:
        self._points = points
        self._process = process
        self._calls: dict[str, int] = {}

    def call(self, place: str) -> None:
        """One call; the last one if this is the moment."""
        point = f"{self._process}.{place}"
        try:
            number = int((self._points.folder / point).read_text())
        except FileNotFoundError:
            self._calls.pop(point, None)
            return
        self._calls[point] = self._calls.get(point, 0) + 1
        if self._calls[point] == number:
            (self._points.folder / point).unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: type, method: str, place: str) -> None:
        """Call `before-<place>` and `after-<place>` around an asynchronous method."""
        original: Callable[..., Awaitable[Any]] = getattr(owner, method)

        async def wrapped(*arguments: Any, **named: Any) -> Any:
            self.call(f"before-{place}")
            result = await original(*arguments, **named)
            self.call(f"after-{place}")
            return result

        setattr(owner, method, wrapped)


def _wrap_customer(points: _Countdown) -> None:
    from subgraphs.customer.store.engine import Database

    original = Database.writing

    @asynccontextmanager
    async def writing(self: Database) -> AsyncIterator[Any]:
        async with original(self) as connection:
            yield connection
            points.call("before-commit")
        points.call("after-commit")

    Database.writing = writing  # type: ignore[method-assign]


def _wrap_relay(points: _Countdown) -> None:
    from subgraphs.customer.sqs import SqsPublisher
    from subgraphs.customer.store.outbox_reader import OutboxReader

    original = OutboxReader.claim

    @asynccontextmanager
    async def claim(self: OutboxReader, queue: str, limit: int, per_customer: int) -> AsyncIterator[Any]:
        async with original(self, queue, limit, per_customer) as found:
            if found.lanes:
                points.call("after-claim")
            yield found
            if found.lanes:
                points.call("before-mark")
        if found.lanes:
            points.call("after-mark")

    OutboxReader.claim = claim  # type: ignore[method-assign]
    points.around(SqsPublisher, "send", "send")


def _wrap_router(points: _Countdown) -> None:
    from router.sqs import SqsQueues
    from router.targets import Target

    original = SqsQueues.receive

    async def receive(self: SqsQueues, queue: str, limit: int, wait: int, visibility: int) -> list[Message]:
        messages = await original(self, queue, limit, wait, visibility)
        if messages:
            points.call("after-receive")
        return messages

    SqsQueues.receive = receive  # type: ignore[method-assign]
    points.around(SqsQueues, "delete", "delete")
    points.around(SqsQueues, "change_visibility", "visibility")
    points.around(Target, "apply", "apply")


def _wrap_rating(points: _Countdown) -> None:
    from subgraphs.rating.store.store import RatingStore

    points.around(RatingStore, "save", "save")


def _wrap_activity(points: _Countdown) -> None:
    from subgraphs.activity.store.embedded import EmbeddedStore

    points.around(EmbeddedStore, "record", "store")
    points.around(EmbeddedStore, "erase", "store")


_WRAPPERS = {
    "customer": _wrap_customer,
    "relay": _wrap_relay,
    "router": _wrap_router,
    "rating": _wrap_rating,
    "activity": _wrap_activity,
}


def impatient_table(folder: Path) -> Path:
    """The routing table with the shortest visibility time-out: a message of a dead router comes back soon."""
    table = (ROOT / "router.yaml").read_text()
    for name in ("rating", "activity"):
        schema = ROOT / "schema" / f"{name}.graphql"
        table = table.replace(f"  {name}:\n    url:", f"  {name}:\n    schema: {schema}\n    url:")
    table = table.replace("    timeout: 5s", "    timeout: 2s")
    table = table.replace("visibility_timeout: 30s", "visibility_timeout: 3s")
    path = folder / "router.yaml"
    path.write_text(table)
    return path


def main() -> None:
    """Wrap the ports of the process that the arguments name, and run it."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    name = _NAMES.get((command[0], command[1]))
    if name is not None:
        _WRAPPERS[name](_Countdown(CrashPoints(folder), name))
    if name == "router":
        os.environ["ROUTER_CONFIG"] = str(folder / "router.yaml")
    sys.argv = ["customer-graph", *command]
    from kernel.cli import main as customer_graph

    customer_graph()


if __name__ == "__main__":
    main()
