"""The question that the demo asks: one customer, answered out of three databases."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Final

from devstack.client import GraphQLClient, RequestFailed
from devstack.settings import project_root

__all__ = ["ask_until_followed", "has_followed", "query_path"]

#: Seconds that the copies may take to follow; the embedded SQS needs some after a large load.
FOLLOW_SECONDS: Final = 120.0
_POLL_SECONDS = 0.25


def query_path() -> Path:
    """The file with the walk-through query."""
    return project_root() / "examples" / "queries" / "walkthrough.graphql"


def has_followed(customer: dict[str, Any]) -> bool:
    """Whether rating and activity have applied what the profile says."""
    rating = customer["rating"]
    return (
        rating is not None
        and rating["sourceVersion"] == customer["version"]
        and customer["lastBureauQuery"] is not None
        and customer["lastCardPurchase"] is not None
    )


async def ask_until_followed(
    url: str, customer_id: str, token: str, query: Path | None = None
) -> dict[str, Any]:
    """The walk-through's answer once the copies have followed; `query` is its file, where it is not ours.

    Raises RequestFailed when they have not within 120 s, or when the customer is not there.
    """
    document = await asyncio.to_thread((query or query_path()).read_text, encoding="utf-8")
    ends_at = time.monotonic() + FOLLOW_SECONDS
    async with GraphQLClient(url) as client:
        while True:
            data = await client.data(document, {"id": customer_id}, token)
            if data["customer"] is None:
                raise RequestFailed(f"customer {customer_id} is not there")
            if has_followed(data["customer"]):
                return data
            if time.monotonic() > ends_at:
                raise RequestFailed(
                    f"rating and activity did not follow within {FOLLOW_SECONDS:g} s; "
                    "look at what the relay and the router have logged"
                )
            await asyncio.sleep(_POLL_SECONDS)
