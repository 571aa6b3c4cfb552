"""Features: what a profile amounts to on a day, as numbers for machine learning and for the scorecard.

Age, arrears and tenure depend on the calendar. They are taken on the day on which the profile was the truth
(the event's `occurredAt`, in Brazil's official time), never on the day on which a worker happens to see it,
so that any order and any repetition of events gives the same features; `rating recompute` moves all of them
to a new day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from subgraphs.rating.domain.profile import Asset, Debt, Income, Profile

__all__ = ["Features", "features_of", "rating_day"]

#: Brazil's official time; there has been no summer time since 2019.
_BRASILIA = timezone(timedelta(hours=-3))
_DAYS_PER_MONTH = 30.4375  # 365.25 / 12
_CENT = Decimal("0.01")
#: A debt paid or still owed this many days after it was due spoils the record of punctual payment.
SERIOUS_DELAY_DAYS = 60
#: BRL. An INVESTMENT in this range (the first included, the second not) is an account that is kept close to
#: empty.
LOW_BALANCE_FROM, LOW_BALANCE_BELOW = Decimal(75), Decimal(200)
_INVESTMENT = "INVESTMENT"
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Features:
    """One customer on one day. Amounts are in BRL with two places, spans in whole months or days."""

    age: int
    state: str | None
    #: Everything not paid back, whether overdue or not.
    open_debt: Decimal
    overdue_debt: Decimal
    overdue_count: int
    settled_count: int
    total_assets: Decimal
    monthly_income: Decimal
    income_sources: int
    #: Open debt over twelve months of income; None without income.
    debt_to_income: float | None
    #: Months from contract to due day of the longest debt that is neither settled nor overdue; 0 without one.
    longest_term_months: int
    #: How late the latest of the settled debts was paid, in days; 0 when none was.
    worst_lateness_days: int
    #: Months since the first debt that was paid back in time was contracted; 0 without one, and 0 when any
    #: debt was or is seriously late.
    clean_record_months: int
    low_balances: int
    investments: Decimal
    #: Number of assets that are not money: homes, vehicles, other things.
    belongings: int
    #: Months since the oldest of the present incomes began; 0 without income.
    income_tenure_months: int


def rating_day(moment: datetime) -> date:
    """The calendar day in Brazil at an (aware) moment."""
    return moment.astimezone(_BRASILIA).date()


def features_of(profile: Profile, on: date) -> Features:
    """The features of a profile on a day. Pure; never raises for a `checked` profile."""
    unsettled = [debt for debt in profile.debts if debt.settled_on is None]
    overdue = [debt for debt in unsettled if debt.due_on < on]
    settled = [debt for debt in profile.debts if debt.settled_on is not None]
    incomes = [income for income in profile.incomes if _is_present(income, on)]
    investments = [asset.value for asset in profile.assets if asset.kind == _INVESTMENT]
    open_debt = _total(debt.amount for debt in unsettled)
    monthly_income = _total(income.monthly_amount for income in incomes)
    return Features(
        age=_years(profile.birth_date, on),
        state=profile.state,
        open_debt=open_debt,
        overdue_debt=_total(debt.amount for debt in overdue),
        overdue_count=len(overdue),
        settled_count=len(settled),
        total_assets=_total(asset.value for asset in profile.assets),
        monthly_income=monthly_income,
        income_sources=len(incomes),
        debt_to_income=debt_to_income(open_debt, monthly_income),
        longest_term_months=max(
            (_months(d.contracted_on, d.due_on) for d in unsettled if d.due_on >= on), default=0
        ),
        worst_lateness_days=max((_days_late(debt, on) for debt in settled), default=0),
        clean_record_months=_clean_record_months(profile, on),
        low_balances=sum(LOW_BALANCE_FROM <= value < LOW_BALANCE_BELOW for value in investments),
        investments=_total(iter(investments)),
        belongings=_belongings(profile.assets),
        income_tenure_months=max((_months(income.started_on, on) for income in incomes), default=0),
    )


def debt_to_income(open_debt: Decimal, monthly_income: Decimal) -> float | None:
    """Debt over twelve months of income; None without income."""
    return float(open_debt / (12 * monthly_income)) if monthly_income > 0 else None


def _belongings(assets: tuple[Asset, ...]) -> int:
    return sum(asset.kind != _INVESTMENT for asset in assets)


def _clean_record_months(profile: Profile, on: date) -> int:
    if any(_days_late(debt, on) >= SERIOUS_DELAY_DAYS for debt in profile.debts):
        return 0
    punctual = [
        debt for debt in profile.debts if debt.settled_on is not None and debt.settled_on <= debt.due_on
    ]
    return max((_months(debt.contracted_on, on) for debt in punctual), default=0)


def _days_late(debt: Debt, on: date) -> int:
    paid_on = on if debt.settled_on is None else debt.settled_on
    return max(0, (paid_on - debt.due_on).days)


def _is_present(income: Income, on: date) -> bool:
    return income.started_on <= on and (income.ended_on is None or income.ended_on > on)


def _total(amounts: Iterator[Decimal]) -> Decimal:
    return sum(amounts, _NOTHING).quantize(_CENT)


def _years(birth_date: date, on: date) -> int:
    """Full years lived; 0 for somebody born later than the day."""
    return max(0, on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day)))


def _months(start: date, end: date) -> int:
    """Months between two days, to the nearest; never negative."""
    return max(0, round((end - start).days / _DAYS_PER_MONTH))
