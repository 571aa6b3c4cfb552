"""What the devstack reads from the environment: real servers that take the place of embedded ones."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kernel.settings import environment

__all__ = ["DevstackSettings", "environment", "project_root"]


class DevstackSettings(BaseSettings):
    """URLs of servers that already run. Where one is set, the embedded server is not started."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False, frozen=True)

    #: PostgreSQL as the role of the service; with it the relay's URL, and the owner's to migrate.
    customer_database_url: SecretStr | None = None
    customer_relay_database_url: SecretStr | None = None
    customer_owner_database_url: SecretStr | None = None
    #: Keys that the data of a real database were written with; otherwise the folder's own.
    customer_encryption_key: SecretStr | None = None
    customer_blind_index_key: SecretStr | None = None
    rating_mongodb_url: SecretStr | None = None
    #: Elasticsearch; without it the embedded store on SQLite.
    activity_store_url: SecretStr | None = None
    #: An SQS service (ElasticMQ, or AWS by its regional endpoint).
    aws_endpoint_url_sqs: str | None = None

    #: Seconds that one process has to become ready; a slow disk under load needs a few.
    devstack_ready_seconds: float = Field(default=60.0, gt=0)


def project_root() -> Path:
    """The checkout that this code runs from: schema/, examples/ and router.yaml lie there."""
    return Path(__file__).resolve().parent.parent
