"""The stores of activity, chosen by the URL in the settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr

from kernel.settings import ConfigurationProblem
from subgraphs.activity.store.port import ActivityStore

__all__ = ["ActivityStore", "store_at"]


def store_at(url: str, api_key: SecretStr | None = None) -> ActivityStore:
    """The store at `url`, not opened yet; raises `ConfigurationProblem` for a URL that names none.

    `sqlite:////data/activity.db` is the embedded one, `http(s)://[user:password@]host:port[/prefix]`
    Elasticsearch, where `prefix` is what its indices' names begin with ("activity" when left out).
    """
    parts = urlsplit(url)
    match parts.scheme:
        case "sqlite":
            from subgraphs.activity.store.embedded import EmbeddedStore

            return EmbeddedStore.at(url)
        case "http" | "https":
            from subgraphs.activity.store.elastic import ElasticStore

            return ElasticStore.at(url, api_key.get_secret_value() if api_key else None)
    raise ConfigurationProblem(
        "ACTIVITY_STORE_URL must be sqlite:////absolute/path/activity.db or http(s)://host:9200"
    )
