"""Task roles allow what the processes were seen to do, and nothing more.

Each process runs as in production against the deployed queues, with a recorder of its calls of AWS. What it
did is compared with the policy of its role, action by action and queue by queue.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from kernel.events import CUSTOMER_ERASED, SOURCE, Envelope, new_id
from router.queue import dead_letter_name
from tests.deploy.aws_for_moto import ACCOUNT, REGION
from tests.deploy.aws_moto import SECOND, Deployed
from tests.deploy.aws_recorder import read_calls
from tests.kit.fake_target import Call, FakeTarget, fake_target
from tests.kit.gateway_process import subgraph
from tests.kit.outbox import ACTIVITY_QUEUE, RATING_QUEUE, Row, append, unpublished
from tests.kit.postgres import CustomerDatabase, customer_database, free_port, postgres_cluster
from tests.kit.waiting import eventually

__all__ = ["customer_database", "postgres_cluster"]

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "second-"
QUEUES = (RATING_QUEUE, ACTIVITY_QUEUE)
DEAD = tuple(map(dead_letter_name, QUEUES))
#: What SQS does with the queue's key in the name of who calls, which no call of ours shows: a sender has a
#: data key made and read back, a receiver has one read.
BY_SQS = {"kms:Decrypt", "kms:GenerateDataKey"}
#: Seconds for one command on a busy machine.
PATIENCE = 120


class Site:
    """Runs processes on the second system's queues; each command's calls go to one file a role."""

    def __init__(self, deployed: Deployed, folder: Path) -> None:
        self.deployed = deployed
        self.folder = folder
        (folder / "token").write_text("a-token")
        self.environment = {
            **os.environ,
            **deployed.environment,
            "QUEUE_PREFIX": PREFIX,
            "ROUTER_TOKEN_FILE": str(folder / "token"),
            "ROUTER_CONFIG": str(ROOT / "router.yaml"),
        }

    def calls(self, role: str) -> set[tuple[str, str]]:
        """What was recorded under this name."""
        return {(action, queue.removeprefix(PREFIX)) for action, queue in read_calls(self.folder / role)}

    def run(self, role: str, *words: str) -> str:
        """A command to its end; answers what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.deploy.aws_recorder", self.folder / role, *words],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self, role: str, *words: str, **variables: str) -> Iterator[None]:
        """A service, ready; ended by SIGTERM with exit code 0."""
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.deploy.aws_recorder", str(self.folder / role), *words],
            cwd=ROOT,
            env={**self.environment, "PORT": str(port), **variables},
            stdout=subprocess.DEVNULL,
        )
        try:
            eventually(f"{words} is ready", lambda: _ready(port), PATIENCE)
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            process.wait()

    def send(self, queue: str, customer: str, body: str) -> None:
        """Put a message into a queue."""
        sqs = self.deployed.client("sqs")
        url = sqs.get_queue_url(QueueName=PREFIX + queue)["QueueUrl"]
        sqs.send_message(
            QueueUrl=url, MessageBody=body, MessageGroupId=customer, MessageDeduplicationId=new_id()
        )


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture
def site(deployed: Deployed, tmp_path: Path) -> Site:
    """The second system's site: its names have a prefix, its templates' other choices are made."""
    return Site(deployed, tmp_path)


@asynccontextmanager
async def targets(site: Site) -> AsyncIterator[dict[str, FakeTarget]]:
    """Both targets; the first call of each fails, so that the router must try again."""
    async with fake_target() as rating, fake_target() as activity:
        for target in (rating, activity):
            target.script = _first_fails()
        site.environment |= {"RATING_URL": rating.url, "ACTIVITY_URL": activity.url}
        yield {RATING_QUEUE: rating, ACTIVITY_QUEUE: activity}


def _first_fails() -> Callable[[Call], tuple[int, object] | str | None]:
    seen: list[Call] = []

    def script(call: Call) -> tuple[int, object] | str | None:
        seen.append(call)
        return (503, {}) if len(seen) == 1 else "apply"

    return script


def role_of(deployed: Deployed, container: str) -> str:
    """The task role's name."""
    (role,) = {one.task_role for one in deployed.containers(SECOND) if one.name == container}
    return role


def allowed(deployed: Deployed, container: str) -> set[tuple[str, str]]:
    """What the role's policies allow on queues: (action, queue); the key is looked at by itself."""
    rights = set()
    for statement in deployed.policies(role_of(deployed, container)):
        assert statement["Effect"] == "Allow"
        actions = _list(statement["Action"])
        resources = _list(statement["Resource"])
        if set(actions) & BY_SQS:
            assert set(actions) == BY_SQS
            assert resources == [deployed.exports()[f"{SECOND}-DataKeyArn"]]
            assert statement["Condition"] == {
                "StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}
            }
            continue
        for resource in resources:
            queue = resource.removeprefix(f"arn:aws:sqs:{REGION}:{ACCOUNT}:{PREFIX}")
            assert queue in (*QUEUES, *DEAD), f"{container}: {resource}"
            rights |= {(action, queue) for action in actions}
    return rights


def _list(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


async def test_the_relays_role(site: Site, customer_database: CustomerDatabase) -> None:
    """It sends to both queues, and looks at them and their DLQs; its role allows exactly that."""
    variables = {"CUSTOMER_RELAY_DATABASE_URL": customer_database.relay_url}
    with site.running("relay", "customer", "relay", **variables):
        for queue in QUEUES:
            await append(customer_database, [Row(uuid.uuid4(), 1, queue)])
        async with asyncio.timeout(PATIENCE):
            while await unpublished(customer_database):
                await asyncio.sleep(0.1)
        looked = {("sqs:GetQueueAttributes", queue) for queue in (*QUEUES, *DEAD)}
        await asyncio.to_thread(eventually, "it has looked", lambda: looked <= site.calls("relay"), PATIENCE)
    sqs = site.deployed.client("sqs")
    for queue in QUEUES:  # what was published is nobody's
        sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=PREFIX + queue)["QueueUrl"])
    assert site.calls("relay") == allowed(site.deployed, "relay")


async def test_the_routers_and_the_operators_roles(site: Site) -> None:
    """The router applies, tries again, dead-letters and purges; operators look, send back and discard."""
    async with targets(site) as both:
        await asyncio.to_thread(site.run, "operator", "router", "setup", "--check")
        await asyncio.to_thread(work_and_operate, site, both)
    assert site.calls("router") == allowed(site.deployed, "router")
    assert site.calls("operator") == allowed(site.deployed, "operator")


def work_and_operate(site: Site, both: dict[str, FakeTarget]) -> None:
    """Everything that a router and an operator ever do with queues, once for each queue."""
    with site.running("router", "router", "run", "--processes", "1"):
        for queue, target in both.items():
            # Nobody can read these: dead letters of two people, of whom one is erased.
            for customer in ("ana", "bia"):
                site.send(queue, customer, "{")
            until_dead(site, queue, 2)
            erased = Envelope(new_id(), SOURCE, CUSTOMER_ERASED, "ana", datetime.now(UTC), 2, {})
            site.send(queue, "ana", erased.to_json().decode())
            until_dead(site, queue, 1)
            # The first call was refused.
            assert len(target.calls) > 1
    listed = site.run("operator", "router", "dlq", "list", "--json")
    assert len(listed.splitlines()) == 2
    site.run("operator", "router", "dlq", "show", json.loads(listed.splitlines()[0])["eventId"])
    site.run("operator", "router", "dlq", "redrive", "--all")
    with site.running("router", "router", "run", "--processes", "1"):
        for queue in both:
            until_dead(site, queue, 1)
    assert site.run("operator", "router", "dlq", "discard", "--all", "--yes") == "2 discarded\n"


def until_dead(site: Site, queue: str, count: int) -> None:
    """Wait until the queue has so many dead letters."""
    dead = dead_letter_name(queue)
    eventually(f"{dead} has {count}", lambda: depth(site, dead) == count, PATIENCE)


def depth(site: Site, queue: str) -> int:
    """Messages in a queue, received ones included."""
    sqs = site.deployed.client("sqs")
    url = sqs.get_queue_url(QueueName=PREFIX + queue)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(map(int, found.values()))


async def test_reconciling_needs_no_queue(site: Site) -> None:
    """It asks the subgraphs alone, so the shell that it runs in has no right on a queue."""

    async def nothing(_: bytes) -> bytes:
        return b'{"data":{"outboxEvents":{"nodes":[],"endCursor":null}}}'

    async with subgraph(nothing) as customer:
        site.environment |= {"CUSTOMER_URL": customer.url}
        printed = await asyncio.to_thread(site.run, "shell", "router", "reconcile", "--dry-run")
    assert "rating: 0 compared" in printed
    assert site.calls("shell") == set()
    statements = site.deployed.policies(role_of(site.deployed, "operator-shell"))
    assert not [one for one in statements if "sqs:" in str(one["Action"])]


def test_the_customer_subgraph_calls_nothing_of_aws(site: Site, customer_database: CustomerDatabase) -> None:
    """It shares its image, and so the SDK, with the relay; it serves without a call of AWS."""
    variables = {
        "CUSTOMER_DATABASE_URL": customer_database.app_url,
        "CUSTOMER_ENCRYPTION_KEY": "k" * 64,
        "CUSTOMER_BLIND_INDEX_KEY": "b" * 64,
        "ENVIRONMENT": "development",
        "AUTH_HS256_SECRET": "s" * 64,
        "AUTH_ISSUER": "https://issuer.test",
    }
    with site.running("customer", "customer", "serve", **variables):
        pass
    assert site.calls("customer") == set()


@pytest.mark.parametrize(
    "container",
    [
        "gateway", "customer", "rating", "activity", "customer-provision", "customer-migrate",
        "rating-indexes", "rating-recompute", "activity-migrate",
    ],
)  # fmt: skip
def test_who_calls_nothing_of_aws_may_nothing(deployed: Deployed, container: str) -> None:
    """Services and one-shot tasks without queues have a role without a policy."""
    assert deployed.policies(role_of(deployed, container)) == []
