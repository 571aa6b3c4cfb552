"""Made-up profiles and events of the rating subgraph, in one line each."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from subgraphs.rating.domain.profile import Asset, Debt, Income, Profile
from subgraphs.rating.domain.record import Erasure, ProfileChanged

__all__ = [
    "ANA",
    "BIA",
    "CAIO",
    "DAY",
    "NOON",
    "FixedClock",
    "day",
    "erasure",
    "event_input",
    "profile",
    "profile_event",
]

ANA, BIA, CAIO = (uuid.UUID(f"018f2c6e-7a10-7c44-8d9b-{number:012d}") for number in (1, 2, 3))
DAY = dt.date(2026, 11, 24)
NOON = dt.datetime(2026, 11, 24, 15, 0, tzinfo=dt.UTC)  # noon in Brasília


class FixedClock:
    """A clock that moves only when it is told to, or slept on."""

    def __init__(self, start: dt.datetime = NOON) -> None:
        self.moment = start
        self.seconds = 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += dt.timedelta(seconds=seconds)
        self.seconds += seconds

    def now(self) -> dt.datetime:
        """The moment that was set."""
        return self.moment

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Pass at once."""
        self.advance(seconds)


def day(days_ago: int) -> dt.date:
    """The day so many days before the tests' day; negative: after it."""
    return DAY - dt.timedelta(days=days_ago)


def profile(**changes: Any) -> Profile:
    """A salaried customer of 36 years with one running loan, a home and savings."""
    fields = {
        "birth_date": dt.date(1990, 3, 1),
        "state": "SP",
        "city": "Campinas",
        "debts": (Debt(Decimal("3000.00"), day(100), day(-630)),),
        "assets": (Asset("REAL_ESTATE", Decimal("80000.00")), Asset("INVESTMENT", Decimal("700.00"))),
        "incomes": (Income("SALARY", Decimal("2500.00"), day(1500)),),
    }
    return Profile(**{**fields, **changes})


def profile_event(customer: uuid.UUID, version: int = 1, **changes: Any) -> ProfileChanged:
    """The profile of a customer at a version, with the changes that the test is about."""
    occurred_at = changes.pop("occurred_at", NOON)
    event_id = changes.pop("event_id", None) or uuid.uuid4()
    return ProfileChanged(event_id, customer, version, occurred_at, profile(**changes))


def erasure(customer: uuid.UUID, version: int = 9) -> Erasure:
    """The erasure of a customer."""
    return Erasure(uuid.uuid4(), customer, version, NOON)


def event_input(customer: object = str(ANA), version: int = 1, **profile_changes: Any) -> dict[str, Any]:
    """A ProfileEvent as JSON, as the router sends it."""
    given = {
        "birthDate": "1990-03-01",
        "state": "SP",
        "city": "Campinas",
        "debts": [{"amount": "3000.00", "contractedOn": "2026-08-16", "dueOn": "2028-08-15"}],
        "assets": [{"kind": "REAL_ESTATE", "value": "80000.00"}],
        "incomes": [{"kind": "SALARY", "monthlyAmount": "2500.00", "startedOn": "2022-10-16"}],
    }
    return {
        "eventId": str(uuid.uuid4()),
        "customerId": customer,
        "version": version,
        "occurredAt": "2026-11-24T15:00:00Z",
        "profile": {**given, **profile_changes},
    }
