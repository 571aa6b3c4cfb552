"""Every role of every template: who may take it, on what, and why where it must be everything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.deploy.aws_for_moto import ACCOUNT, REGION
from tests.deploy.aws_moto import NAME, Container, Deployed
from tests.deploy.aws_templates import resources

#: What ECS does to start a task, besides reading its secrets.
START = {
    "ecr:GetAuthorizationToken": "*",
    "ecr:BatchCheckLayerAvailability": "repository",
    "ecr:BatchGetImage": "repository",
    "ecr:GetDownloadUrlForLayer": "repository",
    "logs:CreateLogStream": "log",
    "logs:PutLogEvents": "log",
}
#: Services that name no account when they take a role.
WITHOUT_ACCOUNT = {"lambda.amazonaws.com"}


@dataclass
class Role:
    """A role as it is deployed."""

    template: str
    logical: str
    trust: dict[str, Any]
    statements: list[dict[str, Any]]
    #: Actions (patterns) on every resource, with the reason.
    wildcards: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.template}.{self.logical}"


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture
def roles(deployed: Deployed) -> list[Role]:
    """All roles of the first system."""
    found = [
        Role(
            template,
            logical,
            resource["Properties"]["AssumeRolePolicyDocument"],
            deployed.policies(physical),
            resource.get("Metadata", {}).get("wildcards", {}),
        )
        for template, logical, resource in resources("AWS::IAM::Role")
        if (physical := deployed.made[NAME, template].get(logical))
    ]
    assert len(found) > 20
    return found


def rights(role: Role) -> Iterator[tuple[str, str]]:
    """(action, resource) of everything that the role allows."""
    for statement in role.statements:
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                yield action, resource


def test_roles_only_allow_what_they_name(roles: list[Role]) -> None:
    """No statement speaks of every action, or of what it does not name."""
    for role in roles:
        for statement in role.statements:
            assert statement["Effect"] == "Allow"
            assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()
        assert not [action for action, _ in rights(role) if "*" in action], str(role)


def test_every_resource_is_meant_where_aws_has_no_other(roles: list[Role]) -> None:
    """`Resource: "*"` has a reason in the role's metadata, and each reason is needed."""
    for role in roles:
        everything = {action for action, resource in rights(role) if resource == "*"}
        for action in everything:
            assert [one for one in role.wildcards if fnmatchcase(action, one)], f"{role}: {action}"
        for pattern, reason in role.wildcards.items():
            assert reason.strip()
            assert [action for action in everything if fnmatchcase(action, pattern)], f"{role}: {pattern}"


def test_a_pattern_stays_inside_of_this_system(roles: list[Role]) -> None:
    """An ARN with a star in it names the system, its bucket, or the log stream, before the star."""
    for role in roles:
        for action, resource in rights(role):
            if resource == "*" or "*" not in resource:
                continue
            if resource == f"arn:aws:apigateway:{REGION}::/*":
                continue  # an API's id is not known before it is made
            assert NAME in resource, f"{role}: {action} on {resource}"


def test_a_role_is_taken_by_one_service_of_this_account(roles: list[Role]) -> None:
    """The service may take it for this account alone, lest another account has it do so (confused deputy)."""
    for role in roles:
        (statement,) = role.trust["Statement"]
        service = statement["Principal"]["Service"]
        assert isinstance(service, str), str(role)
        if service not in WITHOUT_ACCOUNT:
            condition = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
            assert statement["Condition"] == condition, str(role)


def test_ecs_may_start_a_task_and_nothing_else(deployed: Deployed) -> None:
    """An execution role reads the image, writes the log and reads the secrets of its own containers."""
    by_role: dict[str, list[Container]] = {}
    for container in deployed.containers(NAME):
        by_role.setdefault(container.execution_role, []).append(container)
    for role, containers in by_role.items():
        (image,) = {container.image for container in containers}
        (group,) = {container.log_group for container in containers}
        arns = {
            "*": "*",
            "repository": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{NAME}/{image}",
            "log": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}",
        }
        wanted = {(action, arns[on]) for action, on in START.items()}
        secrets = {
            re.sub(r":\w+::$", "", arn) for container in containers for arn in container.secrets.values()
        }
        wanted |= {("secretsmanager:GetSecretValue", arn) for arn in secrets}
        if secrets:
            wanted.add(("kms:Decrypt", deployed.exports()[f"{NAME}-DataKeyArn"]))
        allowed = {
            (action, resource)
            for statement in deployed.policies(role)
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }
        assert allowed == wanted, role


def via(statement: dict[str, Any]) -> str:
    """Through which service the statement lets a key be used."""
    return str(statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", ""))


def test_keys_are_used_through_the_service_that_they_are_for(roles: list[Role]) -> None:
    """No role decrypts by itself, but the operators' shell, whose session the cluster's key encrypts."""
    by_itself = {
        str(role)
        for role in roles
        for statement in role.statements
        if [action for action in as_list(statement["Action"]) if action.startswith("kms:")]
        and not re.fullmatch(rf"[a-z0-9]+\.{REGION}\.amazonaws\.com", via(statement))
    }
    assert by_itself == {"tasks.OperatorShellRole"}


def test_managed_policies_are_of_aws_and_few() -> None:
    """Where AWS's own service does the work, its own policy says what it needs; nowhere else."""
    managed = {
        (template, logical): [arn["Fn::Sub"].rpartition("/")[2] for arn in found]
        for template, logical, resource in resources("AWS::IAM::Role")
        if (found := resource["Properties"].get("ManagedPolicyArns"))
    }
    assert managed == {
        ("cluster", "DeploymentRole"): ["AmazonECSInfrastructureRolePolicyForLoadBalancers"],
        ("data", "MonitoringRole"): ["AmazonRDSEnhancedMonitoringRole"],
    }


def test_nobody_has_a_key_of_his_own() -> None:
    """No user, no access key, no group: people and services come by roles."""
    kinds = {resource["Type"] for _, _, resource in resources()}
    assert not kinds & {"AWS::IAM::User", "AWS::IAM::AccessKey", "AWS::IAM::Group"}


#: Stacks that the pipeline changes, in the name of one role.
BY_PIPELINE = ("tasks", "service-", "edge")


def test_the_pipelines_roles_are_bounded(roles: list[Role], deployed: Deployed) -> None:
    """Every role of a stack that the pipeline changes has the boundary, which holds all that it may do."""
    boundary = deployed.exports()[f"{NAME}-RoleBoundaryArn"]
    iam = deployed.client("iam")
    version = iam.get_policy(PolicyArn=boundary)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=boundary, VersionId=version)["PolicyVersion"]["Document"]
    most = Role("foundation", "RoleBoundary", {}, statements_of(document))
    bounded = [role for role in roles if role.template.startswith(BY_PIPELINE)]
    assert len(bounded) >= 20
    for role in bounded:
        (resource,) = [
            one
            for template, logical, one in resources("AWS::IAM::Role")
            if (template, logical) == (role.template, role.logical)
        ]
        assert resource["Properties"]["PermissionsBoundary"] == {
            "Fn::ImportValue": {"Fn::Sub": "${Name}-RoleBoundaryArn"}
        }, str(role)
        for action, wanted in rights(role):
            patterns = [one for allowed, one in rights(most) if allowed == action]
            assert patterns, f"{role}: {action}"
            # moto makes no secrets here, so their ARNs are stand-ins: their names are looked at below.
            if action != "secretsmanager:GetSecretValue":
                assert any(fnmatchcase(wanted, pattern) for pattern in patterns), f"{role}: {action} {wanted}"
    for _, logical, secret in resources("AWS::SecretsManager::Secret"):
        assert secret["Properties"]["Name"]["Fn::Sub"].startswith("${Name}/"), logical


def test_the_pipeline_cannot_free_itself(roles: list[Role], deployed: Deployed) -> None:
    """Who changes stacks may make roles with the boundary only, and may not touch the pipeline's own."""
    (stack,) = [role for role in roles if str(role) == "pipeline.StackRole"]
    boundary = {"StringEquals": {"iam:PermissionsBoundary": deployed.exports()[f"{NAME}-RoleBoundaryArn"]}}
    own = [f"arn:aws:iam::{ACCOUNT}:role/{deployed.made[NAME, 'pipeline'][logical]}" for logical in PIPELINE]
    for statement in stack.statements:
        actions = {action for action in as_list(statement["Action"]) if action.startswith("iam:")}
        if actions & {"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"}:
            assert statement["Condition"] == boundary
        assert not actions & {"iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary"}
        if actions:
            patterns = as_list(statement["Resource"])
            assert not [arn for arn in own if any(fnmatchcase(arn, one) for one in patterns)], actions


PIPELINE = ("BuildRole", "DeployRole", "StackRole", "PipelineRole", "PushRole")


def statements_of(document: Any) -> list[dict[str, Any]]:
    """moto hands a document out as Python or as text, by how it was made."""
    parsed = ast.literal_eval(document) if isinstance(document, str) else document
    found: list[dict[str, Any]] = parsed["Statement"]
    return found
