"""The stacks in a server: made in order, joined by their exports, with the queues that the router wants."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from moto.cloudformation.parsing import get_model_map

from tests.deploy.aws_for_moto import ACCOUNT, NOT_IN_MOTO, REGION
from tests.deploy.aws_moto import NAME, SECOND, Deployed
from tests.deploy.aws_templates import NAMES, ORDER, conditions, load, resources, walk

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(sys.executable).with_name("customer-graph")
QUEUES = ("customer-rating.fifo", "customer-activity.fifo")
#: Bytes of a template that `aws cloudformation deploy` sends without a bucket for templates.
MOST_BYTES = 51_200


def router(deployed: Deployed, *words: str, prefix: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, "router", *words],
        cwd=ROOT, env={**deployed.environment, "QUEUE_PREFIX": prefix, "PATH": ""},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def attributes(deployed: Deployed, queue: str) -> dict[str, str]:
    sqs = deployed.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


def test_every_template_has_its_place() -> None:
    """A new template must be given its place in the order, or nothing here looks at it."""
    assert sorted(ORDER) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_template_can_be_sent_as_it_is(name: str) -> None:
    """Small enough to be deployed without a bucket for templates, as the guide and the pipeline do."""
    assert len((ROOT / "deploy" / "cloudformation" / f"{name}.yaml").read_bytes()) <= MOST_BYTES


@pytest.mark.parametrize("system", [NAME, SECOND])
def test_everything_is_made(deployed: Deployed, system: str) -> None:
    """Each stack makes each of its resources whose condition holds, but for the types that moto lacks."""
    for name in ORDER:
        template = load(name)
        holds = conditions(template, deployed.parameters(system, name))
        wanted = {
            logical
            for logical, resource in template["Resources"].items()
            if holds.get(resource.get("Condition", ""), True) and resource["Type"] not in NOT_IN_MOTO
        }
        assert set(deployed.made[system, name]) >= wanted, name
        assert set(deployed.made[system, name]) <= set(template["Resources"]), name


def test_only_what_moto_lacks_is_left_out() -> None:
    """An exception that is no longer needed hides what could be deployed."""
    used = {resource["Type"] for _, _, resource in resources()}
    assert used >= NOT_IN_MOTO
    assert not NOT_IN_MOTO & set(get_model_map())


@pytest.mark.parametrize("system", [NAME, SECOND])
def test_stacks_find_each_other(deployed: Deployed, system: str) -> None:
    """What one stack imports an earlier one of its system exports; nothing is exported for nobody."""
    exports = deployed.exports()
    imported = set()
    exported: dict[str, str] = {}
    for name in ORDER:
        for value in walk(load(name)):
            if isinstance(value, dict) and "Fn::ImportValue" in value:
                wanted = value["Fn::ImportValue"]["Fn::Sub"].replace("${Name}", system)
                assert wanted in exported, f"{name} imports {wanted}, which is not there yet"
                imported.add(wanted)
        for output in load(name).get("Outputs", {}).values():
            if "Export" in output:
                exported[output["Export"]["Name"]["Fn::Sub"].replace("${Name}", system)] = name
    assert set(exported) == imported
    assert {export for export in exports if export.startswith(f"{system}-")} == set(exported)
    assert all(exports[export] for export in exported)


@pytest.mark.parametrize("prefix", ["", "second-"])
def test_the_queues_are_those_that_the_router_wants(deployed: Deployed, prefix: str) -> None:
    """`router setup --check` finds names, visibility, retention and redrive policies as router.yaml says."""
    done = router(deployed, "setup", "--check", prefix=prefix)
    assert (done.returncode, done.stdout) == (0, "All queues are as they should be.\n"), done.stderr
    assert router(deployed, "check").returncode == 0


def test_a_queue_that_differs_is_told(deployed: Deployed) -> None:
    """The check above sees a redrive policy that is another than the router's."""
    sqs = deployed.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUES[0])["QueueUrl"]
    right = attributes(deployed, QUEUES[0])["RedrivePolicy"]
    other = json.dumps({**json.loads(right), "maxReceiveCount": "5"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": other})
    try:
        done = router(deployed, "setup", "--check")
        assert done.returncode == 1
        assert "RedrivePolicy" in done.stdout
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": right})


@pytest.mark.parametrize("queue", QUEUES)
def test_queues_are_fast_fifo_queues_under_our_key(deployed: Deployed, queue: str) -> None:
    """FIFO with high throughput, the largest messages, encrypted by the data key, each with its DLQ."""
    key = deployed.exports()[f"{NAME}-DataKeyArn"]
    dead = queue.replace(".fifo", "-dlq.fifo")
    for name in (queue, dead):
        found = attributes(deployed, name)
        assert {
            key: found[key]
            for key in (
                "FifoQueue", "DeduplicationScope", "FifoThroughputLimit", "KmsMasterKeyId",
                "MaximumMessageSize", "ContentBasedDeduplication",
            )
        } == {
            "FifoQueue": "true", "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId", "KmsMasterKeyId": key,
            "MaximumMessageSize": "1048576", "ContentBasedDeduplication": "false",
        }  # fmt: skip
    rule = json.loads(attributes(deployed, queue)["RedrivePolicy"])
    assert rule["deadLetterTargetArn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dead}"


def test_a_dead_letter_queue_takes_the_dead_letters_of_its_own_queue() -> None:
    """Of no other queue; moto does not keep this attribute, so it is read."""
    made = load("queues")["Resources"]
    for dead, queue in (("RatingDeadLetters", "RatingQueue"), ("ActivityDeadLetters", "ActivityQueue")):
        (source,) = made[dead]["Properties"]["RedriveAllowPolicy"]["sourceQueueArns"]
        assert made[dead]["Properties"]["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
        name = made[queue]["Properties"]["QueueName"]["Fn::Sub"]
        assert source["Fn::Sub"].rsplit(":", 1)[1] == name


def test_queues_take_calls_of_this_account_over_tls_only() -> None:
    """One policy on all four queues denies everything else; moto does not make it, so it is read."""
    ((_, _, policy),) = resources("AWS::SQS::QueuePolicy")
    queues = {logical for _, logical, _ in resources("AWS::SQS::Queue")}
    assert {one["Ref"] for one in policy["Properties"]["Queues"]} == queues
    statements: list[dict[str, Any]] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert {(one["Effect"], one["Principal"], one["Action"], one["Resource"]) for one in statements} == {
        ("Deny", "*", "sqs:*", "*")
    }
    assert [one["Condition"] for one in statements] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"StringNotEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}},
    ]
