"""Nothing is reachable that need not be: subnets, addresses, security groups, encryption, retention."""

from __future__ import annotations

from typing import Any

from tests.deploy.aws_templates import load, resources, walk

NETWORK: dict[str, Any] = load("network")["Resources"]
#: Who may open a connection to whom, by port.
CONNECTIONS = {
    ("VpcLinkGroup", "LoadBalancerGroup", 8000),
    ("LoadBalancerGroup", "GatewayGroup", 4000),
    ("GatewayGroup", "CustomerGroup", 4001),
    ("GatewayGroup", "RatingGroup", 4002),
    ("GatewayGroup", "ActivityGroup", 4003),
    ("RouterGroup", "CustomerGroup", 4001),
    ("RouterGroup", "RatingGroup", 4002),
    ("RouterGroup", "ActivityGroup", 4003),
    ("CustomerGroup", "DatabaseGroup", 5432),
    ("RotationGroup", "DatabaseGroup", 5432),
}
#: Groups that may call addresses that nobody knows beforehand, and from which port on.
OUT = {
    "GatewayGroup": {443},
    "CustomerGroup": {443},
    "RatingGroup": {443, 1024},
    "ActivityGroup": {443, 9200},
    "RouterGroup": {443},
    "RotationGroup": {443},
}


def groups() -> dict[str, dict[str, Any]]:
    return {
        logical: one["Properties"]
        for logical, one in NETWORK.items()
        if one["Type"] == "AWS::EC2::SecurityGroup"
    }


def test_who_may_be_called_by_whom() -> None:
    """Connections into a group are those of the picture in docs/architecture.md, each from another group."""
    found = set()
    for _, _, rule in resources("AWS::EC2::SecurityGroupIngress"):
        one = rule["Properties"]
        assert one["IpProtocol"] == "tcp"
        assert one["FromPort"] == one["ToPort"]
        found.add((one["SourceSecurityGroupId"]["Ref"], one["GroupId"]["Ref"], one["FromPort"]))
    assert found == CONNECTIONS


def test_who_may_call_whom() -> None:
    """Connections out of a group are the same, and besides them what is named by URL."""
    found = set()
    for logical, group in groups().items():
        out = set()
        for one in group["SecurityGroupEgress"]:
            if "DestinationSecurityGroupId" in one:
                found.add((logical, one["DestinationSecurityGroupId"]["Ref"], one["FromPort"]))
            elif one["CidrIp"] != "127.0.0.1/32":
                out.add(one["FromPort"])
        assert out == OUT.get(logical, set()), logical
    assert found == CONNECTIONS


def test_nobody_is_let_in_by_address() -> None:
    """But the endpoints of AWS services, from the VPC, by HTTPS."""
    by_address = {
        (logical, rule["FromPort"], str(rule["CidrIp"]))
        for logical, group in groups().items()
        for rule in group.get("SecurityGroupIngress", [])
    }
    assert by_address == {("EndpointGroup", 443, "{'Ref': 'CidrBlock'}")}


def test_nothing_of_ours_has_a_public_address() -> None:
    """Tasks, database and load balancer are private; only NAT gateways stand in public subnets."""
    for template, logical, service in resources("AWS::ECS::Service"):
        where = service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert where["AssignPublicIp"] == "DISABLED", (template, logical)
        assert where["Subnets"] == {
            "Fn::Split": [",", {"Fn::ImportValue": {"Fn::Sub": "${Name}-PrivateSubnets"}}]
        }
    for _, _, subnet in resources("AWS::EC2::Subnet"):
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False
    assert load("data")["Resources"]["Database"]["Properties"]["PubliclyAccessible"] is False
    assert load("cluster")["Resources"]["LoadBalancer"]["Properties"]["Scheme"] == "internal"
    in_public = {
        one["Type"]
        for logical, one in NETWORK.items()
        for value in walk(one.get("Properties", {}))
        if value in ({"Ref": "PublicSubnetA"}, {"Ref": "PublicSubnetB"})
    }
    assert in_public == {"AWS::EC2::NatGateway", "AWS::EC2::SubnetRouteTableAssociation"}


def test_private_subnets_are_what_is_exported() -> None:
    """The name that everything uses stands for the two that have no way in."""
    exported = load("network")["Outputs"]["PrivateSubnets"]["Value"]
    assert exported == {"Fn::Join": [",", [{"Ref": "PrivateSubnetA"}, {"Ref": "PrivateSubnetB"}]]}
    for zone in "AB":
        assert NETWORK[f"WayOut{zone}"]["Properties"]["RouteTableId"] == {"Ref": f"PrivateRoutes{zone}"}
        assert "NatGatewayId" in NETWORK[f"WayOut{zone}"]["Properties"]


def test_everything_at_rest_is_encrypted_by_our_keys() -> None:
    """Logs, secrets, queues, images, database, topic: each names a key of foundation.yaml."""
    of = {
        "AWS::Logs::LogGroup": ("KmsKeyId", "LogsKey"),
        "AWS::SecretsManager::Secret": ("KmsKeyId", "DataKey"),
        "AWS::SQS::Queue": ("KmsMasterKeyId", "DataKey"),
        "AWS::RDS::DBInstance": ("KmsKeyId", "DataKey"),
        "AWS::CodeBuild::Project": ("EncryptionKey", "DataKey"),
    }
    for kind, (name, key) in of.items():
        found = list(resources(kind))
        assert found, kind
        for template, logical, resource in found:
            wanted = {"Fn::ImportValue": {"Fn::Sub": f"${{Name}}-{key}Arn"}}
            assert resource["Properties"][name] == wanted, f"{template}.{logical}"
    for _, logical, resource in resources("AWS::ECR::Repository"):
        assert resource["Properties"]["EncryptionConfiguration"]["EncryptionType"] == "KMS", logical


def test_logs_are_kept_and_not_for_ever() -> None:
    """Every log group says how long; a year and more for what tells who did what."""
    for template, logical, group in resources("AWS::Logs::LogGroup"):
        days = group["Properties"]["RetentionInDays"]
        if isinstance(days, dict):
            days = load(template)["Parameters"][days["Ref"]]["Default"]
        assert days >= 365, f"{template}.{logical}"
        assert str(group["Properties"]["LogGroupName"]["Fn::Sub"]).startswith("/${Name}/")


def test_what_holds_data_survives_its_stack() -> None:
    """Deleting a stack, or a change that makes a resource anew, deletes no data."""
    kinds = {
        "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::SQS::Queue",
        "AWS::ECR::Repository", "AWS::Logs::LogGroup", "AWS::CodeCommit::Repository",
    }  # fmt: skip
    for template, logical, resource in resources():
        if resource["Type"] in kinds:
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain", (
                template,
                logical,
            )
    database = load("data")["Resources"]["Database"]
    assert database["DeletionPolicy"] == database["UpdateReplacePolicy"] == "Snapshot"
    assert database["Properties"]["DeletionProtection"] is True
    assert database["Properties"]["MultiAZ"] is True
    assert load("data")["Parameters"]["BackupDays"]["MinValue"] >= 14
