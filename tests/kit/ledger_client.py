"""A client of the gateway that writes every mutation's outcome into a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.kit.brazil import debt, income, registration
from tests.kit.graph import INPUTS
from tests.kit.ledger import Entry, Ledger, Outcome, outcome_of

__all__ = ["LedgerClient", "input_of"]

#: Seconds that a client waits for an answer: more than any process takes before it gives up.
ANSWER_SECONDS = 15.0
_RECEIPT = "receipt { eventId customerId version targets acceptedAt } userErrors { code }"


class LedgerClient:
    """Sends mutations over one session."""

    def __init__(self, session: aiohttp.ClientSession, url: str, ledger: Ledger) -> None:
        self._session = session
        self._url = url
        self._ledger = ledger
        #: Why mutations were refused or unknown.
        self.reasons: Counter[str] = Counter()

    @classmethod
    @asynccontextmanager
    async def connected(cls, url: str, token: str, ledger: Ledger) -> AsyncIterator[LedgerClient]:
        """A client whose connections are closed in the end."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
            headers={"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"},
        ) as session:
            yield cls(session, url, ledger)

    async def send(self, entry: Entry) -> None:
        """Send it once and note what came of it; never raises for what the network or the graph does."""
        name = entry.mutation
        document = f"mutation M($input: {INPUTS[name]}!) {{ {name}(input: $input) {{ {_RECEIPT} }} }}"
        try:
            async with self._session.post(
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


def input_of(mutation: str, key: str, customer_id: str | None = None) -> dict[str, Any]:
    """A valid input in which `key` is the idempotency key, and the text by which the effect is found."""
    fields = {"idempotencyKey": key, **_FIELDS[mutation](key)}
    return fields if customer_id is None else {**fields, "customerId": customer_id}


#: The input of each mutation besides customer and idempotency key.
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
