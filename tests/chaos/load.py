"""Clients that change customers through the gateway at a steady rate, and write down what they were told."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import monotonic

from tests.kit.ledger import Entry, Ledger, Outcome
from tests.kit.ledger_client import LedgerClient, input_of

__all__ = ["Load", "Pace"]

#: Customers that get most of the changes, so that one customer's events are many and close together.
BUSY_CUSTOMERS = 12
#: Of those who do not know what became of a mutation, how many send it again; the others leave it so.
SENT_AGAIN = 0.5
#: Of accepted mutations, how many are sent again all the same, as by a client that lost the answer.
SENT_TWICE = 0.03
#: Times that a client sends one mutation.
MOST_ATTEMPTS = 4
#: How often which mutation, in hundredths.
_MIX = {
    "recordCardPurchase": 35,
    "recordMovement": 15,
    "recordBureauQuery": 10,
    "addDebt": 20,
    "addIncome": 5,
    "addAsset": 8,
    "registerCustomer": 6,
    "eraseCustomer": 1,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """Mutations a second, for how many seconds, and how many may be under way at once."""

    rate: float
    seconds: float
    at_once: int = 64


class Load:
    """Sends the mutations of a seeded mix until its time is over."""

    def __init__(self, url: str, token: str, ledger: Ledger, random: Random) -> None:
        self._url = url
        self._token = token
        self._ledger = ledger
        self._random = random
        #: Ids of customers that were accepted and not sent for erasure, oldest first.
        self._customers: list[str] = []
        #: Why mutations were refused or unknown, and how often any was sent.
        self.reasons: Counter[str] = Counter()
        self.sent = 0

    async def run(self, pace: Pace, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Send at that pace; falls behind rather than having more than `at_once` under way."""
        slots = asyncio.Semaphore(pace.at_once)
        begun, count = monotonic(), 0
        async with (
            LedgerClient.connected(self._url, self._token, self._ledger) as client,
            asyncio.TaskGroup() as clients,
        ):
            self.reasons = client.reasons
            while monotonic() < begun + pace.seconds and goes_on():
                await slots.acquire()
                one = clients.create_task(self._attempt(client, self._next()))
                one.add_done_callback(lambda _: slots.release())
                count += 1
                await asyncio.sleep(max(0.0, begun + count / pace.rate - monotonic()))

    def _next(self) -> Entry:
        key = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        mutation = self._random.choices(list(_MIX), list(_MIX.values()))[0]
        if len(self._customers) < BUSY_CUSTOMERS:
            mutation = "registerCustomer"
        if mutation == "registerCustomer":
            return self._ledger.open(mutation, key, input_of(mutation, key))
        customer = self._pick(erase=mutation == "eraseCustomer")
        return self._ledger.open(mutation, key, input_of(mutation, key, customer))

    def _pick(self, *, erase: bool) -> str:
        if erase:
            return self._customers.pop(self._random.randrange(len(self._customers)))
        among = self._customers[-BUSY_CUSTOMERS:] if self._random.random() < 0.7 else self._customers
        return self._random.choice(among)

    async def _attempt(self, client: LedgerClient, entry: Entry) -> None:
        """One client with one mutation, until it knows enough or gives up."""
        patient, again = self._random.random() < SENT_AGAIN, self._random.random() < SENT_TWICE
        while entry.attempts < MOST_ATTEMPTS:
            self.sent += 1
            await client.send(entry)
            if entry.outcome is Outcome.ACCEPTED and not again:
                break
            if entry.outcome is not Outcome.ACCEPTED and not patient:
                break
            again = False
            await asyncio.sleep(self._random.uniform(0.1, 2.0) * entry.attempts)
        if entry.mutation == "registerCustomer" and entry.outcome is Outcome.ACCEPTED:
            self._customers.append(str(entry.customer_id))
