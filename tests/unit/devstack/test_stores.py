from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from devstack.layout import DataFolder
from devstack.settings import DevstackSettings
from devstack.stores import Store, activity_store, customer_store, queue_store, rating_store
from kernel.settings import ConfigurationProblem


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder.at(tmp_path / "data")
    folder.create()
    return folder


def shown(store: Store) -> str:
    assert store.external is not None
    return store.external.url


def test_without_urls_everything_is_embedded(folder: DataFolder) -> None:
    """On a bare machine each store has its embedded server; the activity store needs none."""
    settings = DevstackSettings()
    servers = [
        customer_store(folder, settings, 5001).server,
        rating_store(folder, settings, 5002).server,
        activity_store(folder, settings).server,
        queue_store(folder, settings, 5003).server,
    ]
    assert [server.name if server else None for server in servers] == ["postgres", "mongodb", None, "sqs"]


def test_a_url_in_the_environment_takes_the_embedded_servers_place(folder: DataFolder) -> None:
    """A real server is used as it is: nothing is started for it, and its password is never shown."""
    settings = DevstackSettings(
        customer_database_url=SecretStr("postgresql://customer_app:geheim@db.internal/customer"),
        customer_relay_database_url=SecretStr("postgresql://customer_relay:geheim@db.internal/customer"),
        customer_owner_database_url=SecretStr("postgresql://customer_owner:geheim@db.internal/customer"),
        rating_mongodb_url=SecretStr("mongodb://rating:geheim@mongo.internal:27018/rating"),
        activity_store_url=SecretStr("https://elastic:geheim@search.internal:9243"),
        aws_endpoint_url_sqs="http://elasticmq.internal:9324",
    )
    stores = [
        customer_store(folder, settings, 5001),
        rating_store(folder, settings, 5002),
        activity_store(folder, settings),
        queue_store(folder, settings, 5003),
    ]
    assert [store.server for store in stores] == [None] * 4
    assert [shown(store) for store in stores] == [
        "postgresql://db.internal:5432",
        "mongodb://mongo.internal:27018",
        "https://search.internal:9243",
        "http://elasticmq.internal:9324",
    ]
    assert "geheim" not in repr(stores)
    assert stores[1].environment["rating"]["RATING_MONGODB_URL"].endswith("mongo.internal:27018/rating")


def test_the_service_never_learns_the_owners_password(folder: DataFolder) -> None:
    """Only the preparing steps get URLs of roles that may change the schema."""
    store = customer_store(folder, DevstackSettings(), 5001)
    for variables in store.environment.values():
        assert not {"CUSTOMER_OWNER_DATABASE_URL", "CUSTOMER_SUPERUSER_DATABASE_URL"} & set(variables)
    assert set(store.environment["relay"]) == {"CUSTOMER_RELAY_DATABASE_URL"}


def test_half_of_a_real_postgres_is_refused(folder: DataFolder) -> None:
    """A service on a real database with a relay on nothing would lose events, so both URLs are needed."""
    settings = DevstackSettings(
        customer_database_url=SecretStr("postgresql://customer_app@db.internal/customer")
    )
    with pytest.raises(ConfigurationProblem, match="set CUSTOMER_RELAY_DATABASE_URL too"):
        customer_store(folder, settings, 5001)
