"""The templates deployed into moto's server, in the order of their imports."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from devstack.servers.sqs import Sqs
from tests.deploy.aws_for_moto import ACCOUNT, REGION, for_moto
from tests.deploy.aws_templates import ORDER, load
from tests.kit.postgres import free_port
from tests.kit.waiting import is_soon

__all__ = ["NAME", "SECOND", "Container", "Deployed", "deployed"]

#: The templates' own default.
NAME = "customer-graph"
#: Another system in the same account, which makes every other choice that a parameter offers.
SECOND = "second"
COMMIT = "0123456789abcdef"
#: Seconds for the server to start.
_PATIENCE = 60

_IDENTITY = {"AuthIssuer": "https://id.example.com.br", "AuthJwks": "https://id.example.com.br/jwks.json"}
_RELEASE = {"ImageTag": COMMIT}
_TOKENS = {"TokenUrl": "https://id.example.com.br/token"}
#: What has no default.
_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "tasks": {**_RELEASE, **_TOKENS},
    "service-customer": {**_RELEASE, **_IDENTITY},
    "service-rating": {**_RELEASE, **_IDENTITY},
    "service-activity": {**_RELEASE, **_IDENTITY},
    "service-router": {**_RELEASE, **_TOKENS},
    "service-gateway": {**_RELEASE, **_IDENTITY},
    "edge": {"AuthorizerKey": f"authorizer/{COMMIT}.zip", **_IDENTITY},
    "pipeline": dict.fromkeys(("PythonImage", "NodeImage"), f"registry.example/image@sha256:{'0' * 64}"),
}
_PREFIX = {"QueuePrefix": "second-"}
#: Stands for the certificate that `_before` makes.
_CERTIFICATE = "(certificate)"
_SNAPSHOT = "before-the-fire"
#: The other choices; they turn every condition of every template round.
_OTHERWISE: Mapping[str, Mapping[str, str]] = {
    "foundation": {"AlarmEmail": "someone@example.com.br"},
    "network": {"PrivateEndpoints": "no"},
    "data": {"Rotation": "yes", "SnapshotIdentifier": _SNAPSHOT},
    "queues": _PREFIX,
    "cluster": {"CertificateArn": _CERTIFICATE},
    "tasks": {"ApiKey": "no", **_PREFIX},
    "service-customer": _PREFIX,
    "service-router": _PREFIX,
    "service-activity": {"ApiKey": "no"},
    "edge": {
        "AllowedOrigin": "https://app.example.com.br",
        "DomainName": "graph.example.com.br",
        "DomainCertificateArn": _CERTIFICATE,
        "InternalTls": "yes",
    },
    "pipeline": {
        "ConnectionArn": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/1",
        "FullRepositoryId": "owner/repository",
    },
}


@dataclass(frozen=True)
class Container:
    """The one container of a task definition, as ECS has it."""

    #: Of the service or one-shot task.
    name: str
    command: tuple[str, ...]
    image: str
    port: int | None
    health: tuple[str, ...]
    log_group: str
    environment: Mapping[str, str]
    #: By variable, the secret's ARN with the key in it.
    secrets: Mapping[str, str]
    task_role: str
    execution_role: str
    raw: Mapping[str, Any]


@dataclass
class Deployed:
    """Stacks in a running server."""

    server: Sqs
    #: The ARN of what people made before: a certificate.
    certificate: str = ""
    #: By system and template, what the stack has made: physical ids by logical id.
    made: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for boto3 in any process; for SQS alone, as production's processes use nothing else."""
        return {**self.server.client_environment, "AWS_DEFAULT_REGION": REGION}

    def client(self, service: str) -> Any:
        """A client of the server."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.server.url,
            region_name=REGION,
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
        )

    def exports(self) -> dict[str, str]:
        """What stacks export, by name."""
        pages = self.client("cloudformation").get_paginator("list_exports").paginate()
        return {one["Name"]: one["Value"] for page in pages for one in page["Exports"]}

    def containers(self, system: str) -> list[Container]:
        """Everything that ECS would run."""
        ecs = self.client("ecs")
        found = []
        for (of, name), made in self.made.items():
            definitions = [
                (logical, resource)
                for logical, resource in load(name)["Resources"].items()
                if resource["Type"] == "AWS::ECS::TaskDefinition" and of == system
            ]
            for logical, resource in definitions:
                answer = ecs.describe_task_definition(taskDefinition=made[logical])["taskDefinition"]
                (one,) = answer["containerDefinitions"]
                roles = (
                    made[resource["Properties"][role]["Fn::GetAtt"][0]]
                    for role in ("TaskRoleArn", "ExecutionRoleArn")
                )
                found.append(_container(one, *roles))
        return found

    def policies(self, role: str) -> list[dict[str, Any]]:
        """The statements of a role's own policies, with everything resolved."""
        iam = self.client("iam")
        statements: list[dict[str, Any]] = []
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            # moto keeps a document of CloudFormation as Python writes it.
            parsed = document if isinstance(document, dict) else ast.literal_eval(document)
            statements += parsed["Statement"]
        return statements

    def parameters(self, system: str, name: str) -> dict[str, str]:
        """What the template `name` is deployed with."""
        otherwise = _OTHERWISE.get(name, {}) if system == SECOND else {}
        chosen = {"Name": system, **_PARAMETERS.get(name, {}), **otherwise}
        return {key: self.certificate if value == _CERTIFICATE else value for key, value in chosen.items()}

    def deploy(self, system: str, name: str) -> None:
        """Make the stack of one template; raises when CloudFormation refuses it or a resource fails."""
        parameters = self.parameters(system, name)
        template = for_moto(load(name), parameters)
        stack = f"{system}-{name}"
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        assert described["StackStatus"] == "CREATE_COMPLETE", described
        found = [
            one
            for one in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
            if "LogicalResourceId" in one  # not where a condition leaves the resource out
        ]
        assert {one["ResourceStatus"] for one in found} <= {"CREATE_COMPLETE"}, found
        self.made[system, name] = {
            one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in found
        }

    def prepare(self) -> None:
        """What the parameters of the second system name: a snapshot and a certificate."""
        rds = self.client("rds")
        rds.create_db_instance(
            DBInstanceIdentifier="before", DBInstanceClass="db.m7g.large", Engine="postgres",
            AllocatedStorage=20, MasterUsername="postgres", MasterUserPassword="a-password",
        )  # fmt: skip
        rds.create_db_snapshot(DBSnapshotIdentifier=_SNAPSHOT, DBInstanceIdentifier="before")
        requested = self.client("acm").request_certificate(DomainName="graph.example.com.br")
        self.certificate = requested["CertificateArn"]

    def upload_authorizer(self, system: str) -> None:
        """What the build puts into the bucket before the edge is deployed."""
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("kernel/lambda_authorizer.py", "")
        bucket = self.exports()[f"{system}-ArtefactBucketName"]
        self.client("s3").put_object(
            Bucket=bucket, Key=_PARAMETERS["edge"]["AuthorizerKey"], Body=body.getvalue()
        )


def _container(raw: Mapping[str, Any], task_role: str, execution_role: str) -> Container:
    ports = [one["containerPort"] for one in raw.get("portMappings", [])]
    return Container(
        name=raw["logConfiguration"]["options"]["awslogs-stream-prefix"],
        command=tuple(raw.get("command", [])),
        image=raw["image"].rpartition(":")[0].rpartition("/")[2],
        port=ports[0] if ports else None,
        health=tuple(raw.get("healthCheck", {}).get("command", [])),
        log_group=raw["logConfiguration"]["options"]["awslogs-group"],
        environment={one["name"]: one["value"] for one in raw.get("environment", [])},
        secrets={one["name"]: one["valueFrom"] for one in raw.get("secrets", []) if one},  # None: no value
        task_role=task_role,
        execution_role=execution_role,
        raw=raw,
    )


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """All stacks with the templates' defaults, and a second system beside them with every other choice."""
    server = Sqs(free_port(), tmp_path_factory.mktemp("deployed") / "moto.log")
    server.start()
    try:
        assert is_soon(server.ready, _PATIENCE)
        stacks = Deployed(server)
        stacks.prepare()
        for system in (NAME, SECOND):
            for name in ORDER:
                if name == "edge":
                    stacks.upload_authorizer(system)
                stacks.deploy(system, name)
        yield stacks
    finally:
        server.stop()
