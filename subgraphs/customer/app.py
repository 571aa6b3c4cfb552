"""Wires the customer subgraph together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel import telemetry
from kernel.asgi import Service
from kernel.settings import ConfigurationProblem, verifier_from
from subgraphs.customer.access import recorded
from subgraphs.customer.context import CustomerContext, Store
from subgraphs.customer.mutations import Clock, Mutations
from subgraphs.customer.schema import schema
from subgraphs.customer.settings import CustomerSettings
from subgraphs.customer.store.access_log import AccessLog
from subgraphs.customer.store.engine import Database, Limits
from subgraphs.customer.store.keys import Keys
from subgraphs.customer.store.listing import Lister
from subgraphs.customer.store.reading import Reader
from subgraphs.edge.app import graphql_app

__all__ = ["Companion", "build_service", "build_store", "system_clock"]


class Companion(Protocol):
    """Something that lives as long as the service does."""

    def start(self) -> None:
        """Begin, in the running loop."""

    async def stop(self) -> None:
        """End, and return when it has."""

    async def ready(self) -> Mapping[str, bool]:
        """What must work for it to be useful."""


def build_service(
    settings: CustomerSettings, companion: Companion | None = None, clock: Clock | None = None
) -> Service:
    """The subgraph as a service; nothing is connected before it starts.

    The clock is the machine's by default.
    """
    clock = clock or system_clock(settings.customer_time_zone)
    store = build_store(settings, clock)
    journal = AccessLog(store.database, settings.customer_access_log_batch)
    graphql = graphql_app(
        schema,
        lambda base: CustomerContext(**base.common(), store=store),
        development=settings.environment == "development",
    )

    async def ready() -> Mapping[str, bool]:
        checks = {"postgres": await store.database.reachable()}
        return checks if companion is None else {**checks, **await companion.ready()}

    async def startup() -> None:
        telemetry.configure_logging("customer", settings.log_format, settings.log_level)
        journal.start()
        if companion is not None:
            companion.start()

    async def shutdown() -> None:
        if companion is not None:
            await companion.stop()
        await journal.stop()
        await store.database.close()

    return Service(
        "customer",
        recorded(graphql, journal, clock),
        settings,
        verifier=verifier_from(settings),
        ready=ready,
        startup=startup,
        shutdown=shutdown,
    )


def build_store(settings: CustomerSettings, clock: Clock) -> Store:
    """The store and what works on it, by the settings."""
    encryption = settings.customer_encryption_key.get_secret_value()
    blind_index = settings.customer_blind_index_key.get_secret_value()
    if encryption == blind_index:
        raise ConfigurationProblem(
            "CUSTOMER_ENCRYPTION_KEY and CUSTOMER_BLIND_INDEX_KEY must be two different keys"
        )
    keys = Keys(encryption, blind_index)
    limits = Limits(
        pool_size=settings.customer_pool_size,
        pool_wait=settings.customer_pool_wait_seconds,
        connect=settings.customer_connect_seconds,
        statement=settings.customer_statement_seconds,
        lock=settings.customer_lock_seconds,
        idle_transaction=settings.customer_idle_transaction_seconds,
    )
    database = Database(settings.customer_database_url.get_secret_value(), limits)
    return Store(
        database=database,
        reader=Reader(database, keys),
        lister=Lister(database, clock.today),
        mutations=Mutations(database, keys, clock),
        clock=clock,
    )


def system_clock(time_zone: str) -> Clock:
    """The machine's clock, with the calendar of `time_zone` (IANA name)."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationProblem(f"CUSTOMER_TIME_ZONE: there is no time zone {time_zone!r}") from error
    return Clock(now=lambda: datetime.now(UTC), today=lambda: datetime.now(zone).date())
