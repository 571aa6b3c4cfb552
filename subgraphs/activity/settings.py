"""What the activity subgraph reads from the environment."""

from __future__ import annotations

from pydantic import Field, SecretStr

from kernel.settings import ServiceSettings

__all__ = ["ActivitySettings", "StoreSettings"]


class StoreSettings(ServiceSettings):
    """Enough for `migrate`."""

    #: sqlite:////data/activity.db, or http(s)://host:9200[/prefix] for Elasticsearch. Secret, because such a
    #: URL may hold a password.
    activity_store_url: SecretStr
    #: Elasticsearch API key (the encoded form); the URL then holds no user.
    activity_store_api_key: SecretStr | None = None


class ActivitySettings(StoreSettings):
    """Everything that `serve` needs."""

    port: int = Field(default=4003, ge=0, le=65535)
