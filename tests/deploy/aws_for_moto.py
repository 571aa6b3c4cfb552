"""A template as moto takes it: without the types that it lacks, and with `Fn::Cidr` worked out.

What is read from a resource that is left out is replaced by a name that tells where it comes from. Those
resources are checked by cfn-lint's schemas of their types alone.
"""

from __future__ import annotations

import copy
import ipaddress
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["ACCOUNT", "NOT_IN_MOTO", "REGION", "for_moto"]

REGION = "sa-east-1"
#: moto's.
ACCOUNT = "123456789012"

#: Types that moto's CloudFormation does not make.
NOT_IN_MOTO = frozenset(
    {
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::ApiMapping",
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::ApiGatewayV2::VpcLink",
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::Alarm",
        "AWS::CodeBuild::Project",
        "AWS::CodeCommit::Repository",
        "AWS::CodePipeline::Pipeline",
        "AWS::Logs::MetricFilter",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::Schedule",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::SecretsManager::Secret",
        "AWS::SecretsManager::SecretTargetAttachment",
        "AWS::ServiceDiscovery::HttpNamespace",
    }
)
#: Attributes that moto does not know of a type that it makes.
_NOT_OF = {
    ("AWS::RDS::DBInstance", "MasterUserSecret.SecretArn"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName"),
}
#: Properties that moto breaks on: it hands its own object on where RDS wants a name.
_NOT_TAKEN = {"AWS::RDS::DBInstance": ("DBParameterGroupName",)}
_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")


def for_moto(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """A copy of the template that moto can deploy with these parameters."""
    cut = _Cut(template, parameters)
    left = {name: part for name, part in copy.deepcopy(dict(template)).items() if name != "Transform"}
    left["Resources"] = {
        logical: cut.resource(resource)
        for logical, resource in left["Resources"].items()
        if logical not in cut.missing
    }
    left["Outputs"] = cut.replaced(left.get("Outputs", {}))
    return left


class _Cut:
    """What is left out of one template."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._kinds = {logical: resource["Type"] for logical, resource in template["Resources"].items()}
        self.missing = {logical for logical, kind in self._kinds.items() if kind in NOT_IN_MOTO}
        defaults = {name: one.get("Default") for name, one in template.get("Parameters", {}).items()}
        self._values = {**defaults, **parameters}

    def resource(self, resource: dict[str, Any]) -> dict[str, Any]:
        """A resource that stays."""
        for name in _NOT_TAKEN.get(resource["Type"], ()):
            del resource["Properties"][name]
        after = resource.pop("DependsOn", [])
        kept = [one for one in ([after] if isinstance(after, str) else after) if one not in self.missing]
        changed: dict[str, Any] = self.replaced({**resource, **({"DependsOn": kept} if kept else {})})
        return changed

    def replaced(self, value: Any) -> Any:
        """The value without references to what moto does not know."""
        if isinstance(value, list):
            return [self.replaced(one) for one in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"Ref": str(logical)}:
                return self._stand_in(logical, None) or value
            case {"Fn::GetAtt": [str(logical), str(attribute)]}:
                return self._stand_in(logical, attribute) or value
            case {"Fn::Sub": str(text)}:
                return {"Fn::Sub": self._in_text(text)}
            case {"Fn::Sub": [str(text), dict(names)]}:
                return {"Fn::Sub": [self._in_text(text), self.replaced(names)]}
            case {"Fn::Cidr": [{"Ref": str(block)}, int(count), int(bits)]}:
                parts = ipaddress.ip_network(str(self._values[block])).subnets(new_prefix=32 - bits)
                return [str(next(parts)) for _ in range(count)]
        return {name: self.replaced(one) for name, one in value.items()}

    def _in_text(self, text: str) -> str:
        return _IN_TEXT.sub(lambda found: self._stand_in(found[1], found[2]) or found[0], text)

    def _stand_in(self, logical: str, attribute: str | None) -> str | None:
        """A name in the place of what moto does not know; None where it does."""
        kind = self._kinds.get(logical, "")
        if logical not in self.missing and (kind, attribute) not in _NOT_OF:
            return None
        name = f"{logical}.{attribute}" if attribute else logical
        if kind == "AWS::SecretsManager::Secret" or (attribute or "").endswith("Arn"):
            return f"arn:aws:{kind.split('::')[1].lower()}:{REGION}:{ACCOUNT}:{name}"
        return name
