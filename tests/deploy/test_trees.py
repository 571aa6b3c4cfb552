"""What is in an image: its own requirements in the locked versions, and nothing of the others."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from tests.kit.gateway_process import gateway_process, raw_exchange, subgraph

#: Packages that reach stores and queues, by the image that has them.
OWN = {
    "gateway": set[str](),
    "customer": {"sqlalchemy", "asyncpg", "alembic", "boto3", "strawberry"},
    "rating": {"pymongo", "beanie", "strawberry"},
    "activity": {"elasticsearch", "strawberry"},
    "router": {"boto3"},
}
FOREIGN = set.union(*OWN.values()) | {"moto", "faker", "pytest", "pip"}
IMPORTS = (
    "import importlib.util as i, json, sys; print(json.dumps([n for n in sys.argv[1:] if i.find_spec(n)]))"
)
COMMANDS = {"gateway": "serve", "customer": "serve", "rating": "serve", "activity": "serve", "router": "run"}


@pytest.mark.parametrize("image", sorted(OWN))
def test_an_image_holds_its_own_drivers_and_no_others(tree: Callable[[str], Path], image: str) -> None:
    """Also no installer and no test tool."""
    found = _output(tree(image) / "bin" / "python", "-c", IMPORTS, *sorted(FOREIGN))
    assert set(json.loads(found)) == OWN[image]


@pytest.mark.parametrize("image", sorted(OWN))
def test_an_images_command_starts_there(tree: Callable[[str], Path], image: str) -> None:
    """Its help tells how it is used, so everything that it imports is there."""
    program = tree(image) / "bin" / "customer-graph"
    assert "Usage:" in _output(program, image, COMMANDS[image], "--help")


async def test_the_gateway_alone_serves_any_supergraph(tree: Callable[[str], Path], tmp_path: Path) -> None:
    """With its extra alone, without a setting of ours: a foreign supergraph, a query, an answer."""

    async def answer(body: bytes) -> bytes:
        assert b"word" in body
        return b'{"data":{"word":"saudade"}}'

    program = (str(tree("gateway") / "bin" / "customer-graph"),)
    query = orjson.dumps({"query": "{ word }"})
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
    async with (
        subgraph(answer) as one,
        gateway_process(tmp_path, environment={"SUBGRAPH_URL_ONE": one.url}, program=program) as gateway,
    ):
        answers = await raw_exchange(gateway.port, head + b"content-length: %d\r\n\r\n" % len(query) + query)
    assert [(each.status, each.body) for each in answers] == [(200, b'{"data":{"word":"saudade"}}')]


def _output(program: Path, *words: str) -> str:
    return subprocess.run(
        [program, *words], capture_output=True, text=True, check=True, timeout=120, env={"LANG": "C.UTF-8"}
    ).stdout
