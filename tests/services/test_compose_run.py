"""docker-compose.yml without an engine: its services as processes, from their images' trees, on real servers.

PostgreSQL is the wheel's, for it is of the version that the file names; the others are those of the suite.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from devstack.servers.postgres import SUPERUSER, Postgres
from tests.deploy.compose_file import compose_file, seconds
from tests.deploy.compose_run import ComposeRun
from tests.deploy.conftest import tree, wheels
from tests.kit import real
from tests.kit.postgres import free_port

__all__ = ["tree", "wheels"]

DOCUMENT = compose_file()
PROCESSES = ["issuer", "customer", "relay", "rating", "activity", "router", "gateway"]
ONCE = sorted(
    name
    for name, service in DOCUMENT["services"].items()
    if "build" in service and service["restart"] == "no"
)


@pytest.fixture(scope="module")
def stack(tree: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeRun]:
    """Everything of the profile `full` that is ours, up and healthy."""
    assert real.MONGODB_URL
    assert real.ELASTICSEARCH_URL
    assert real.SQS_URL
    scratch = tmp_path_factory.mktemp("compose")
    for folder in (scratch, *scratch.parents[:2]):
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user
    postgres = Postgres(scratch / "postgres", free_port(), scratch / "postgres.log", {"fsync": "off"})
    servers = {
        "postgres:5432": f"127.0.0.1:{postgres.port}",
        "mongodb:27017": urlsplit(real.MONGODB_URL).netloc,
        "elasticsearch:9200": urlsplit(real.ELASTICSEARCH_URL).netloc,
        "elasticmq:9324": urlsplit(real.SQS_URL).netloc,
    }

    def starting(name: str) -> None:
        """What the server's image does at its first start."""
        if name == "postgres":
            postgres.initialise()
            postgres.start()
            password = (run.volume("postgres-secrets") / "superuser-password").read_text()
            asyncio.run(_take_password(postgres, password))

    run = ComposeRun(DOCUMENT, tree, scratch, servers, starting)
    try:
        run.up("full")
        yield run
    finally:
        run.kill()
        postgres.stop()


async def _take_password(postgres: Postgres, password: str) -> None:
    connection = await asyncpg.connect(postgres.url(SUPERUSER, "postgres"))
    await connection.execute(f"ALTER ROLE {SUPERUSER} PASSWORD '{password}'")
    await connection.close()


def test_elasticsearch_is_the_images_version() -> None:
    """What the file starts is what the suites ran on."""
    with urllib.request.urlopen(f"{real.ELASTICSEARCH_URL}", timeout=10) as answer:
        number = json.load(answer)["version"]["number"]
    assert DOCUMENT["services"]["elasticsearch"]["image"] == f"elasticsearch:{number}"


def test_every_process_of_the_file_is_healthy(stack: ComposeRun) -> None:
    """The file's own health checks say so, each started as an engine would."""
    assert stack.running() == set(PROCESSES)
    assert {name: stack.health(name).errors for name in PROCESSES} == dict.fromkeys(PROCESSES, "")


@pytest.mark.parametrize("name", [name for name in ONCE if name != "demo"])
def test_a_one_shot_may_run_again(stack: ComposeRun, name: str) -> None:
    """`docker compose up` starts all of them each time, beside what runs already."""
    ended = stack.once(name)
    assert (ended.exit_code, ended.errors) == (0, "")


def test_the_demo_is_answered_out_of_three_stores(stack: ComposeRun) -> None:
    """`docker compose run --rm demo`, also the second time: the same customer, with rating and activity."""
    answers = []
    for _ in range(2):
        ended = stack.once("demo")
        assert ended.exit_code == 0, ended.errors
        answers.append(json.loads(ended.output)["data"]["customer"])
    first, again = answers
    assert first["id"] == again["id"]
    assert first["totalDebt"] == "5951.00"
    assert 0 <= first["rating"]["score"] <= 1000
    assert first["lastCardPurchase"]["merchant"] == "Pet Shop Tamanduá"
    assert again["activity"]["totalCount"] == 3


def test_a_query_with_a_token_of_the_issuer_is_answered(stack: ComposeRun) -> None:
    """As README.md has it: a token by `docker compose exec issuer`, then one request to the gateway."""
    words = ("customer-graph", "issuer", "token", "--scopes", "graph:write customer:pii")
    token = stack.execute("issuer", *words).output.splitlines()[-1]
    query = "{ customers(first: 1) { nodes { name rating { score } lastCardPurchase { amount } } } }"
    [customer] = _asked(stack, query, token)["data"]["customers"]["nodes"]
    assert customer["name"] == "Iracema Pequi da Serra"
    assert customer["rating"]["score"] > 0
    assert customer["lastCardPurchase"] == {"amount": "27.19"}


def test_the_explorer_may_ask_for_the_schema(stack: ComposeRun) -> None:
    """Although everything else is as in production."""
    answer = _asked(stack, "{ __schema { queryType { name } } }", None)
    assert answer == {"data": {"__schema": {"queryType": {"name": "Query"}}}}


# The last test: nothing runs after it.
@pytest.mark.parametrize("name", PROCESSES[::-1])
def test_a_process_ends_by_itself_when_it_is_told_to(stack: ComposeRun, name: str) -> None:
    """SIGTERM to the first process of the container: exit code 0 in the time that the file gives."""
    ended = stack.stop(name)
    assert ended.exit_code == 0, ended.output
    assert ended.seconds < seconds(DOCUMENT["services"][name]["stop_grace_period"])


def _asked(stack: ComposeRun, query: str, token: str | None) -> dict[str, Any]:
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"http://{stack.address('gateway')}/graphql", body, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
