"""What a devstack is told so that it runs on the real servers instead of the embedded ones."""

from __future__ import annotations

import asyncio
import uuid

from devstack.servers.postgres import SUPERUSER
from subgraphs.customer.store.provision import APPLICATION, OWNER, RELAY, provision
from tests.kit import real
from tests.kit.postgres import RunningServer

__all__ = ["real_stack_environment"]


def real_stack_environment() -> dict[str, str]:
    """Environment of a stack with empty stores of its own on all four servers; empty when none is named.

    Fails when only some of them are.
    """
    urls = (real.POSTGRES_URL, real.MONGODB_URL, real.ELASTICSEARCH_URL, real.SQS_URL)
    if not any(urls):
        return {}
    assert all(urls), "name all four servers, or none: tests/services/services env"
    postgres_url, mongodb_url, elasticsearch_url, sqs_url = map(str, urls)
    name = f"stack_{uuid.uuid4().hex[:12]}"
    postgres = RunningServer(postgres_url)
    passwords = {role: postgres.password(role) for role in (OWNER, APPLICATION, RELAY)}
    asyncio.run(provision(postgres.url(SUPERUSER, "postgres"), passwords, name))
    return {
        "CUSTOMER_DATABASE_URL": postgres.url(APPLICATION, name),
        "CUSTOMER_RELAY_DATABASE_URL": postgres.url(RELAY, name),
        "CUSTOMER_OWNER_DATABASE_URL": postgres.url(OWNER, name),
        "RATING_MONGODB_URL": f"{mongodb_url}/{name}",
        "ACTIVITY_STORE_URL": f"{elasticsearch_url}/{name.replace('_', '-')}",
        "QUEUE_PREFIX": f"{name}-",
        **real.aws_environment(sqs_url),
    }
