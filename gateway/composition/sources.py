"""Where subgraph SDLs come from: a `rover supergraph compose` configuration, SDL files, services.

The one place of composition that reads files and networks.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from gateway.composition.result import SubgraphInput

__all__ = [
    "FETCH_TIMEOUT_SECONDS",
    "MAX_SDL_BYTES",
    "SourceProblem",
    "SubgraphSource",
    "load_sources",
    "read_source",
]

# An SDL is asked for while somebody waits at a prompt; a service that is up answers in well under this.
FETCH_TIMEOUT_SECONDS = 10.0
# Far above any real subgraph; keeps a wrong URL from filling the memory.
MAX_SDL_BYTES = 32 * 1024 * 1024

_SDL_QUERY = json.dumps({"query": "query SubgraphSdl { _service { sdl } }"}).encode()
_SDL_SUFFIXES = frozenset({".graphql", ".graphqls", ".gql", ".sdl"})


class SourceProblem(Exception):
    """A configuration or SDL could not be read; the message says what to change."""


@dataclass(frozen=True, slots=True)
class SubgraphSource:
    """Where one subgraph's SDL is: in a file, at a service, or in the configuration itself."""

    name: str
    routing_url: str
    file: Path | None = None
    subgraph_url: str | None = None
    sdl: str | None = None


def load_sources(paths: Sequence[Path]) -> list[SubgraphSource]:
    """Sources from one YAML configuration, or from SDL files that are named after their subgraphs.

    Raises SourceProblem for what cannot be read or does not say where a subgraph is.
    """
    if not paths:
        raise SourceProblem("nothing to compose: name a supergraph configuration (YAML) or SDL files")
    if all(path.suffix in _SDL_SUFFIXES for path in paths):
        sources = [SubgraphSource(path.stem, f"http://{path.stem}", file=path) for path in paths]
    elif len(paths) == 1:
        sources = _configured(paths[0])
    else:
        raise SourceProblem("give either one configuration file or SDL files (*.graphql), not both")
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SourceProblem(f'two subgraphs are called "{name}": rename one')
    return sources


def _configured(path: Path) -> list[SubgraphSource]:
    try:
        configuration = yaml.safe_load(_read_text(path))
    except yaml.YAMLError as error:
        raise SourceProblem(f"{path} is no valid YAML: {error}") from error
    subgraphs = configuration.get("subgraphs") if isinstance(configuration, dict) else None
    if not isinstance(subgraphs, dict) or not subgraphs:
        raise SourceProblem(f"{path} has no `subgraphs`: list each with `routing_url` and `schema`")
    version = str(configuration.get("federation_version", "2")).lstrip("=").strip()
    if version.split(".")[0] not in ("1", "2"):
        raise SourceProblem(f"{path}: federation_version {version} is unknown; write 2")
    unknown = set(configuration) - {"federation_version", "subgraphs"}
    if unknown:
        raise SourceProblem(f"{path} has unknown keys: {', '.join(sorted(map(str, unknown)))}")
    return [_configured_subgraph(path, str(name), entry) for name, entry in subgraphs.items()]


def _configured_subgraph(path: Path, name: str, entry: object) -> SubgraphSource:
    schema = entry.get("schema") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(schema, dict):
        raise SourceProblem(f"{path}: subgraph `{name}` needs a `schema` with `file` or `subgraph_url`")
    routing_url = entry.get("routing_url")
    file, service, sdl = schema.get("file"), schema.get("subgraph_url"), schema.get("sdl")
    given = [value for value in (file, service, sdl) if isinstance(value, str)]
    if len(given) != 1:
        raise SourceProblem(
            f"{path}: the schema of `{name}` needs exactly one of `file`, `subgraph_url`, `sdl`"
        )
    if routing_url is None and isinstance(service, str):
        routing_url = service
    if not isinstance(routing_url, str):
        raise SourceProblem(f"{path}: subgraph `{name}` needs a `routing_url`")
    return SubgraphSource(
        name,
        routing_url,
        file=path.parent / file if isinstance(file, str) else None,
        subgraph_url=service if isinstance(service, str) else None,
        sdl=sdl if isinstance(sdl, str) else None,
    )


def read_source(source: SubgraphSource) -> SubgraphInput:
    """Read the SDL. Raises SourceProblem when the file or service does not give one."""
    if source.file is not None:
        return SubgraphInput(source.name, source.routing_url, _read_text(source.file))
    if source.subgraph_url is not None:
        return SubgraphInput(source.name, source.routing_url, _fetch(source.name, source.subgraph_url))
    return SubgraphInput(source.name, source.routing_url, source.sdl or "")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SourceProblem(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourceProblem(f"cannot read {path}: {error}") from error


def _fetch(name: str, url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise SourceProblem(f"the subgraph_url of `{name}` must begin with http:// or https://")
    headers = {"content-type": "application/json", "accept": "application/json"}
    request = urllib.request.Request(url, _SDL_QUERY, headers, method="POST")  # noqa: S310 - scheme checked above
    try:
        with urllib.request.urlopen(request, timeout=FETCH_TIMEOUT_SECONDS) as response:  # noqa: S310
            body = response.read(MAX_SDL_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SourceProblem(f"`{name}` at {url} did not answer: {error}") from error
    if len(body) > MAX_SDL_BYTES:
        raise SourceProblem(f"`{name}` at {url} answered more than {MAX_SDL_BYTES} bytes")
    sdl = _sdl_of(body)
    if sdl is None:
        raise SourceProblem(
            f"`{name}` at {url} does not answer `{{ _service {{ sdl }} }}`: is it a subgraph?"
        )
    return sdl


def _sdl_of(body: bytes) -> str | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    for key in ("data", "_service", "sdl"):
        answer = answer.get(key) if isinstance(answer, Mapping) else None
    return answer if isinstance(answer, str) else None
