"""Alarms name a run-book, look at what is there, and do something; services scale and turn back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.deploy.aws_moto import NAME, Deployed
from tests.deploy.aws_templates import load, resources, walk

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("kernel", "gateway", "subgraphs", "router")
DESCRIPTION = re.compile(r"(docs/\w+\.md), '([^']+)': (.+)")
#: A metric's name as the run-book writes it.
METRIC = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


def alarms() -> dict[str, dict[str, Any]]:
    """Properties of every alarm, by logical id."""
    return {logical: one["Properties"] for _, logical, one in resources("AWS::CloudWatch::Alarm")}


def test_every_alarm_names_a_chapter_that_exists() -> None:
    """File and heading are there, and so is each metric that the text names."""
    assert len(alarms()) >= 15
    for logical, alarm in alarms().items():
        found = DESCRIPTION.fullmatch(alarm["AlarmDescription"])
        assert found, logical
        page, heading, text = found.groups()
        chapter = (ROOT / page).read_text(encoding="utf-8")
        assert re.search(rf"^##+ {re.escape(heading)}$", chapter, re.MULTILINE), (
            f"{logical}: {page} {heading}"
        )
        for metric in METRIC.findall(text):
            assert metric in chapter, f"{logical}: {metric}"


def test_every_alarm_does_something() -> None:
    """It tells people by the topic, or changes how many tasks there are; no two have one name."""
    policies = {logical for _, logical, _ in resources("AWS::ApplicationAutoScaling::ScalingPolicy")}
    topic = {"Fn::ImportValue": {"Fn::Sub": "${Name}-AlarmTopicArn"}}
    for logical, alarm in alarms().items():
        (action,) = alarm["AlarmActions"]
        assert action == topic or action["Ref"] in policies, logical
    names = [alarm["AlarmName"]["Fn::Sub"] for alarm in alarms().values()]
    assert len(set(names)) == len(names)
    assert all(name.startswith("${Name}-") for name in names)


def test_what_is_counted_in_logs_is_written_by_the_code() -> None:
    """Each event name and each field of a filter stands in the sources as a literal."""
    texts = [path.read_text(encoding="utf-8") for name in SOURCES for path in (ROOT / name).rglob("*.py")]
    text = "\n".join(texts)
    filters = [one["Properties"]["FilterPattern"] for _, _, one in resources("AWS::Logs::MetricFilter")]
    assert len(filters) == 5
    for pattern in filters:
        events = re.findall(r'\$\.event = "([^"]+)"', pattern)
        assert events, pattern
        for event in events:
            assert re.search(rf'log\.\w+\(\s*"{re.escape(event)}"', text), event
        for name in set(re.findall(r"\$\.(\w+)", pattern)) - {"event"}:
            assert f'"{name}": ' in text, name


def test_what_is_counted_is_looked_at() -> None:
    """Each count of a log has an alarm."""
    counted = {
        one["Properties"]["MetricTransformations"][0]["MetricName"]
        for _, _, one in resources("AWS::Logs::MetricFilter")
    }
    looked_at = {
        alarm["MetricName"] for alarm in alarms().values() if alarm.get("Namespace") == {"Ref": "Name"}
    }
    assert counted == looked_at


def test_the_dashboard_shows_what_there_is(deployed: Deployed) -> None:
    """It is JSON; its services are services, its queues queues, its own metrics those of the filters."""
    body = deployed.client("cloudwatch").get_dashboard(DashboardName=NAME)["DashboardBody"]
    shown = [one for one in walk(json.loads(body)["widgets"]) if isinstance(one, list) and len(one) > 1]
    services = {one["Properties"]["ServiceName"] for _, _, one in resources("AWS::ECS::Service")}
    named = {row[row.index("ServiceName") + 1] for row in shown if "ServiceName" in row}
    assert named == services - {"operator"}
    queues = {row[row.index("QueueName") + 1] for row in shown if "QueueName" in row}
    urls = deployed.client("sqs").list_queues()["QueueUrls"]
    assert queues
    assert queues <= {url.rpartition("/")[2] for url in urls}
    counted = {
        one["Properties"]["MetricTransformations"][0]["MetricName"]
        for _, _, one in resources("AWS::Logs::MetricFilter")
    }
    assert {row[1] for row in shown if row[0] == NAME} == counted


def test_a_bad_release_is_turned_back() -> None:
    """Blue/green by an alarm of the service's own failures; one by one by the circuit breaker."""
    strategies = {}
    for template, _, service in resources("AWS::ECS::Service"):
        properties = service["Properties"]
        configuration = properties["DeploymentConfiguration"]
        strategies[properties["ServiceName"]] = configuration["Strategy"]
        if configuration["Strategy"] == "BLUE_GREEN":
            watched = configuration["Alarms"]
            assert (watched["Enable"], watched["Rollback"]) == (True, True)
            (name,) = watched["AlarmNames"]
            alarm = load(template)["Resources"][name["Ref"]]["Properties"]
            assert alarm["MetricName"] == f"{properties['ServiceName']}-failures"
        else:
            assert configuration["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert strategies == {
        "customer": "BLUE_GREEN", "rating": "BLUE_GREEN", "activity": "BLUE_GREEN", "gateway": "BLUE_GREEN",
        "relay": "ROLLING", "router": "ROLLING", "operator": "ROLLING",
    }  # fmt: skip


def test_services_scale() -> None:
    """Whoever serves by CPU and requests; the router by the age of the oldest message of either queue."""
    found: dict[str, set[str]] = {}
    for template, _, policy in resources("AWS::ApplicationAutoScaling::ScalingPolicy"):
        found.setdefault(template, set()).add(policy["Properties"]["PolicyName"])
    both = {"cpu", "requests"}
    assert found == {
        "service-customer": both, "service-rating": both, "service-activity": both, "service-gateway": both,
        "service-router": {"queue-age-out", "queue-age-in"},
    }  # fmt: skip
    for name, action in (("RouterBehindAlarm", "RouterScaleOut"), ("RouterIdleAlarm", "RouterScaleIn")):
        alarm = alarms()[name]
        assert alarm["AlarmActions"] == [{"Ref": action}]
        queues = {
            one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::ImportValue"]["Fn::Sub"]
            for one in alarm["Metrics"]
            if "MetricStat" in one
        }
        assert queues == {"${Name}-RatingQueueName", "${Name}-ActivityQueueName"}
        (shown,) = [one for one in alarm["Metrics"] if one["ReturnData"]]
        assert shown["Expression"] == "MAX([rating, activity])"


def test_a_deployment_does_not_look_like_idleness() -> None:
    """While both colours run, the gateway's requests are counted for each task of either target group."""
    policy = load("service-gateway")["Resources"]["GatewayScaleByRequests"]["Properties"]
    metrics = policy["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]["Metrics"]
    groups = {
        dimension["Value"]["Fn::ImportValue"]["Fn::Sub"]
        for one in metrics
        for dimension in one.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
        if dimension["Name"] == "TargetGroup"
    }
    assert groups == {"${Name}-BlueTargetsFullName", "${Name}-GreenTargetsFullName"}
    assert [one["Expression"] for one in metrics if one["ReturnData"]] == ["SUM([blue, green])"]


def test_the_run_book_names_alarms_that_exist() -> None:
    """Its chapter on AWS has no alarm that was renamed, and every one that points there."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    chapter = page.partition("## Alarms of AWS\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`…(-[a-z-]+)`", chapter))
    names = {alarm["AlarmName"]["Fn::Sub"].removeprefix("${Name}"): alarm for alarm in alarms().values()}
    assert named
    assert named <= names.keys()
    for name, alarm in names.items():
        if "'Alarms of AWS'" in alarm["AlarmDescription"]:
            assert name in named


def test_commands_that_alarms_name_are_commands() -> None:
    """Whoever is woken by an alarm may copy it."""
    script = Path(sys.executable).with_name("customer-graph")
    commands = {
        found[1]
        for alarm in alarms().values()
        if (found := re.search(r"customer-graph (.+)$", alarm["AlarmDescription"]))
    }
    assert len(commands) == 2
    for command in commands:
        # With help it does nothing but read its options; the group reads the routing table, so there is one.
        words = [script, *command.split(), "--help"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr


def test_a_release_leaves_the_number_of_tasks_alone() -> None:
    """Who is scaled has no count in the template, which each update would put back; who is not has one."""
    for template, logical, service in resources("AWS::ECS::Service"):
        targets = [
            one
            for one in load(template)["Resources"].values()
            if one["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
            and {"Fn::GetAtt": [logical, "Name"]} in list(walk(one["Properties"]["ResourceId"]))
        ]
        assert ("DesiredCount" in service["Properties"]) == (not targets), logical
        for one in targets:
            bounds = one["Properties"]["MinCapacity"], one["Properties"]["MaxCapacity"]
            assert bounds == ({"Ref": "MinTasks"}, {"Ref": "MaxTasks"})
