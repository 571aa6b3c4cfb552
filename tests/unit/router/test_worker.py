"""One router process: readiness, reload of the table, and consumers that break."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from kernel.settings import ConfigurationProblem
from router.queue import dead_letter_name
from router.settings import RouterSettings
from router.worker import Worker, load_calls, tokens_from
from tests.kit.fake_queues import FakeQueues
from tests.kit.fake_sqs import FakeSqs
from tests.kit.fake_target import FakeTarget, fake_target
from tests.unit.router.world import QUEUE, envelope, table_text


@dataclass(repr=False)
class Running:
    """A worker on an in-memory SQS."""

    worker: Worker
    sqs: FakeSqs
    queues: FakeQueues
    target: FakeTarget
    table: Path

    def send(self, customer: str, version: int, queue: str = QUEUE) -> None:
        """Put an event into a queue."""
        event = envelope(customer, version)
        self.sqs.send(queue, event.to_json().decode(), customer, event.id)

    async def until(self, condition: Callable[[], object]) -> None:
        """Return when the condition holds; fail when it does not in time."""
        async with asyncio.timeout(15):
            while not condition():
                await asyncio.sleep(0.01)


def reloads(outcome: str) -> float:
    """How many changes of the table had this outcome."""
    return REGISTRY.get_sample_value("router_table_reloads_total", {"outcome": outcome}) or 0.0


@asynccontextmanager
async def running_worker(folder: Path, **overrides: object) -> AsyncIterator[Running]:
    """A started worker; drained at the end."""
    sqs = FakeSqs(time.monotonic)
    for queue in (QUEUE, "other.fifo"):
        sqs.create_queue(dead_letter_name(queue))
        sqs.create_queue(queue)
    queues = FakeQueues(sqs)
    (folder / "token").write_text("a-token")
    async with fake_target() as target:
        table = folder / "router.yaml"
        table.write_text(table_text(target.url))
        settings = RouterSettings.model_validate(
            {
                "router_config": table,
                "router_token_file": folder / "token",
                "router_reload_seconds": 0.02,
                "router_watch_seconds": 0.02,
                **overrides,
            }
        )
        worker = Worker(settings, queues)
        await worker.start(*load_calls(settings))
        try:
            yield Running(worker, sqs, queues, target, table)
        finally:
            await worker.stop()


async def test_worker_is_ready_when_its_queues_answer(tmp_path: Path) -> None:
    """And not while one does not."""
    async with running_worker(tmp_path) as running:

        async def ready() -> bool:
            return all((await running.worker.ready()).values())

        async with asyncio.timeout(10):
            while not await ready():
                await asyncio.sleep(0.01)
            running.sqs.delete_queue(QUEUE)
            while await ready():
                await asyncio.sleep(0.01)


async def test_changed_table_is_taken(tmp_path: Path) -> None:
    """A new queue is consumed without a restart."""
    async with running_worker(tmp_path) as running:
        text = running.table.read_text()
        queue = text[text.index(f"  {QUEUE}:") :]
        running.table.write_text(f"{text}\n{queue.replace(QUEUE, 'other.fifo')}")
        running.send("ana", 1, "other.fifo")
        await running.until(lambda: running.target.effects["ana"] == [1])


async def test_wrong_table_is_refused_and_the_old_one_kept(tmp_path: Path) -> None:
    """A typing error while running stops nothing; the next right one is taken."""
    async with running_worker(tmp_path) as running:
        good = running.table.read_text()
        before = reloads("refused")
        running.table.write_text(good.replace("mutation:", "mutatoin:"))
        await running.until(lambda: reloads("refused") > before)
        running.send("ana", 1)
        await running.until(lambda: running.target.effects["ana"] == [1])
        running.table.write_text(good + "\n")
        running.send("ana", 2)
        await running.until(lambda: running.target.effects["ana"] == [1, 2])


async def test_consumer_that_breaks_is_replaced(tmp_path: Path) -> None:
    """A defect in one chore costs a pause, not the queue."""
    async with running_worker(tmp_path) as running:
        broken = running.queues.delete

        async def delete(queue: str, receipts: object) -> set[str]:
            running.queues.delete = broken  # type: ignore[method-assign]  # once only
            raise RuntimeError("a defect")

        running.queues.delete = delete  # type: ignore[method-assign]  # the defect
        running.send("ana", 1)
        await running.until(lambda: running.queues.delete == broken)
        running.send("bia", 1)
        await running.until(lambda: running.target.effects["bia"] == [1])
        assert running.target.effects["ana"] == [1]


async def test_lost_queue_is_made_again_where_that_is_wanted(tmp_path: Path) -> None:
    """After a restart of moto the router makes its queues, as the relay does."""
    async with running_worker(tmp_path, router_create_queues=True) as running:
        for queue in (QUEUE, dead_letter_name(QUEUE)):
            running.sqs.delete_queue(queue)
        await running.until(lambda: running.sqs.exists(QUEUE))
        running.send("ana", 1)
        await running.until(lambda: running.target.effects["ana"] == [1])


async def test_lost_queue_is_waited_for_elsewhere(tmp_path: Path) -> None:
    """On AWS the template makes queues; the router takes up its work when it is back."""
    async with running_worker(tmp_path) as running:
        running.sqs.delete_queue(QUEUE)
        await running.until(lambda: "receive" in running.queues.crash.names)
        running.sqs.create_queue(QUEUE)
        running.send("ana", 1)
        await running.until(lambda: running.target.effects["ana"] == [1])


async def test_router_without_a_token_says_what_to_set(tmp_path: Path) -> None:
    """No token is a problem of the configuration, told at start."""
    settings = RouterSettings.model_validate({"router_token_url": "http://authority/token"})
    with pytest.raises(ConfigurationProblem, match="ROUTER_TOKEN_FILE"):
        tokens_from(settings, None)  # type: ignore[arg-type]  # not used before the refusal
