"""Task definitions agree with the code: commands, settings, secrets, ports, names, health checks, logs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import GatewaySettings, subgraph_urls_from_environment
from kernel.settings import ServiceSettings, environment, load, verifier_from
from router.settings import RouterSettings
from router.targets import new_session
from router.worker import tokens_from
from subgraphs.activity import settings as activity
from subgraphs.customer import settings as customer
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.store.engine import parse_url
from subgraphs.customer.store.provision import APPLICATION, OWNER, RELAY
from subgraphs.rating import settings as rating
from tests.deploy.aws_moto import NAME, SECOND, Container, Deployed
from tests.deploy.aws_templates import load as template
from tests.deploy.aws_templates import resources

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(sys.executable).with_name("customer-graph")
#: What each command reads.
SETTINGS: dict[tuple[str, ...], type[ServiceSettings]] = {
    ("customer", "serve"): customer.CustomerSettings,
    ("customer", "relay"): RelaySettings,
    ("customer", "provision"): customer.ProvisionSettings,
    ("customer", "migrate"): customer.MigrationSettings,
    ("rating", "serve"): rating.RatingSettings,
    ("rating", "indexes"): rating.StoreSettings,
    ("rating", "recompute"): rating.StoreSettings,
    ("activity", "serve"): activity.ActivitySettings,
    ("activity", "migrate"): activity.StoreSettings,
    ("router", "run"): RouterSettings,
    ("router", "setup"): RouterSettings,
    ("gateway", "serve"): GatewaySettings,
    # The operators' shell, in which all of the router's commands run.
    (): RouterSettings,
}
#: Those that verify tokens.
SERVING = ("customer", "rating", "activity", "gateway")
SUBGRAPHS = frozenset(("customer", "rating", "activity"))
#: What libraries read: asyncpg and boto3.
OF_LIBRARIES = {"PGSSLMODE", "PGSSLROOTCERT", "AWS_DEFAULT_REGION"}


@pytest.fixture(params=[NAME, SECOND])
def containers(deployed: Deployed, request: pytest.FixtureRequest) -> list[Container]:
    """Everything that ECS would run, of each system."""
    found = deployed.containers(request.param)
    assert len(found) == len(list(resources("AWS::ECS::TaskDefinition")))
    return found


def live_in(monkeypatch: pytest.MonkeyPatch, container: Container) -> type[ServiceSettings]:
    """Have the container's environment and nothing else; answers its settings class."""
    for name in environment():
        monkeypatch.delenv(name)
    urls = {"RATING_MONGODB_URL": "mongodb+srv://u:p@host/rating", "ACTIVITY_STORE_URL": "https://host:9243"}
    for name, value in container.environment.items():
        monkeypatch.setenv(name, value)
    for name in container.secrets:
        monkeypatch.setenv(name, urls.get(name, "a-secret-of-more-than-thirty-two-characters"))
    return SETTINGS[container.command[:2]]


def test_commands_are_commands(deployed: Deployed) -> None:
    """Each container's command is one of the command line's, with options that it has."""
    for command in {container.command for container in deployed.containers(NAME) if container.command}:
        done = subprocess.run(
            [SCRIPT, *command, "--help"], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        assert f"{command[0]} {command[1]}" in done.stdout


def test_every_variable_is_read_by_somebody(containers: list[Container]) -> None:
    """A setting under a wrong name would be ignored without a word."""
    of_the_table = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "router.yaml").read_text(encoding="utf-8")))
    for container in containers:
        fields = {name.upper() for name in SETTINGS[container.command[:2]].model_fields}
        known = fields | OF_LIBRARIES
        if container.image == "router":
            known |= of_the_table
        if container.image == "gateway":
            known |= {f"SUBGRAPH_URL_{name.upper()}" for name in SUBGRAPHS}
        given = [*container.environment, *container.secrets]
        assert set(given) <= known, container.name
        assert len(given) == len(set(given)), container.name


async def test_every_process_starts_with_what_it_is_given(
    containers: list[Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is missing: the settings load, tokens can be verified or got, each role logs in as itself."""
    for container in containers:
        with monkeypatch.context() as patch:
            settings = load(live_in(patch, container))
            assert settings.environment == "production", container.name
            if container.name in SERVING:
                verifier_from(settings)
            if isinstance(settings, RouterSettings) and container.command != ("router", "setup", "--check"):
                async with new_session() as session:
                    tokens_from(settings, session)
            if isinstance(settings, customer.ProvisionSettings):
                for role, url in (
                    (OWNER, settings.customer_owner_database_url),
                    (APPLICATION, settings.customer_database_url),
                    (RELAY, settings.customer_relay_database_url),
                ):
                    login = parse_url(url.get_secret_value())
                    assert (login.username, bool(login.password)) == (role, True)
            if isinstance(settings, GatewaySettings):
                assert subgraph_urls_from_environment(SUBGRAPHS).keys() == SUBGRAPHS


def test_secrets_are_read_by_keys_that_they_have(containers: list[Container]) -> None:
    """`ARN:key::` names a key that the secret is made with; secrets without JSON are read whole."""
    made = template("data")["Resources"]
    for container in containers:
        for variable, reference in container.secrets.items():
            assert not re.search("KEY|PASSWORD|SECRET", variable) or reference.startswith("arn:"), variable
            logical, _, key = reference.split(":", 5)[5].partition(":")
            key = key.removesuffix("::")
            if logical.startswith("Database."):
                assert key in ("username", "password")
                continue
            generated = made[logical]["Properties"]["GenerateSecretString"]
            text = generated.get("SecretStringTemplate", "")
            text = text["Fn::Sub"] if isinstance(text, dict) else text
            keys = {*re.findall(r'"(\w+)":', text), generated.get("GenerateStringKey", "")}
            assert key in keys, (container.name, variable)


def test_nothing_secret_is_written_down(containers: list[Container]) -> None:
    """Passwords and keys come from Secrets Manager alone, never as a plain variable."""
    for container in containers:
        assert not [name for name in container.environment if re.search("PASSWORD|SECRET|_KEY$", name)]
        assert not [
            value for value in container.environment.values() if re.search(r"//[^/@]+:[^/@]+@", value)
        ]


def test_ports_agree(containers: list[Container]) -> None:
    """The port that is listened on is the one that is mapped, asked for health, and the setting's default."""
    listening = [container for container in containers if container.port]
    assert {container.name for container in listening} == {*SERVING, "relay", "router"}
    for container in listening:
        default = SETTINGS[container.command[:2]].model_fields["port"].default
        assert str(container.port) == container.environment["PORT"] == str(default)
        assert container.environment["HOST"] == "0.0.0.0"  # noqa: S104 - inside a private subnet
        assert container.health == (
            "CMD", "python", "-m", "kernel.health", f"http://127.0.0.1:{container.port}/health",
        )  # fmt: skip


def test_services_call_each_other_by_names_that_exist(containers: list[Container]) -> None:
    """Every URL of a subgraph is an alias of Service Connect, with the port behind it and its path."""
    aliases = {}
    for _, _, service in resources("AWS::ECS::Service"):
        connect = service["Properties"].get("ServiceConnectConfiguration", {})
        for served in connect.get("Services", []):
            (alias,) = served["ClientAliases"]
            aliases[alias["DnsName"]] = alias["Port"]
    ports = {container.name: container.port for container in containers if container.name in SUBGRAPHS}
    assert aliases == ports
    urls = {
        value
        for container in containers
        for value in container.environment.values()
        if value.startswith("http://")
    }
    assert urls == {f"http://{name}:{port}/graphql" for name, port in aliases.items()}


def test_who_has_the_names_is_in_the_namespace() -> None:
    """Names are resolved inside of services of the namespace alone: whoever is given one is such."""
    for name, _, service in resources("AWS::ECS::Service"):
        properties = service["Properties"]
        task = template(name)["Resources"][properties["TaskDefinition"]["Ref"]]["Properties"]
        (container,) = task["ContainerDefinitions"]
        asks = any(str(one["Value"]).startswith("http://") for one in container["Environment"])
        serves = properties["ServiceName"] in SUBGRAPHS
        assert properties.get("ServiceConnectConfiguration", {}).get("Enabled", False) == (asks or serves)
    in_services = {
        (name, service["Properties"]["TaskDefinition"]["Ref"])
        for name, _, service in resources("AWS::ECS::Service")
    }
    for name, logical, task in resources("AWS::ECS::TaskDefinition"):
        if (name, logical) not in in_services:
            (container,) = task["Properties"]["ContainerDefinitions"]
            assert not [one for one in container["Environment"] if str(one["Value"]).startswith("http://")]


def test_containers_can_do_little(containers: list[Container]) -> None:
    """Nobody's user, no capability, a root file system that stays as it is; exceptions give a reason."""
    reasons = {
        resource["Properties"]["Family"]["Fn::Sub"].removeprefix("${Name}-")
        for _, _, resource in resources("AWS::ECS::TaskDefinition")
        if resource.get("Metadata", {}).get("writes_root")
    }
    assert reasons == {"rating-recompute", "operator-shell"}
    for container in containers:
        raw: Any = container.raw
        assert raw["user"] == "10001:10001"
        assert not raw.get("privileged")
        assert raw["readonlyRootFilesystem"] == (container.name not in reasons), container.name
        if container.name != "operator-shell":
            assert raw["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}


def test_the_grace_is_inside_of_what_ecs_waits(containers: list[Container]) -> None:
    """Requests in flight end before ECS kills the process."""
    for container in containers:
        if container.port:
            grace = SETTINGS[container.command[:2]].model_fields["shutdown_grace_seconds"].default
            assert container.raw["stopTimeout"] > grace, container.name


def test_who_logs_in_by_turns_is_started_anew() -> None:
    """A running task keeps the login that it started with, so services are restarted after a rotation."""
    data = template("data")["Resources"]
    rotated = {
        one["Properties"]["SecretId"]["Ref"]
        for one in data.values()
        if one["Type"] == "AWS::SecretsManager::RotationSchedule"
    }
    assert rotated == {"OwnerLogin", "AppLogin", "RelayLogin"}
    services = set()
    for name, _, service in resources("AWS::ECS::Service"):
        task = template(name)["Resources"][service["Properties"]["TaskDefinition"]["Ref"]]["Properties"]
        secrets = json.dumps(task["ContainerDefinitions"][0].get("Secrets", []))
        if any(f"-{login}Arn" in secrets for login in rotated):
            services.add(service["Properties"]["ServiceName"])
    restarts = [
        json.loads(one["Properties"]["Target"]["Input"]["Fn::Sub"])
        for one in data.values()
        if one["Type"] == "AWS::Scheduler::Schedule"
    ]
    assert {restart["Service"] for restart in restarts} == services == {"customer", "relay"}
    allowed = data["RestartRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"]
    assert {one["Fn::Sub"].rpartition("/")[2] for one in allowed} == services
    assert all(restart["ForceNewDeployment"] for restart in restarts)
