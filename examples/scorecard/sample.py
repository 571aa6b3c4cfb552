"""The applicants as the rating subgraph would see them: features, and what became of the loan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devstack.applicants import Applicant, follow_ups, read, registration
from subgraphs.rating.domain.features import Features, features_of
from subgraphs.rating.domain.profile import Asset, Debt, Income, Profile

__all__ = ["Sample", "load_sample", "profile_of"]

#: Any day gives the same features: all dates of an applicant are counted from it.
TODAY = date(2026, 1, 15)


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows in the file's order; `defaulted` is 1 where the loan was not repaid."""

    features: tuple[Features, ...]
    defaulted: NDArray[np.int64]


def load_sample(path: Path) -> Sample:
    """Every applicant with a known outcome, taken through the system's own mapping and features."""
    applicants = [applicant for applicant in read(path) if applicant.repaid is not None]
    features = tuple(features_of(profile_of(applicant, TODAY), TODAY) for applicant in applicants)
    return Sample(features, np.array([int(not applicant.repaid) for applicant in applicants], dtype=np.int64))


def profile_of(applicant: Applicant, today: date) -> Profile:
    """The profile that the rating subgraph has of an applicant, registered and with debts settled."""
    customer = registration(applicant, today)
    debts = [{**debt, "id": str(position)} for position, debt in enumerate(customer["debts"])]
    settlements = follow_ups(applicant, today, {"id": "applicant", "debts": debts})
    settled = {settlement["debtId"]: settlement["settledOn"] for _, settlement in settlements}
    return Profile(
        birth_date=date.fromisoformat(customer["birthDate"]),
        state=customer["addresses"][0]["state"],
        city=customer["addresses"][0]["city"],
        debts=tuple(_debt(debt, settled.get(debt["id"])) for debt in debts),
        assets=tuple(Asset(asset["kind"], Decimal(asset["value"])) for asset in customer["assets"]),
        incomes=tuple(
            Income(income["kind"], Decimal(income["monthlyAmount"]), date.fromisoformat(income["startedOn"]))
            for income in customer["incomes"]
        ),
    )


def _debt(debt: dict[str, Any], settled_on: str | None) -> Debt:
    return Debt(
        amount=Decimal(debt["amount"]),
        contracted_on=date.fromisoformat(debt["contractedOn"]),
        due_on=date.fromisoformat(debt["dueOn"]),
        settled_on=None if settled_on is None else date.fromisoformat(settled_on),
    )
