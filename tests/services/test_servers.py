"""The servers under the suites are the real ones, and the suites do run on them."""

from __future__ import annotations

import json
import urllib.request

import asyncpg
import boto3
import pytest
from pymongo import MongoClient

from tests.contract import conftest as activity
from tests.kit import real
from tests.kit.postgres import Cluster, CustomerDatabase, customer_database, postgres_cluster

__all__ = ["customer_database", "postgres_cluster"]


def test_every_server_is_named() -> None:
    """A suite whose server is not named would quietly run on the embedded one."""
    for url in (real.ELASTICSEARCH_URL, real.MONGODB_URL, real.POSTGRES_URL, real.SQS_URL):
        assert url
    assert "elasticsearch" in activity.ADAPTERS


def test_elasticsearch_is_the_vendors_server() -> None:
    """Version 9, and the analyser that `search` relies on is in it."""
    with urllib.request.urlopen(f"{real.ELASTICSEARCH_URL}", timeout=10) as answer:
        about = json.load(answer)
    assert about["tagline"] == "You Know, for Search"
    assert about["version"]["number"].startswith("9.")


def test_mongodb_is_not_the_embedded_server() -> None:
    """mongo-java-server, which calls itself 5.0."""
    assert real.MONGODB_URL is not None
    with MongoClient[dict[str, object]](real.MONGODB_URL) as client:
        assert client.server_info()["version"].startswith("5.0")


def test_sqs_is_elasticmq(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers SQS's calls, with FIFO queues, through boto3's default chain."""
    assert real.SQS_URL is not None
    for name, value in real.aws_environment(real.SQS_URL).items():
        monkeypatch.setenv(name, value)
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="servers.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert arn.endswith(":servers.fifo")


async def test_postgresql_is_debians_and_asks_for_passwords(
    postgres_cluster: Cluster, customer_database: CustomerDatabase
) -> None:
    """Not the wheel's version 17; roles log in by SCRAM, and a wrong password does not get in."""
    version = await customer_database.value("SHOW server_version_num")
    assert int(version) >= 150_000
    assert await customer_database.value("SHOW password_encryption") == "scram-sha-256"
    kept = await customer_database.value("SELECT rolpassword FROM pg_authid WHERE rolname = 'customer_app'")
    assert str(kept).startswith("SCRAM-SHA-256$")
    password = postgres_cluster.server.password("customer_app")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(customer_database.app_url.replace(password, "guessed"))
