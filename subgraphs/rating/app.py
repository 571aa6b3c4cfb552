"""Putting the rating subgraph together."""

from __future__ import annotations

from collections.abc import Mapping

from kernel import telemetry
from kernel.asgi import Service
from kernel.settings import verifier_from
from subgraphs.edge.app import graphql_app
from subgraphs.edge.context import RequestContext
from subgraphs.rating.clock import Clock, SystemClock
from subgraphs.rating.context import Loaders, RatingContext
from subgraphs.rating.extraction import Reader
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.schema import build_schema
from subgraphs.rating.settings import RatingSettings, chosen_scorecard
from subgraphs.rating.store import RatingStore
from subgraphs.rating.swap import Swapper

__all__ = ["rating_service"]


def rating_service(
    settings: RatingSettings, store: RatingStore | None = None, clock: Clock | None = None
) -> Service:
    """The service over `store`, or over the database that the settings name; it closes it in the end."""
    chosen = store or RatingStore(settings)
    time = clock or SystemClock()
    swapper = Swapper(chosen, time, settings.rating_swap_attempts, settings.rating_settle_seconds)
    inbox = Inbox(swapper, chosen_scorecard(settings.rating_scorecard))
    reader = Reader(chosen, time, settings.rating_settle_seconds)

    def context(base: RequestContext) -> RatingContext:
        return RatingContext(
            **base.common(), store=chosen, inbox=inbox, reader=reader, loaders=Loaders(chosen)
        )

    async def startup() -> None:
        # A database that is down is waited for (not ready); one without indexes is told at once.
        if (await chosen.check()).get("indexes") is False:
            telemetry.get_logger().error(
                "rating.indexes_missing", remedy="run `customer-graph rating indexes`"
            )

    async def ready() -> Mapping[str, bool]:
        return await chosen.check()

    return Service(
        "rating",
        graphql_app(build_schema(), context, development=settings.environment == "development"),
        settings,
        verifier=verifier_from(settings),
        ready=ready,
        startup=startup,
        shutdown=chosen.close,
    )
