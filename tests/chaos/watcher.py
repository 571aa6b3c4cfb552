"""A reader that looks at customers while everything is killed: what it has seen must never be undone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any

import aiohttp

from tests.kit.ledger import Ledger, Outcome

__all__ = ["Watcher"]

#: Seconds between two looks.
PAUSE = 0.25
ANSWER_SECONDS = 15.0
_QUERY = "query W($id: ID!) { customer(id: $id) { version rating { sourceVersion } } }"


class Watcher:
    """Reads random customers through the gateway until it is cancelled."""

    def __init__(self, url: str, token: str, ledger: Ledger, random: Random) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"}
        self._ledger = ledger
        self._random = random
        #: The newest rated version that was seen of each customer.
        self._rated: dict[str, int] = {}
        self.looks = 0

    async def run(self) -> None:
        """Look again and again."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
            while True:
                await asyncio.sleep(PAUSE)
                versions = self._accepted()
                if versions:
                    customer = self._random.choice(list(versions))
                    await self._look(session, customer, versions[customer])

    def _accepted(self) -> Mapping[str, int]:
        """The newest version that a client was told of each customer."""
        found: dict[str, int] = {}
        for entry in list(self._ledger.entries.values())[-1_000:]:
            if entry.outcome is Outcome.ACCEPTED and entry.receipt is not None:
                customer = str(entry.receipt["customerId"])
                found[customer] = max(found.get(customer, 0), int(entry.receipt["version"]))
        return found

    async def _look(self, session: aiohttp.ClientSession, customer: str, told: int) -> None:
        body = {"query": _QUERY, "variables": {"id": customer}}
        try:
            async with session.post(self._url, json=body) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return
        found = (answer.get("data") or {}).get("customer")
        if found is None or answer.get("errors"):
            return
        self.looks += 1
        if found["version"] < told:
            self._ledger.wrong.append(
                f"{customer} is of version {found['version']} after {told} was accepted"
            )
        rated = (found["rating"] or {}).get("sourceVersion", 0)
        if rated < self._rated.get(customer, 0):
            self._ledger.wrong.append(
                f"{customer}: its rating went back from {self._rated[customer]} to {rated}"
            )
        self._rated[customer] = rated
