"""`devstack smoke`: the demo in a temporary folder, with its answers checked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from devstack.client import GraphQLClient, RequestFailed
from devstack.clock import today
from devstack.keys import ROLES
from devstack.probe import fetch
from devstack.running import Options, Running, running
from devstack.seed import Seeder
from devstack.up import demo_applicants, load_with_progress, say
from devstack.walkthrough import FOLLOW_SECONDS, ask_until_followed
from kernel.events import new_id

__all__ = ["smoke"]

_POLL_SECONDS = 0.25

_ADD_DEBT = """
mutation AddDebt($input: AddDebtInput!) {
  addDebt(input: $input) { customer { id version totalDebt } receipt { eventId targets } userErrors { code } }
}
"""
_PURCHASE = """
mutation Purchase($input: RecordCardPurchaseInput!) {
  recordCardPurchase(input: $input) { receipt { eventId } userErrors { code } }
}
"""
_COPIES = """
query Copies($id: ID!) {
  customer(id: $id) { version totalDebt rating { sourceVersion } lastCardPurchase { merchant amount } }
}
"""
_PIPELINE = "query Pipeline { pipeline { targets { name pending deadLettered } } }"


class _Wrong(Exception):
    """A check found something other than it should."""


async def smoke(options: Options, customers: int, failures: list[str]) -> None:
    """Start, load, check, stop. Appends to `failures` what was wrong."""
    async with running(options) as stack:
        checks = _Checks(stack, customers)
        for title, check in checks.all:
            started = time.monotonic()
            try:
                await check()
            except (_Wrong, RequestFailed, KeyError, TypeError) as problem:
                failures.append(title)
                say(f"FAILED  {title}: {problem}")
            else:
                say(f"ok      {title} ({time.monotonic() - started:.1f} s)")
    say(f"{len(checks.all) - len(failures)} passed, {len(failures)} failed")


class _Checks:
    """The checks in their order; each needs what the ones before it did."""

    def __init__(self, stack: Running, customers: int) -> None:
        self._stack = stack
        self._clerk = stack.signer.token("smoke-clerk", ROLES["clerk"])
        self._operator = stack.signer.token("smoke-operator", ROLES["operator"])
        self._seeder = Seeder(stack.options.folder, stack.url, self._clerk)
        self._applicants = demo_applicants()[:customers]
        self.all: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("every process is ready and has metrics", self._every_process_is_ready),
            (f"{customers} customers are registered through the gateway", self._customers_are_registered),
            ("one query is answered out of three databases", self._three_databases_answer),
            ("loading again loads nothing", self._nothing_is_loaded_twice),
            ("a mutation is followed by rating and activity", self._a_mutation_is_followed),
            ("a forged token is refused", self._a_forged_token_is_refused),
            ("a token without the scope writes nothing", self._a_poor_token_writes_nothing),
            ("nothing is pending, nothing is dead", self._the_queues_are_empty),
        ]

    @property
    def _customer(self) -> str:
        return self._seeder.loaded[0].customer_id

    async def _every_process_is_ready(self) -> None:
        for service in self._stack.stack.services:
            for path, word in (("/health", "alive"), ("/health/ready", "ready"), ("/metrics", "# HELP")):
                status, text = await asyncio.to_thread(fetch, service.port, path)
                _expect(
                    status == 200 and word in text, f"{service.name}: {path} answered {status} {text[:200]!r}"
                )

    async def _customers_are_registered(self) -> None:
        await load_with_progress(self._seeder, self._applicants)
        _expect(len(self._seeder.loaded) == len(self._applicants), "some are missing")

    async def _three_databases_answer(self) -> None:
        customer: dict[str, Any] = {}

        async def followed() -> bool:
            answer = await ask_until_followed(self._stack.url, self._customer, self._clerk)
            customer.update(answer["customer"])
            # An applicant has at least eight events, which come one after the other.
            return bool(customer["activity"]["totalCount"] >= 8)

        await _wait_until(followed, "activity did not follow")
        points = sum(factor["points"] for factor in customer["rating"]["factors"])
        _expect(
            0 <= customer["rating"]["score"] <= 1000, f"score {customer['rating']['score']}, factors {points}"
        )
        _expect(customer["debts"] != [], "the customer has no debts")

    async def _nothing_is_loaded_twice(self) -> None:
        _expect(self._seeder.missing(self._applicants) == [], "some would be loaded again")
        before = (await self._copies())["version"]
        # Another seeder without the memory of the first: only the idempotency keys protect the data now.
        again = Seeder(self._stack.options.folder, self._stack.url, self._clerk)
        again.forget()
        await again.load(self._applicants[:2], lambda _: None)
        _expect((await self._copies())["version"] == before, "loading again changed the customer")

    async def _a_mutation_is_followed(self) -> None:
        debt = _debt("1250.00")
        merchant = f"Padaria Mandacaru {new_id()}"
        purchase = {
            "amount": "19.90",
            "merchant": merchant,
            "cardLast4": "4321",
            "occurredAt": datetime.now(UTC).isoformat(),
        }
        version = (await self._mutate("addDebt", _ADD_DEBT, {"debt": debt}))["customer"]["version"]
        await self._mutate("recordCardPurchase", _PURCHASE, purchase)

        async def followed() -> bool:
            customer = await self._copies()
            bought = customer["lastCardPurchase"]["merchant"] == merchant
            return bool(customer["rating"]["sourceVersion"] >= version and bought)

        await _wait_until(followed, "rating and activity did not follow")

    async def _a_forged_token_is_refused(self) -> None:
        head, claims, signature = self._clerk.split(".")
        forged = ".".join((head, claims, signature[::-1]))
        status, answer = await self._ask(_COPIES, forged)
        code = answer["errors"][0]["extensions"]["code"]
        _expect((status, code) == (401, "UNAUTHENTICATED"), f"{status} {code}")

    async def _a_poor_token_writes_nothing(self) -> None:
        before = (await self._copies())["version"]
        reader = self._stack.signer.token("smoke-reader", ROLES["reader"])
        variables = {"input": {"customerId": self._customer, "debt": _debt("1.00")}}
        async with GraphQLClient(self._stack.url) as client:
            _, answer = await client.ask(_ADD_DEBT, variables, reader)
        code = answer["errors"][0]["extensions"]["code"]
        _expect(code == "UNAUTHORIZED_FIELD_OR_TYPE", code)
        _expect((await self._copies())["version"] == before, "something was written")

    async def _the_queues_are_empty(self) -> None:
        async def drained() -> bool:
            async with GraphQLClient(self._stack.url) as client:
                data = await client.data(_PIPELINE, {}, self._operator)
            targets = data["pipeline"]["targets"]
            _expect(all(target["deadLettered"] == 0 for target in targets), f"dead letters: {targets}")
            return all(target["pending"] == 0 for target in targets)

        await _wait_until(drained, "events are still pending")

    async def _copies(self) -> dict[str, Any]:
        async with GraphQLClient(self._stack.url) as client:
            data = await client.data(_COPIES, {"id": self._customer}, self._clerk)
        customer: dict[str, Any] = data["customer"]
        return customer

    async def _mutate(self, name: str, document: str, fields: Mapping[str, object]) -> dict[str, Any]:
        variables = {"input": {"customerId": self._customer, "idempotencyKey": new_id(), **fields}}
        async with GraphQLClient(self._stack.url) as client:
            data = await client.data(document, variables, self._clerk)
        payload: dict[str, Any] = data[name]
        _expect(payload["userErrors"] == [], f"{name}: {payload['userErrors']}")
        return payload

    async def _ask(self, document: str, token: str) -> tuple[int, dict[str, Any]]:
        async with GraphQLClient(self._stack.url) as client:
            return await client.ask(document, {"id": self._customer}, token)


def _debt(amount: str) -> dict[str, str]:
    contracted_on = today()
    return {
        "creditor": "Banco Araucária",
        "amount": amount,
        "contractedOn": contracted_on.isoformat(),
        "dueOn": (contracted_on + timedelta(days=90)).isoformat(),
    }


def _expect(truth: bool, otherwise: str) -> None:
    if not truth:
        raise _Wrong(otherwise)


async def _wait_until(condition: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    ends_at = time.monotonic() + FOLLOW_SECONDS
    while not await condition():
        _expect(time.monotonic() < ends_at, otherwise)
        await asyncio.sleep(_POLL_SECONDS)
