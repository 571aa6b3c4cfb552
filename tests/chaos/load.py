"""Clients that change customers through the gateway at a steady rate, and write down what they were told."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Any

import aiohttp

from tests.kit.brazil import cpf, debt, income, registration
from tests.kit.graph import INPUTS
from tests.kit.ledger import Entry, Ledger, Outcome, outcome_of

__all__ = ["Load", "Pace"]

#: Seconds that a client waits for an answer: more than any process takes before it gives up.
ANSWER_SECONDS = 15.0
#: Customers that get most of the changes, so that one customer's events are many and close together.
BUSY_CUSTOMERS = 12
#: Of those who do not know what became of a mutation, how many send it again; the others leave it so.
SENT_AGAIN = 0.5
#: Of accepted mutations, how many are sent again all the same, as by a client that lost the answer.
SENT_TWICE = 0.03
#: Times that a client sends one mutation.
MOST_ATTEMPTS = 4
_RECEIPT = "receipt { eventId customerId version targets acceptedAt } userErrors { code }"
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
        self._headers = {"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"}
        self._ledger = ledger
        self._random = random
        #: Ids of customers that were accepted and not sent for erasure, oldest first.
        self._customers: list[str] = []
        #: Why mutations were refused or unknown, for the report.
        self.reasons: Counter[str] = Counter()
        self.sent = 0

    async def run(self, pace: Pace, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Send at that pace; falls behind rather than having more than `at_once` under way."""
        slots = asyncio.Semaphore(pace.at_once)
        begun, count = monotonic(), 0
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
                headers=self._headers,
            ) as session,
            asyncio.TaskGroup() as clients,
        ):
            while monotonic() < begun + pace.seconds and goes_on():
                await slots.acquire()
                client = clients.create_task(self._client(session, self._next()))
                client.add_done_callback(lambda _: slots.release())
                count += 1
                await asyncio.sleep(max(0.0, begun + count / pace.rate - monotonic()))

    def _next(self) -> Entry:
        key = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        mutation = self._random.choices(list(_MIX), list(_MIX.values()))[0]
        if len(self._customers) < BUSY_CUSTOMERS:
            mutation = "registerCustomer"
        fields = {"idempotencyKey": key, **_FIELDS[mutation](key)}
        if mutation == "registerCustomer":
            fields["cpf"] = cpf(self._random.randrange(10**9))
        else:
            fields["customerId"] = self._pick(erase=mutation == "eraseCustomer")
        return self._ledger.open(mutation, key, fields)

    def _pick(self, *, erase: bool) -> str:
        if erase:
            return self._customers.pop(self._random.randrange(len(self._customers)))
        among = self._customers[-BUSY_CUSTOMERS:] if self._random.random() < 0.7 else self._customers
        return self._random.choice(among)

    async def _client(self, session: aiohttp.ClientSession, entry: Entry) -> None:
        """One client with one mutation, until it knows enough or gives up."""
        patient, again = self._random.random() < SENT_AGAIN, self._random.random() < SENT_TWICE
        while entry.attempts < MOST_ATTEMPTS:
            await self._send(session, entry)
            if entry.outcome is Outcome.ACCEPTED and not again:
                break
            if entry.outcome is not Outcome.ACCEPTED and not patient:
                break
            again = False
            await asyncio.sleep(self._random.uniform(0.1, 2.0) * entry.attempts)
        if entry.mutation == "registerCustomer" and entry.outcome is Outcome.ACCEPTED:
            self._customers.append(str(entry.customer_id))

    async def _send(self, session: aiohttp.ClientSession, entry: Entry) -> None:
        self.sent += 1
        name = entry.mutation
        document = f"mutation M($input: {INPUTS[name]}!) {{ {name}(input: $input) {{ {_RECEIPT} }} }}"
        try:
            async with session.post(
                self._url, json={"query": document, "variables": {"input": entry.fields}}
            ) as response:
                status, body = response.status, await response.json(content_type=None)
        except aiohttp.ClientConnectorError:
            self.reasons["not connected"] += 1
            self._ledger.learn(entry, Outcome.REFUSED)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as lost:
            self.reasons[f"lost: {type(lost).__name__}"] += 1
            self._ledger.learn(entry, Outcome.UNKNOWN)
        else:
            outcome, receipt = outcome_of(status, body, entry.mutation)
            if outcome is not Outcome.ACCEPTED:
                self.reasons[f"{outcome}: {_reason(status, body, entry.mutation)}"] += 1
            self._ledger.learn(entry, outcome, receipt)


def _reason(status: int, body: dict[str, Any], mutation: str) -> str:
    payload = (body.get("data") or {}).get(mutation) or {}
    codes = [error["code"] for error in payload.get("userErrors") or ()]
    codes += [error.get("extensions", {}).get("code", "?") for error in body.get("errors") or ()]
    return f"{status} {' '.join(codes)}"


#: The input of each mutation besides customer and idempotency key, with the key as the text to find it by.
_FIELDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "registerCustomer": lambda key: registration(debts=[debt(creditor=key)], incomes=[]),
    "addDebt": lambda key: {"debt": debt(creditor=key, amount="10.00")},
    "addIncome": lambda key: {"income": income(source=key, monthlyAmount="10.00")},
    "addAsset": lambda key: {"asset": {"kind": "OTHER", "description": key, "value": "10.00"}},
    "recordCardPurchase": lambda key: {
        "amount": "45.90", "merchant": key, "cardLast4": "1234", "occurredAt": "2026-03-02T14:30:00-03:00",
    },
    "recordMovement": lambda key: {
        "amount": "80.00", "direction": "CREDIT", "description": key,
        "occurredAt": "2026-03-02T15:00:00-03:00",
    },
    "recordBureauQuery": lambda key: {"bureau": key, "occurredAt": "2026-03-02T16:00:00-03:00"},
    "eraseCustomer": lambda key: {"reason": f"a pedido, protocolo {key}"},
}  # fmt: skip
