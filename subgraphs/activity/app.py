"""Putting the activity subgraph together."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.asgi import Service
from kernel.settings import verifier_from
from subgraphs.activity.context import ActivityContext, Loaders
from subgraphs.activity.schema import build_schema
from subgraphs.activity.settings import ActivitySettings
from subgraphs.activity.store import ActivityStore, store_at
from subgraphs.edge.app import graphql_app
from subgraphs.edge.context import RequestContext

__all__ = ["activity_service"]


def activity_service(settings: ActivitySettings, store: ActivityStore | None = None) -> Service:
    """The service over `store`, or over the store that the settings name; it opens and closes the store."""
    chosen = store or store_at(
        settings.activity_store_url.get_secret_value(), settings.activity_store_api_key
    )

    def context(base: RequestContext) -> ActivityContext:
        return ActivityContext(**base.common(), store=chosen, loaders=Loaders(chosen))

    async def ready() -> Mapping[str, bool]:
        return {"store": await chosen.ready()}

    return Service(
        "activity",
        graphql_app(build_schema(), context, development=settings.environment == "development"),
        settings,
        verifier=verifier_from(settings),
        ready=ready,
        startup=chosen.open,
        shutdown=chosen.close,
    )
