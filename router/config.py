"""`router.yaml` → the routing table: strict, typed, every expression compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from kernel.settings import ConfigurationProblem
from router.document import Section, Value, read_document

__all__ = ["QueueConfig", "RouteConfig", "Table", "TargetConfig", "load_table", "parse_table"]

_TARGET_KEYS = (
    "url",
    "ready_url",
    "schema",
    "timeout",
    "concurrency",
    "bundle",
    "breaker_failures",
    "breaker_cooldown",
)
_QUEUE_KEYS = (
    "visibility_timeout", "max_receives", "wait", "backoff_base", "backoff_cap", "routes",
)  # fmt: skip
_ROUTE_KEYS = ("on", "to", "mutation", "arguments", "purge_dead_letters")


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """A subgraph whose mutations the router calls. Times in seconds."""

    name: str
    url: str
    #: Asked while the target is out of order; its 200 lets messages flow again.
    ready_url: str
    #: The SDL that mutations and arguments are checked against.
    schema: Path
    #: For one mutation, connecting included.
    timeout: float
    #: Mutations under way at once, in this process.
    concurrency: int
    #: Of these at most so many in one request, each under an alias. Our subgraphs take twenty root fields.
    bundle: int
    #: Failures in a row, of any messages, that open the breaker.
    breaker_failures: int
    #: Longest time between two questions to a target that is out of order; the first is asked at once.
    breaker_cooldown: float


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """Events of the type `on` become calls of `mutation` at `target`."""

    on: str
    target: str
    mutation: str
    #: By argument: JMESPath over the envelope.
    arguments: tuple[tuple[str, ParsedResult], ...]
    #: The event is the last word on its subject: what the queue's DLQ still holds of it is discarded.
    purge_dead_letters: bool
    #: Where it stands in the file.
    line: int


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """A queue and its routes, one for each event type. Times in whole seconds where SQS has them so."""

    name: str
    routes: Mapping[str, RouteConfig]
    #: How long a received message is hidden from others; renewed at a third of it.
    visibility: int
    #: Attempts at a message that its target answers with an error of its own; then it goes to the DLQ.
    max_receives: int
    #: Long poll. A stop waits for it, since messages that arrive in its last moment must be given back.
    wait: int
    #: Full-jitter back-off between attempts at one message.
    backoff_base: float
    backoff_cap: float

    @property
    def targets(self) -> frozenset[str]:
        """The targets that its routes name."""
        return frozenset(route.target for route in self.routes.values())


@dataclass(frozen=True, slots=True)
class Table:
    """All of the file."""

    path: Path
    targets: Mapping[str, TargetConfig]
    queues: Mapping[str, QueueConfig]


def load_table(path: Path, variables: Mapping[str, str]) -> Table:
    """Read the file; raises `ConfigurationProblem` with file, line and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationProblem(
            f"cannot read {path} ({error.strerror}); set ROUTER_CONFIG to the routing table"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationProblem(f"{path}: not UTF-8") from error
    return parse_table(path, text, variables)


def parse_table(path: Path, text: str, variables: Mapping[str, str]) -> Table:
    """The table in `text`; `path` serves complaints, and relative schema paths start from its folder."""
    top = read_document(path, text, variables).section(("version", "targets", "queues"))
    top.need("version").whole(least=1, most=1)
    targets = {
        name: _target(name, value, path.parent) for name, value in top.need("targets").mapping().items()
    }
    queues = {name: _queue(name, value, targets) for name, value in top.need("queues").mapping().items()}
    return Table(path, targets, queues)


def _target(name: str, value: Value, folder: Path) -> TargetConfig:
    section = value.section(_TARGET_KEYS)
    url = _url(section.need("url"))
    ready = section.get("ready_url")
    schema = section.get("schema")
    return TargetConfig(
        name=name,
        url=url,
        ready_url=_url(ready) if ready else urlsplit(url)._replace(path="/health/ready", query="").geturl(),
        schema=folder / (schema.text() if schema else f"schema/{name}.graphql"),
        timeout=section.seconds("timeout", 5.0, least=0.1, most=60),
        concurrency=section.whole("concurrency", 40, least=1, most=1000),
        bundle=section.whole("bundle", 10, least=1, most=20),
        breaker_failures=section.whole("breaker_failures", 5, least=1, most=1000),
        breaker_cooldown=section.seconds("breaker_cooldown", 15.0, least=0.1, most=600),
    )


def _queue(name: str, value: Value, targets: Mapping[str, TargetConfig]) -> QueueConfig:
    if not name.endswith(".fifo"):
        raise value.problem("a queue's name must end with .fifo: order per customer needs message groups")
    section = value.section(_QUEUE_KEYS)
    routes: dict[str, RouteConfig] = {}
    for member in section.need("routes").sequence():
        route = _route(member, targets)
        if route.on in routes:
            raise member.problem(f"{route.on!r} has a route already, on line {routes[route.on].line}")
        routes[route.on] = route
    visibility = section.whole_seconds("visibility_timeout", 30, least=3, most=43_200)
    config = QueueConfig(
        name=name,
        routes=routes,
        visibility=visibility,
        max_receives=section.whole("max_receives", 5, least=1, most=50),
        wait=section.whole_seconds("wait", min(5, visibility // 2), least=0, most=20),
        backoff_base=section.seconds("backoff_base", 1.0, least=0.1, most=600),
        backoff_cap=section.seconds("backoff_cap", 60.0, least=1, most=3600),
    )
    if config.wait > visibility // 2:
        # A message's time is counted from the call that brought it, so one that came late has little left.
        raise value.problem(
            f"visibility_timeout ({visibility}s) must be at least twice the wait ({config.wait}s)"
        )
    slowest = max(targets[target].timeout for target in config.targets)
    if slowest >= config.visibility:
        raise value.problem(
            f"visibility_timeout ({config.visibility}s) must exceed its targets' timeout ({slowest:g}s)"
        )
    return config


def _route(value: Value, targets: Mapping[str, TargetConfig]) -> RouteConfig:
    section = value.section(_ROUTE_KEYS)
    purge = section.get("purge_dead_letters")
    return RouteConfig(
        on=section.need("on").text(),
        target=section.need("to").one_of(targets, "target"),
        mutation=section.need("mutation").text(),
        arguments=tuple(_arguments(section)),
        purge_dead_letters=purge.truth() if purge is not None else False,
        line=value.line,
    )


def _arguments(section: Section) -> list[tuple[str, ParsedResult]]:
    compiled = []
    for name, value in section.need("arguments").mapping().items():
        expression = value.text()
        try:
            compiled.append((name, jmespath.compile(expression)))
        except JMESPathError as error:
            reason = " ".join(str(error).split())
            raise value.problem(f"not a JMESPath expression: {reason}") from error
    return compiled


def _url(value: Value) -> str:
    text = value.text()
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise value.problem(f"must be an http or https URL, not {text!r}")
    return text
