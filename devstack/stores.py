"""The stores under the subgraphs: embedded servers, or those that the environment names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from devstack.layout import DataFolder
from devstack.servers.mongo import Mongo
from devstack.servers.postgres import SUPERUSER, Postgres
from devstack.servers.protocol import Supervised
from devstack.servers.sqs import Sqs
from devstack.servers.supervised_postgres import SupervisedPostgres
from devstack.settings import DevstackSettings
from devstack.state import ProcessRecord
from kernel.settings import ConfigurationProblem

__all__ = ["Step", "Store", "activity_store", "customer_store", "queue_store", "rating_store"]

_DATABASE = "customer_graph"


@dataclass(frozen=True, slots=True)
class Step:
    """`customer-graph <arguments>`, which must succeed before the processes start. May be repeated."""

    title: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Store:
    """One store: what runs it, what prepares it, and what its users are told."""

    #: Environment variables by the name of the process that needs them.
    environment: Mapping[str, Mapping[str, str]] = field(repr=False)
    steps: Sequence[Step]
    #: The embedded server; None when there is none to start.
    server: Supervised | None = None
    #: The server at the URL in the environment, which takes the embedded one's place.
    external: ProcessRecord | None = None


def customer_store(folder: DataFolder, settings: DevstackSettings, port: int) -> Store:
    """PostgreSQL with its three roles; raises ConfigurationProblem when only some of the URLs are given."""
    keys = {
        "CUSTOMER_ENCRYPTION_KEY": _key(settings.customer_encryption_key, folder, "encryption"),
        "CUSTOMER_BLIND_INDEX_KEY": _key(settings.customer_blind_index_key, folder, "blind-index"),
    }
    if settings.customer_database_url is not None:
        return _external_customer_store(settings, settings.customer_database_url.get_secret_value(), keys)
    postgres = Postgres(folder.root / "postgres", port, folder.log("postgres"))
    # Each connection is a process of PostgreSQL's; four keep two cores busy.
    app = {"CUSTOMER_DATABASE_URL": postgres.url("customer_app", _DATABASE), "CUSTOMER_POOL_SIZE": "4"}
    relay = {"CUSTOMER_RELAY_DATABASE_URL": postgres.url("customer_relay", _DATABASE)}
    owner = {"CUSTOMER_OWNER_DATABASE_URL": postgres.url("customer_owner", _DATABASE)}
    superuser = {"CUSTOMER_SUPERUSER_DATABASE_URL": postgres.url(SUPERUSER, "postgres")}
    provision = Step(
        "create PostgreSQL's roles and database",
        ("customer", "provision"),
        {**superuser, **owner, **app, **relay},
    )
    return Store(
        environment={"customer": {**app, **keys}, "relay": relay},
        steps=[provision, _migrate(owner)],
        server=SupervisedPostgres(postgres),
    )


def _external_customer_store(settings: DevstackSettings, url: str, keys: Mapping[str, str]) -> Store:
    relay_url, owner_url = settings.customer_relay_database_url, settings.customer_owner_database_url
    if relay_url is None:
        raise ConfigurationProblem(
            "CUSTOMER_DATABASE_URL names a real PostgreSQL; set CUSTOMER_RELAY_DATABASE_URL too "
            "(the role customer_relay on the same database)"
        )
    steps = []
    if owner_url is not None:
        steps.append(_migrate({"CUSTOMER_OWNER_DATABASE_URL": owner_url.get_secret_value()}))
    return Store(
        environment={
            "customer": {"CUSTOMER_DATABASE_URL": url, **keys},
            "relay": {"CUSTOMER_RELAY_DATABASE_URL": relay_url.get_secret_value()},
        },
        steps=steps,
        external=_external("postgres", url, 5432),
    )


def _key(given: SecretStr | None, folder: DataFolder, name: str) -> str:
    return given.get_secret_value() if given is not None else folder.secret(name)


def _migrate(owner: Mapping[str, str]) -> Step:
    return Step("migrate PostgreSQL", ("customer", "migrate"), owner)


def rating_store(folder: DataFolder, settings: DevstackSettings, port: int) -> Store:
    """MongoDB."""
    server = external = None
    if settings.rating_mongodb_url is not None:
        url = settings.rating_mongodb_url.get_secret_value()
        external = _external("mongodb", url, 27017)
    else:
        server = Mongo(folder.root / "mongodb", port, folder.log("mongodb"))
        url = f"{server.url}/rating"
    environment = {"RATING_MONGODB_URL": url}
    indexes = Step("make MongoDB's indexes", ("rating", "indexes"), environment)
    return Store({"rating": environment}, [indexes], server, external)


def activity_store(folder: DataFolder, settings: DevstackSettings) -> Store:
    """Elasticsearch, or the embedded store, which needs no server."""
    external = None
    if settings.activity_store_url is not None:
        url = settings.activity_store_url.get_secret_value()
        external = _external("elasticsearch", url, 9200)
    else:
        url = f"sqlite:///{folder.activity_store}"
    environment = {"ACTIVITY_STORE_URL": url}
    migrate = Step("migrate the activity store", ("activity", "migrate"), environment)
    return Store({"activity": environment}, [migrate], external=external)


def queue_store(folder: DataFolder, settings: DevstackSettings, port: int) -> Store:
    """SQS and its queues."""
    server = external = None
    environment: dict[str, str] = {}
    if settings.aws_endpoint_url_sqs is not None:
        # Its region and keys are in the environment already, where boto3 finds them.
        external = _external("sqs", settings.aws_endpoint_url_sqs, 443)
    else:
        server = Sqs(port, folder.log("sqs"))
        # Its queues are gone after a restart, and nobody else makes them.
        create = {"RELAY_CREATE_QUEUES": "true", "ROUTER_CREATE_QUEUES": "true"}
        environment = {**server.client_environment, **create}
    setup = Step("make the queues", ("router", "setup"), environment)
    return Store({"relay": environment, "router": environment}, [setup], server, external)


def _external(name: str, url: str, default_port: int) -> ProcessRecord:
    parts = urlsplit(url)
    port = parts.port or default_port
    # Without user, password and database: this is shown.
    shown = f"{parts.scheme}://{parts.hostname or ''}:{port}"
    return ProcessRecord(name, port, shown, has_health=False, identity=None, external=True)
