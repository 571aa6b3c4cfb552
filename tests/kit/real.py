"""Real servers for the suites that can run on them, by URL; None: on the embedded one.

`make test-services` starts them and sets the variables (`tests/services/services env`). The names begin with
TEST_, so that no test ever writes to a server that somebody has in the environment for another reason.
"""

from __future__ import annotations

import os

__all__ = ["ELASTICSEARCH_URL", "MONGODB_URL", "POSTGRES_URL", "SQS_URL", "aws_environment"]

#: `http://host:port` of an Elasticsearch.
ELASTICSEARCH_URL = os.environ.get("TEST_ELASTICSEARCH_URL")
#: `mongodb://host:port` of a MongoDB-wire server; each test makes a database of its own on it.
MONGODB_URL = os.environ.get("TEST_MONGODB_URL")
#: `postgresql://superuser:password@host:port/postgres`; the tests make roles and databases on it.
POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL")
#: Endpoint of a server that speaks SQS; each test makes queues with a prefix of its own.
SQS_URL = os.environ.get("TEST_SQS_URL")


def aws_environment(url: str) -> dict[str, str]:
    """What boto3's default chain needs to reach an SQS server that checks no keys."""
    return {
        "AWS_ENDPOINT_URL_SQS": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
