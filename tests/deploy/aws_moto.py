"""The templates deployed into moto's server, in the order of their imports."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from devstack.servers.sqs import Sqs
from tests.deploy.aws_for_moto import ACCOUNT, REGION, for_moto
from tests.deploy.aws_templates import ORDER, load
from tests.kit.postgres import free_port
from tests.kit.waiting import is_soon

__all__ = ["NAME", "SECOND", "Deployed", "deployed_stacks"]

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


@contextmanager
def deployed_stacks(folder: Path) -> Iterator[Deployed]:
    """All stacks in a server of their own; `folder` gets its log."""
    server = Sqs(free_port(), folder / "moto.log")
    server.start()
    try:
        assert is_soon(server.ready, _PATIENCE)
        deployed = Deployed(server)
        deployed.prepare()
        for system in (NAME, SECOND):
            for name in ORDER:
                if name == "edge":
                    deployed.upload_authorizer(system)
                deployed.deploy(system, name)
        yield deployed
    finally:
        server.stop()
