"""What the scorecard looks at, chosen by hand: nine characteristics, each divided where credit officers
would.

Rules of the choice. A characteristic must be the customer's own conduct or means: age, state and city are
features but never scored. More of something good must never cost points, nor more of something bad earn any,
for else a customer could be advised to fall into arrears; `fit` refuses a sample that says so. The size of
the income is left out by that rule: in the sample, those for whom the instalment is a small part of the
income default more often, an artefact of whom the bank lent to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["CHARACTERISTICS", "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One characteristic without points: ranges as (exclusive upper bound, explanation), lowest first."""

    name: str
    feature: str
    #: Whether a higher value of the feature should mean more points or fewer.
    more_is: Literal["better", "worse"]
    ranges: tuple[tuple[float, str], ...]


CHARACTERISTICS = (
    Plan("overdue_debts", "overdue_count", "worse", (
        (1, "No debt is overdue."),
        (2, "One debt is overdue."),
        (math.inf, "Several debts are overdue."),
    )),
    Plan("late_payment", "worst_lateness_days", "worse", (
        (30, "No debt was paid back a month or more late."),
        (math.inf, "A debt was paid back a month or more late."),
    )),
    Plan("clean_record", "clean_record_months", "better", (
        (1, "There is no clean record of debts paid back in time."),
        (48, "Debts have been paid back in time, for less than four years."),
        (math.inf, "Debts have been paid back in time for four years or longer."),
    )),
    Plan("loan_term", "longest_term_months", "worse", (
        (12, "No loan runs for a year or longer."),
        (24, "The longest loan runs for one year, but not for two."),
        (36, "The longest loan runs for two years, but not for three."),
        (math.inf, "The longest loan runs for three years or longer."),
    )),
    Plan("open_debt", "open_debt", "worse", (
        (4_000, "Less than R$ 4,000 is owed."),
        (7_500, "From R$ 4,000 to R$ 7,500 is owed."),
        (math.inf, "R$ 7,500 or more is owed."),
    )),
    Plan("low_balances", "low_balances", "worse", (
        (1, "No account is kept close to empty."),
        (math.inf, "An account is kept close to empty."),
    )),
    Plan("investments", "investments", "better", (
        (600, "Less than R$ 600 is invested or saved."),
        (math.inf, "R$ 600 or more is invested or saved."),
    )),
    Plan("belongings", "belongings", "better", (
        (2, "At most one home, vehicle or other belonging is known."),
        (math.inf, "Several homes, vehicles or other belongings are known."),
    )),
    Plan("income_tenure", "income_tenure_months", "better", (
        (12, "No income has lasted a year."),
        (48, "The present income has lasted one to four years."),
        (math.inf, "The present income has lasted four years or longer."),
    )),
)  # fmt: skip
