"""`customer-graph gateway mock`: fake subgraphs on one port, each under its name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import click

from gateway.app import read_supergraph
from gateway.mock.answers import FakeSubgraph, MockSettings
from gateway.supergraph import Supergraph
from kernel.asgi import Receive, Scope, Send, Service, serve
from kernel.settings import ServiceSettings, load
from kernel.telemetry import configure_logging

__all__ = ["FakeSubgraphs", "command"]

_FILE = click.Path(path_type=Path, dir_okay=False)


class FakeSubgraphs:
    """The application: `POST /NAME` is a request to the subgraph of that name."""

    def __init__(self, supergraph: Supergraph, names: list[str], settings: MockSettings) -> None:
        self._subgraphs = {name: FakeSubgraph(supergraph, name, settings) for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        subgraph = self._subgraphs.get(str(scope["path"]).strip("/"))
        if subgraph is None:
            known = ", ".join(f"/{name}" for name in sorted(self._subgraphs))
            await _send(
                send, 404, {"errors": [{"message": f"there is no such fake subgraph; there are {known}"}]}
            )
            return
        request = _request(await _body(receive))
        if request is None:
            await _send(send, 400, {"errors": [{"message": "expected a JSON object with a query"}]})
            return
        variables = request.get("variables")
        name = request.get("operationName")
        answer = subgraph.answer(
            str(request["query"]),
            variables if isinstance(variables, Mapping) else {},
            name if isinstance(name, str) else None,
        )
        await _send(send, 200, answer)


def _request(body: bytes) -> dict[str, object] | None:
    try:
        request = json.loads(body)
    except ValueError:
        return None
    return request if isinstance(request, dict) and isinstance(request.get("query"), str) else None


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(bytes(message.get("body", b"")))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, status: int, answer: Mapping[str, object]) -> None:
    body = json.dumps(answer, ensure_ascii=False, default=str).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _variable(name: str) -> str:
    """The environment variable by which the gateway finds a subgraph elsewhere."""
    return f"SUBGRAPH_URL_{re.sub('[^A-Z0-9]', '_', name.upper())}"


@click.command("mock")
@click.option("--supergraph", type=_FILE, required=True, help="Supergraph SDL.")
@click.option("--only", "only", multiple=True, help="Fake this subgraph only (may be repeated).")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4010, show_default=True, type=click.IntRange(0, 65535), help="Port.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same answers.")
@click.option("--nulls", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Share of nulls.")
@click.option(
    "--items",
    default=(1, 3),
    show_default=True,
    type=(click.IntRange(0), click.IntRange(0)),
    help="List lengths.",
)
def command(  # noqa: PLR0913 - one parameter per option
    *,
    supergraph: Path,
    only: tuple[str, ...],
    host: str,
    port: int,
    seed: int,
    nulls: float,
    items: tuple[int, int],
) -> None:
    """Serve fake subgraphs: type-correct, seeded answers, entities included."""
    loaded = read_supergraph(supergraph)
    unknown = sorted(set(only) - set(loaded.subgraphs))
    if unknown:
        raise click.UsageError(
            f"no subgraph is called {', '.join(unknown)}; there are {', '.join(loaded.subgraphs)}"
        )
    names = list(only) or sorted(loaded.subgraphs)
    rules = MockSettings(seed, nulls, min(items), max(items))
    settings = load(ServiceSettings, host=host, port=port, environment="development", log_format="text")
    configure_logging("mock", settings.log_format, settings.log_level)
    click.echo("Point the gateway at them:", err=True)
    for name in names:
        click.echo(f"  {_variable(name)}=http://{host}:{port}/{name}", err=True)
    application = FakeSubgraphs(loaded, names, rules)
    serve(Service("mock", application, settings, verifier=None))
