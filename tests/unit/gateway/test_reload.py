"""A new supergraph is served once it is verified and warm; a wrong one changes nothing."""

from __future__ import annotations

import asyncio
import os
from itertools import count
from pathlib import Path

from gateway.execution.transport import HttpAnswer, HttpRequest
from gateway.reload import Reloader
from tests.kit.gateway import InProcessGateway, json_answer

_STAMPS = count(1_000_000_000)
QUERY = "{ customer(id: 1) { name } }"


def _reloader(gateway: InProcessGateway, path: Path) -> Reloader:
    return Reloader(path, gateway.pipeline, gateway.engine, warm=10)


def _write(path: Path, text: str) -> None:
    """Replace the file with one of another time stamp."""
    path.write_text(text)
    stamp = next(_STAMPS)
    os.utime(path, ns=(stamp, stamp))


async def test_a_changed_supergraph_is_served_with_its_plans_ready(
    gateway: InProcessGateway, tmp_path: Path
) -> None:
    """The new field is there, and the operation in use was planned before the swap."""
    path = tmp_path / "supergraph.graphql"
    sdl = gateway.federation.supergraph.sdl
    _write(path, sdl)
    await gateway.ask(QUERY)
    reloader = _reloader(gateway, path)
    assert not await reloader.look(), "nothing changed"
    before = gateway.pipeline.engine
    _write(path, sdl.replace("type Pipeline", '"How far behind."\ntype Pipeline'))
    assert await reloader.look()
    assert gateway.pipeline.engine is not before
    assert (await gateway.ask(QUERY)).data == {"customer": {"name": "Ana"}}
    assert gateway.pipeline.engine.supergraph.digest != before.supergraph.digest


async def test_a_wrong_supergraph_changes_nothing(gateway: InProcessGateway, tmp_path: Path) -> None:
    """Torn, empty, no supergraph, not even text: the old one serves on, until a right one comes."""
    path = tmp_path / "supergraph.graphql"
    sdl = gateway.federation.supergraph.sdl
    _write(path, sdl)
    reloader = _reloader(gateway, path)
    before = gateway.pipeline.engine
    for wrong in (sdl[: len(sdl) // 2], "", "type Query { a: Int }", "{"):
        _write(path, wrong)
        assert not await reloader.look()
    path.write_bytes(b"\xff\xfe")
    os.utime(path, ns=(7, 7))
    assert not await reloader.look()
    path.unlink()
    assert not await reloader.look()
    assert gateway.pipeline.engine is before
    assert (await gateway.ask(QUERY)).data == {"customer": {"name": "Ana"}}
    _write(path, sdl + "\n# another text\n")
    assert await reloader.look()


async def test_requests_in_flight_finish_on_the_supergraph_they_began_with(
    gateway: InProcessGateway, tmp_path: Path
) -> None:
    """A reload between a request's fetches does not concern it."""
    path = tmp_path / "supergraph.graphql"
    sdl = gateway.federation.supergraph.sdl
    _write(path, sdl)
    reloader = _reloader(gateway, path)
    asked, go = asyncio.Event(), asyncio.Event()

    async def wait(_: HttpRequest) -> HttpAnswer:
        asked.set()
        await go.wait()
        return json_answer({"data": {"customer": {"name": "Ana", "id": "1"}}})

    gateway.transport.instead["profile"] = wait
    request = asyncio.create_task(gateway.ask("{ customer(id: 1) { name score } }"))
    await asked.wait()
    _write(path, sdl + "\n# another text\n")
    assert await reloader.look()
    go.set()
    assert (await request).data == {"customer": {"name": "Ana", "score": 710}}
