"""What CloudFormation may do in the pipeline's name is what the stacks need that the pipeline changes.

What each type of resource needs stands in its own schema, which cfn-lint carries.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from tests.deploy.aws_moto import NAME, Deployed
from tests.deploy.aws_templates import resources

#: Stacks that a release changes as it likes, and what it changes of the edge, which people make.
WHOLE = ("tasks", "service-")
OF_THE_EDGE = {"AWS::Lambda::Function": ("read", "update")}
#: What schemas name and our templates have no use for; a pattern and why.
NOT_NEEDED = {
    "application-autoscaling:*ScheduledAction*": "nothing is scaled by the clock",
    "application-autoscaling:UntagResource": "no tag is taken away",
    "cloudwatch:UntagResource": "no tag is taken away",
    "iam:CreateServiceLinkedRole": "they are there since people made the stacks",
    "iam:*tachRolePolicy": "these roles have no managed policies",
    "iam:DeleteRolePermissionsBoundary": "the boundary stays",
    "iam:UpdateRole*": "descriptions and sessions are the defaults",
    "lambda:*ProvisionedConcurrency*": "what is scaled is services of ECS",
    "lambda:*FunctionConcurrency": "the function has no limit of its own",
    "lambda:*CodeSigningConfig": "packages are not signed",
    "lambda:Put*Config": "the function has no such setting",
    "lambda:PassCapacityProvider": "it has no capacity provider",
    "lambda:AssociateRuntimeAlias": "its runtime is a plain one",
    "lambda:PublishVersion": "it has no versions",
    "lambda:UntagResource": "no tag is taken away",
    "ec2:Describe*": "the function is in no VPC",
    "elasticfilesystem:*": "it mounts nothing",
    "s3files:*": "it mounts nothing",
    "kms:*": "its variables have no key of their own",
    "s3:GetObjectVersion": "a package has a name of its own and one version",
    "s3:REST.PUT.OBJECT": "logs are delivered nowhere",
    "firehose:*": "logs are delivered nowhere",
    "logs:CreateLogDelivery": "logs are delivered nowhere",
    "logs:*DataProtectionPolicy": "there is none",
    "logs:*IndexPolicy": "there is none",
    "logs:*ResourcePolicy": "there is none",
    "logs:Put*Authentication": "there is none",
    "logs:Put*DeletionProtection": "there is none",
    "logs:UntagResource": "no tag is taken away",
    "logs:DisassociateKmsKey": "logs keep their key",
    "logs:DeleteRetentionPolicy": "logs are never kept for ever",
    "logs:DeleteLogGroup": "logs outlive their stack",
}


@cache
def handlers() -> dict[str, dict[str, Any]]:
    """By type of resource: what its provider calls, for each thing that CloudFormation does with it."""
    folder = files("cfnlint") / "data" / "schemas" / "resources"
    schemas = [json.loads(one.read_text("utf-8")) for one in folder.iterdir() if one.name.endswith(".json")]
    return {schema["typeName"]: schema.get("handlers", {}) for schema in schemas}


def needed() -> set[str]:
    """What CloudFormation calls when a release is deployed."""
    found = set()
    for template, _, resource in resources():
        kind = resource["Type"]
        acts: tuple[str, ...] = ()
        if template.startswith(WHOLE):
            acts = ("create", "read", "update", "delete")
        elif template == "edge":
            acts = OF_THE_EDGE.get(kind, ())
        for act in acts:
            found |= set(handlers()[kind].get(act, {}).get("permissions", ()))
    return found


def allowed(deployed: Deployed) -> set[str]:
    """Actions of the role."""
    role = deployed.made[NAME, "pipeline"]["StackRole"]
    return {action for one in deployed.policies(role) for action in one["Action"]}


def is_listed(action: str) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in NOT_NEEDED)


def test_cloudformation_may_do_what_it_must(deployed: Deployed) -> None:
    """Each action that a resource's schema names is allowed, or listed as not needed."""
    assert len(needed()) > 50
    assert {action for action in needed() - allowed(deployed) if not is_listed(action)} == set()


def test_each_exception_is_one() -> None:
    """An entry of the list that fits nothing any more would hide the next thing."""
    assert {
        pattern for pattern in NOT_NEEDED if not any(fnmatchcase(one, pattern) for one in needed())
    } == set()


def test_cloudformation_may_do_nothing_else(deployed: Deployed) -> None:
    """What no schema names is known, one by one."""
    besides = {
        # The edge's other parts are looked at and, at most, changed in place.
        "apigateway:GET",
        "apigateway:PATCH",
        # Whether the function's update has ended, and its tags.
        "lambda:GetFunctionConfiguration",
        "lambda:ListTags",
    }
    assert allowed(deployed) - needed() == besides
