"""Which servers and processes one stack has, how each is called, and what each is told in its environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devstack.keys import AUDIENCE, ISSUER
from devstack.layout import DataFolder
from devstack.ports import Ports, is_free
from devstack.servers.protocol import Supervised
from devstack.service import Service, ServiceSpec
from devstack.settings import DevstackSettings, environment, project_root
from devstack.state import ProcessRecord, identify
from devstack.stores import Step, Store, activity_store, customer_store, queue_store, rating_store
from kernel.settings import ConfigurationProblem

__all__ = ["GATEWAY_PORT", "Stack", "assemble"]

GATEWAY_PORT = 4000
#: Ports that are taken when they are free; otherwise any free one.
_PREFERRED_PORTS = {
    "postgres": 54329,
    "mongodb": 27027,
    "sqs": 9325,
    "customer": 4001,
    "rating": 4002,
    "activity": 4003,
    "relay": 4101,
    "router": 4102,
}


@dataclass(frozen=True, slots=True)
class _Process:
    """One of ours: its arguments, and the path of its GraphQL endpoint (workers have none)."""

    arguments: tuple[str, ...]
    path: str = ""


#: The six processes, in the order in which they start.
_PROCESSES = {
    "customer": _Process(("customer", "serve"), "/graphql"),
    "rating": _Process(("rating", "serve"), "/graphql"),
    "activity": _Process(("activity", "serve"), "/graphql"),
    "relay": _Process(("customer", "relay")),
    # One worker: the embedded SQS answers one request at a time.
    "router": _Process(("router", "run", "--processes", "1")),
    "gateway": _Process(("gateway", "serve"), "/graphql"),
}
#: Of the caller's environment, what no serving process may see.
_NOT_INHERITED = frozenset({"CUSTOMER_OWNER_DATABASE_URL", "CUSTOMER_SUPERUSER_DATABASE_URL"})
_SUBGRAPHS = ("customer", "rating", "activity")


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything to start, in order: servers, then what prepares their stores, then processes."""

    servers: Sequence[Supervised]
    #: Each store's steps in their order; the stores do not depend on each other.
    preparations: Sequence[Sequence[Step]]
    services: Sequence[Supervised]
    #: Servers that run elsewhere, at a URL from the environment.
    external: Sequence[ProcessRecord]

    @property
    def gateway(self) -> Supervised:
        """The process that clients talk to."""
        return next(service for service in self.services if service.name == "gateway")

    def records(self) -> tuple[ProcessRecord, ...]:
        """What is to be written down about each member, as it is now."""
        services = [_record(service, has_health=True) for service in self.services]
        servers = [_record(server, has_health=False) for server in self.servers]
        return (*services, *servers, *self.external)


def assemble(folder: DataFolder, settings: DevstackSettings, gateway_port: int) -> Stack:
    """Decide every port, URL and environment; starts nothing.

    `gateway_port` 0 takes any free port. Raises ConfigurationProblem when the gateway's port is taken.
    """
    ports = _choose_ports(gateway_port)
    stores = [
        customer_store(folder, settings, ports["postgres"]),
        rating_store(folder, settings, ports["mongodb"]),
        activity_store(folder, settings),
        queue_store(folder, settings, ports["sqs"]),
    ]
    base = _base_environment(folder)
    preparations = [
        [replace(step, environment={**base, **step.environment}) for step in store.steps] for store in stores
    ]
    return Stack(
        servers=[store.server for store in stores if store.server is not None],
        preparations=preparations,
        services=_services(folder, ports, base, stores),
        external=[store.external for store in stores if store.external is not None],
    )


def _choose_ports(gateway_port: int) -> dict[str, int]:
    if gateway_port and not is_free(gateway_port):
        raise ConfigurationProblem(
            f"port {gateway_port} is taken; stop what uses it, or choose another with --gateway-port N"
        )
    ports = Ports()
    gateway = ports.prefer(gateway_port)
    # Who takes any port for the gateway runs stacks side by side; the usual ports are left to the others.
    preferred = {name: port if gateway_port else 0 for name, port in _PREFERRED_PORTS.items()}
    return {name: ports.prefer(port) for name, port in preferred.items()} | {"gateway": gateway}


def _base_environment(folder: DataFolder) -> dict[str, str]:
    """What every process is told: the caller's environment, and whose tokens to accept."""
    inherited = {name: value for name, value in environment().items() if name not in _NOT_INHERITED}
    return {
        "ENVIRONMENT": "development",  # introspection for the explorer
        # glibc keeps up to eight arenas a core; two save memory in processes that are mostly one thread.
        "MALLOC_ARENA_MAX": "2",
        **inherited,
        "AUTH_JWKS": str(folder.jwks),
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "PYTHONUNBUFFERED": "1",
    }


def _services(
    folder: DataFolder, ports: Mapping[str, int], base: Mapping[str, str], stores: Sequence[Store]
) -> list[Service]:
    own = {
        "router": {
            **{f"{name.upper()}_URL": _graphql_url(ports[name]) for name in _SUBGRAPHS},
            "ROUTER_CONFIG": str(_project_file("router.yaml")),
            "ROUTER_TOKEN_FILE": str(folder.router_token),
        },
        "gateway": {
            **{f"SUBGRAPH_URL_{name.upper()}": _graphql_url(ports[name]) for name in _SUBGRAPHS},
            "GATEWAY_SUPERGRAPH": str(_project_file("schema", "supergraph.graphql")),
        },
    }
    services = []
    for name, process in _PROCESSES.items():
        told = dict(base)
        for store in stores:
            told.update(store.environment.get(name, {}))
        told.update(own.get(name, {}))
        spec = ServiceSpec(name, process.arguments, ports[name], process.path, folder.log(name), told)
        services.append(Service(spec))
    return services


def _graphql_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/graphql"


def _project_file(*parts: str) -> Path:
    path = project_root().joinpath(*parts)
    if not path.exists():
        raise ConfigurationProblem(
            f"{path} is missing; run from a checkout of the project (`make schema` writes schema/)"
        )
    return path


def _record(member: Supervised, has_health: bool) -> ProcessRecord:
    pid = member.pid
    identity = identify(pid) if pid is not None else None
    return ProcessRecord(member.name, member.port, member.url, has_health, identity)
