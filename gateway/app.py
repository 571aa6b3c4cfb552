"""Wiring: settings and files in, a `Service` out."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from gateway.config import GatewayConfig, read_config
from gateway.engine import Engine, EngineRules
from gateway.errors import SupergraphProblem
from gateway.execution.client import SubgraphClient
from gateway.execution.http1 import Http1Transport
from gateway.execution.transport import Transport
from gateway.pipeline import Pipeline, refuse
from gateway.plan import PlanBudget
from gateway.reload import Reloader
from gateway.settings import GatewaySettings, subgraph_urls_from_environment
from gateway.supergraph import Supergraph, load
from gateway.web.endpoint import Endpoint
from gateway.web.explorer import StaticFiles
from gateway.web.exposure import Exposure
from gateway.web.persisted import DocumentStore, ManifestProblem, read_manifest
from kernel.asgi import Receive, Scope, Send, Service
from kernel.settings import ConfigurationProblem, verifier_from
from kernel.telemetry import get_logger

__all__ = ["build", "read_supergraph"]

#: Seconds kept back from a request's time for projecting and encoding what came in time.
_ANSWER_SECONDS = 0.5
#: Threads that parse, validate and plan operations seen for the first time; more would only contend.
_WORKERS = 2
#: Container objects made before the youngest generation is looked through, and rounds before the older ones.
_GARBAGE_THRESHOLDS = (100_000, 20, 100)


def read_supergraph(path: Path | None) -> Supergraph:
    """Load a supergraph file; raises `ConfigurationProblem` that says what to do."""
    if path is None:
        raise ConfigurationProblem("which supergraph? give --supergraph FILE or set GATEWAY_SUPERGRAPH")
    try:
        return load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationProblem(
            f"cannot read the supergraph {path}: {error.strerror}; "
            "compose one with `customer-graph gateway compose`"
        ) from error
    except (SupergraphProblem, UnicodeDecodeError) as problem:
        raise ConfigurationProblem(f"cannot serve the supergraph {path}: {problem}") from problem


def build(settings: GatewaySettings) -> Service:
    """The gateway's service; raises `ConfigurationProblem`."""
    config = read_config(settings.gateway_config)
    supergraph = read_supergraph(settings.gateway_supergraph)
    verifier = verifier_from(settings) if settings.gateway_auth else None
    gateway = _Gateway(settings, config, supergraph)
    return Service(
        "gateway",
        gateway,
        settings,
        verifier=verifier,
        ready=gateway.ready,
        startup=gateway.start,
        shutdown=gateway.stop,
    )


@dataclass(slots=True)
class _Running:
    endpoint: Endpoint
    transport: Transport
    watch: asyncio.Task[None]


class _Gateway:
    """The application inside the service. What needs an event loop is made at start-up."""

    def __init__(self, settings: GatewaySettings, config: GatewayConfig, supergraph: Supergraph) -> None:
        self._settings = settings
        self._config = config
        self._supergraph = supergraph
        self._documents = _documents(config)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="planner")
        self._clients: dict[tuple[str, str], SubgraphClient] = {}
        self._running: _Running | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._running is None:
            raise RuntimeError("a request came before the start-up")
        await self._running.endpoint(scope, receive, send)

    async def ready(self) -> Mapping[str, bool]:
        """Ready with a supergraph: what its subgraphs cannot answer, it can still say by errors."""
        return {"supergraph": self._running is not None}

    async def start(self) -> None:
        """Make the transport, the first engine, and the watch on the supergraph file."""
        settings, config = self._settings, self._config
        _collect_garbage_rarely()
        transport = Http1Transport(max_connections=config.max_connections_per_subgraph)

        random = Random()  # noqa: S311 - draws shares of requests, no secrets

        def make_engine(supergraph: Supergraph) -> Engine:
            clients = self._make_clients(supergraph, transport)
            return Engine(supergraph, clients, _engine_rules(settings, config), self._workers, random)

        development = settings.environment == "development"
        pipeline = Pipeline(
            make_engine(self._supergraph),
            self._documents,
            config.limits.variables(),
            Exposure(everybody=config.plans.expose or development, scope=config.plans.expose_to_scope),
            max(settings.request_timeout_seconds - _ANSWER_SECONDS, settings.request_timeout_seconds / 2),
        )
        files = StaticFiles(Path(__file__).parent / "web" / "static")
        path = settings.gateway_supergraph
        if path is None:
            raise AssertionError("read_supergraph has refused that")
        reloader = Reloader(path, pipeline, make_engine, warm=config.plans.warm)
        watch = asyncio.create_task(reloader.watch(settings.gateway_reload_seconds), name="supergraph-watch")
        self._running = _Running(Endpoint(pipeline, files, refuse), transport, watch)
        if not settings.gateway_auth:
            get_logger().warning("gateway.authentication_disabled")

    async def stop(self) -> None:
        """Close what `start` opened."""
        if self._running is not None:
            self._running.watch.cancel()
            await self._running.transport.close()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _make_clients(self, supergraph: Supergraph, transport: Transport) -> dict[str, SubgraphClient]:
        """A client per subgraph. One with the same name and URL is kept over a reload, with its breaker."""
        from_environment = subgraph_urls_from_environment(frozenset(supergraph.subgraphs))
        clients = {}
        for name, subgraph in supergraph.subgraphs.items():
            rules = self._config.of_subgraph(name)
            url = from_environment.get(name) or rules.url or subgraph.url
            known = self._clients.get((name, url))
            if known is None:
                known = SubgraphClient(name, url, transport, rules.rules(), rules.headers.rules())
                self._clients[name, url] = known
            clients[name] = known
        return clients


def _collect_garbage_rarely() -> None:
    """Answers are trees without cycles: reference counting frees them, and looking for cycles among
    them took a fifth of the CPU of a large query (bench/gateway/README.md). What lives at start-up stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def _engine_rules(settings: GatewaySettings, config: GatewayConfig) -> EngineRules:
    plans = config.plans
    return EngineRules(
        limits=config.limits.operation(),
        budget=PlanBudget(seconds=plans.budget, fetches=plans.max_fetches),
        max_plans=plans.max_cached,
        introspection=settings.introspection,
        suggestions=settings.environment == "development",
        guarded=settings.gateway_auth,
        labels=frozenset(config.override_labels),
    )


def _documents(config: GatewayConfig) -> DocumentStore:
    rules = config.documents
    try:
        trusted = read_manifest(Path(rules.manifest)) if rules.manifest is not None else {}
    except ManifestProblem as problem:
        raise ConfigurationProblem(f"documents.manifest: {problem}") from problem
    return DocumentStore(trusted, only_trusted=rules.only_trusted, max_entries=rules.max_registered)
