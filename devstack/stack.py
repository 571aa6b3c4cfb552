"""Which servers and processes one stack has, how each is called, and what each is told in its environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from devstack.keys import AUDIENCE, ISSUER
from devstack.layout import DataFolder
from devstack.ports import Ports, is_free
from devstack.servers.mongo import Mongo
from devstack.servers.postgres import SUPERUSER, Postgres
from devstack.servers.protocol import Supervised
from devstack.servers.sqs import Sqs
from devstack.servers.supervised_postgres import SupervisedPostgres
from devstack.service import Service, ServiceSpec
from devstack.settings import DevstackSettings, environment, project_root
from devstack.state import ProcessRecord, identify
from kernel.settings import ConfigurationProblem

__all__ = ["GATEWAY_PORT", "Stack", "Step", "assemble"]

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
_DATABASE = "customer_graph"


@dataclass(frozen=True, slots=True)
class Step:
    """A command that must succeed before the processes start: `customer-graph <arguments>`."""

    title: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything to start, in order: servers, then steps, then processes."""

    servers: Sequence[Supervised]
    steps: Sequence[Step]
    services: Sequence[Supervised]
    #: Servers that run elsewhere, at a URL from the environment.
    external: Sequence[ProcessRecord]

    @property
    def gateway(self) -> Supervised:
        """The process that clients talk to."""
        return next(service for service in self.services if service.name == "gateway")

    def records(self) -> tuple[ProcessRecord, ...]:
        """What is to be written down about each member, as it is now."""
        members = [_record(member, isinstance(member, Service)) for member in (*self.services, *self.servers)]
        return (*members, *self.external)


def _record(member: Supervised, has_health: bool) -> ProcessRecord:
    pid = member.pid
    return ProcessRecord(
        name=member.name,
        port=member.port,
        url=member.url,
        has_health=has_health,
        identity=identify(pid) if pid is not None else None,
    )


def assemble(folder: DataFolder, settings: DevstackSettings, gateway_port: int) -> Stack:
    """Decide every port, URL and environment; starts nothing.

    `gateway_port` 0 takes any free port. Raises ConfigurationProblem when the gateway's port is taken.
    """
    ports = _choose_ports(gateway_port)
    base = {**environment(), **_common_environment(folder)}
    stores = _Stores(folder, settings, ports)
    services = _services(folder, ports, base, stores)
    return Stack(stores.servers, stores.steps(base), services, stores.external)


def _choose_ports(gateway_port: int) -> dict[str, int]:
    if gateway_port and not is_free(gateway_port):
        raise ConfigurationProblem(
            f"port {gateway_port} is taken; stop what uses it, or choose another with --gateway-port N"
        )
    ports = Ports()
    gateway = ports.prefer(gateway_port)
    return {name: ports.prefer(port) for name, port in _PREFERRED_PORTS.items()} | {"gateway": gateway}


def _common_environment(folder: DataFolder) -> dict[str, str]:
    inherited = environment()
    return {
        "ENVIRONMENT": inherited.get("ENVIRONMENT", "development"),
        "AUTH_JWKS": str(folder.jwks),
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "PYTHONUNBUFFERED": "1",
        # glibc keeps up to eight arenas a core; two save memory in processes that are mostly one thread.
        "MALLOC_ARENA_MAX": inherited.get("MALLOC_ARENA_MAX", "2"),
    }


class _Stores:
    """The servers under the subgraphs: embedded, or those that the environment names."""

    def __init__(self, folder: DataFolder, settings: DevstackSettings, ports: Mapping[str, int]) -> None:
        self.servers: list[Supervised] = []
        self.external: list[ProcessRecord] = []
        self._postgres = self._choose_postgres(folder, settings, ports["postgres"])
        self.rating_url = self._choose_mongo(folder, settings, ports["mongodb"])
        self.activity_url = self._choose_activity(folder, settings)
        self.sqs = self._choose_sqs(folder, settings, ports["sqs"])
        self._keys = {
            "CUSTOMER_ENCRYPTION_KEY": folder.secret("encryption"),
            "CUSTOMER_BLIND_INDEX_KEY": folder.secret("blind-index"),
        }
        self.customer = {
            "CUSTOMER_DATABASE_URL": self._customer_url(settings.customer_database_url, "customer_app"),
            **self._keys,
        }
        self.relay = {
            "CUSTOMER_RELAY_DATABASE_URL": self._customer_url(
                settings.customer_relay_database_url, "customer_relay"
            ),
            **self.sqs,
        }
        self.owner_url = self._owner_url(settings)

    def steps(self, base: Mapping[str, str]) -> list[Step]:
        """What prepares the stores; each may be repeated."""
        steps = []
        if self._postgres is not None:
            steps.append(
                Step(
                    "create roles and database",
                    ("customer", "provision"),
                    {**base, **self.customer, **self.relay, **self._superuser(self._postgres)},
                )
            )
        if self.owner_url is not None:
            owner = {"CUSTOMER_OWNER_DATABASE_URL": self.owner_url}
            steps.append(
                Step("migrate PostgreSQL", ("customer", "migrate"), {**base, **self.customer, **owner})
            )
        rating = {"RATING_MONGODB_URL": self.rating_url}
        activity = {"ACTIVITY_STORE_URL": self.activity_url}
        steps.append(Step("make MongoDB's indexes", ("rating", "indexes"), {**base, **rating}))
        steps.append(Step("migrate the activity store", ("activity", "migrate"), {**base, **activity}))
        steps.append(Step("make the queues", ("router", "setup"), {**base, **self.sqs}))
        return steps

    def _choose_postgres(self, folder: DataFolder, settings: DevstackSettings, port: int) -> Postgres | None:
        if settings.customer_database_url is not None:
            if settings.customer_relay_database_url is None:
                raise ConfigurationProblem(
                    "CUSTOMER_DATABASE_URL names a real PostgreSQL; set CUSTOMER_RELAY_DATABASE_URL too "
                    "(the role customer_relay on the same database)"
                )
            self._note_external("postgres", settings.customer_database_url, 5432)
            return None
        postgres = Postgres(folder.root / "postgres", port, folder.log("postgres"))
        self.servers.append(SupervisedPostgres(postgres))
        return postgres

    def _choose_mongo(self, folder: DataFolder, settings: DevstackSettings, port: int) -> str:
        if settings.rating_mongodb_url is not None:
            return self._note_external("mongodb", settings.rating_mongodb_url, 27017)
        mongo = Mongo(folder.root / "mongodb", port, folder.log("mongodb"))
        self.servers.append(mongo)
        return f"{mongo.url}/rating"

    def _choose_activity(self, folder: DataFolder, settings: DevstackSettings) -> str:
        if settings.activity_store_url is not None:
            return self._note_external("activity-store", settings.activity_store_url, 9200)
        return f"sqlite:///{folder.activity_store}"

    def _choose_sqs(self, folder: DataFolder, settings: DevstackSettings, port: int) -> dict[str, str]:
        if settings.aws_endpoint_url_sqs is not None:
            self._note_external("sqs", SecretStr(settings.aws_endpoint_url_sqs), 443)
            return {}  # its region and keys are in the environment already
        sqs = Sqs(port, folder.log("sqs"))
        self.servers.append(sqs)
        # Its queues are gone after a restart, and nobody else makes them.
        return {**sqs.client_environment, "RELAY_CREATE_QUEUES": "true"}

    def _note_external(self, name: str, secret_url: SecretStr, default_port: int) -> str:
        url = secret_url.get_secret_value()
        parts = urlsplit(url)
        port = parts.port or default_port
        public = f"{parts.scheme}://{parts.hostname or ''}:{port}"
        self.external.append(
            ProcessRecord(name, port, public, has_health=False, identity=None, external=True)
        )
        return url

    def _customer_url(self, given: SecretStr | None, role: str) -> str:
        if given is not None:
            return given.get_secret_value()
        if self._postgres is None:
            raise ConfigurationProblem(f"there is no database URL for the role {role}")
        return self._postgres.url(role, _DATABASE)

    def _owner_url(self, settings: DevstackSettings) -> str | None:
        if settings.customer_owner_database_url is not None:
            return settings.customer_owner_database_url.get_secret_value()
        return self._postgres.url("customer_owner", _DATABASE) if self._postgres is not None else None

    def _superuser(self, postgres: Postgres) -> dict[str, str]:
        return {
            "CUSTOMER_SUPERUSER_DATABASE_URL": postgres.url(SUPERUSER, "postgres"),
            "CUSTOMER_OWNER_DATABASE_URL": postgres.url("customer_owner", _DATABASE),
        }


def _services(
    folder: DataFolder, ports: Mapping[str, int], base: Mapping[str, str], stores: _Stores
) -> list[Service]:
    """The six processes, in the order in which they start."""
    urls = {name: f"http://127.0.0.1:{ports[name]}/graphql" for name in ("customer", "rating", "activity")}
    subgraph_urls = {f"{name.upper()}_URL": url for name, url in urls.items()}
    own: dict[str, tuple[tuple[str, ...], str, Mapping[str, str]]] = {
        "customer": (("customer", "serve"), "/graphql", stores.customer),
        "rating": (("rating", "serve"), "/graphql", {"RATING_MONGODB_URL": stores.rating_url}),
        "activity": (("activity", "serve"), "/graphql", {"ACTIVITY_STORE_URL": stores.activity_url}),
        "relay": (("customer", "relay"), "", stores.relay),
        "router": (
            ("router", "run"),
            "",
            {
                **stores.sqs,
                **subgraph_urls,
                "ROUTER_CONFIG": str(_project_file("router.yaml")),
                "ROUTER_TOKEN_FILE": str(folder.router_token),
            },
        ),
        "gateway": (
            ("gateway", "serve"),
            "/graphql",
            {**subgraph_urls, "GATEWAY_SUPERGRAPH": str(_project_file("schema", "supergraph.graphql"))},
        ),
    }
    return [
        Service(ServiceSpec(name, arguments, ports[name], path, folder.log(name), {**base, **env}))
        for name, (arguments, path, env) in own.items()
    ]


def _project_file(*parts: str) -> Path:
    path = project_root().joinpath(*parts)
    if not path.exists():
        raise ConfigurationProblem(
            f"{path} is missing; the devstack runs from a checkout of the project, and "
            "`make schema` writes schema/"
        )
    return path
