"""Settings of the router; each environment variable is the field's name in upper case."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from kernel.settings import ServiceSettings, environment

__all__ = ["RouterSettings", "variables"]

#: The most processes that are started without being asked for; each is good for some hundred events a second.
MOST_PROCESSES = 4


class RouterSettings(ServiceSettings):
    """What `router` commands read besides boto3's own variables (`AWS_DEFAULT_REGION`, …)."""

    #: Of several processes the first listens here.
    port: int = Field(default=4102, ge=0, le=65535)

    #: The routing table.
    router_config: Path = Path("router.yaml")
    #: Put before every queue's name, so that several stacks can share one account.
    queue_prefix: str = ""
    #: Create missing queues and set their attributes at start and when one is lost. Off on AWS, where the
    #: template or `router setup` does it, and the worker's role has no right to.
    router_create_queues: bool = False

    #: The service token: a file that is read again when it changes …
    router_token_file: Path | None = None
    #: … or OAuth2 client credentials.
    router_token_url: str | None = None
    router_client_id: str | None = None
    router_client_secret: SecretStr | None = None

    #: The customer subgraph's GraphQL endpoint, for `reconcile`.
    customer_url: str = "http://127.0.0.1:4001/graphql"

    #: Seconds between two looks at the routing table's file.
    router_reload_seconds: float = Field(default=2.0, gt=0)
    #: Seconds between two looks at the queues' depth and attributes.
    router_watch_seconds: float = Field(default=10.0, gt=0)
    #: Calls of SQS under way at once.
    router_sqs_threads: int = Field(default=16, ge=4)


def variables() -> dict[str, str]:
    """What `${VAR}` in the routing table stands for."""
    return environment()
