"""Features on a day: what counts as open, overdue, late, clean and present."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from subgraphs.rating.domain.features import features_of, rating_day
from subgraphs.rating.domain.profile import Asset, Debt, Income, InvalidProfile, Profile, checked
from tests.kit.rating import DAY, day, profile


def debt(contracted: int, due: int, settled: int | None = None, amount: str = "100.00") -> Debt:
    """A debt in days before the tests' day."""
    return Debt(Decimal(amount), day(contracted), day(due), None if settled is None else day(settled))


def feature(name: str, **changes: Any) -> Any:
    """One feature of the usual profile with changes."""
    return getattr(features_of(profile(**changes), DAY), name)


@pytest.mark.parametrize(
    ("birth_date", "age"),
    [
        (dt.date(1990, 11, 24), 36),
        (dt.date(1990, 11, 25), 35),
        (dt.date(2004, 2, 29), 22),
        (dt.date(2030, 1, 1), 0),
    ],
)
def test_age_is_in_full_years(birth_date: dt.date, age: int) -> None:
    """A year older on the birthday itself, also after leap days; nobody is younger than nought."""
    assert feature("age", birth_date=birth_date) == age


def test_a_debt_is_overdue_the_day_after_it_was_due() -> None:
    """Due today is not overdue; overdue debts are open debts too, settled ones neither."""
    debts = (debt(50, 0), debt(50, 1, amount="20.50"), debt(50, 30, 10))
    features = features_of(profile(debts=debts), DAY)
    assert features.open_debt == Decimal("120.50")
    assert (features.overdue_debt, features.overdue_count, features.settled_count) == (Decimal("20.50"), 1, 1)


def test_only_present_incomes_count() -> None:
    """Not those that have ended, today included, nor those that have not begun."""
    incomes = (
        Income("SALARY", Decimal("1000.00"), day(900)),
        Income("RENT", Decimal("200.00"), day(30), day(-30)),
        Income("SALARY", Decimal("5000.00"), day(900), day(0)),
        Income("PENSION", Decimal("7000.00"), day(-1)),
    )
    features = features_of(profile(incomes=incomes), DAY)
    assert (features.monthly_income, features.income_sources) == (Decimal("1200.00"), 2)
    assert features.income_tenure_months == 30


def test_debt_to_income_is_over_twelve_months() -> None:
    """Open debt over a year of income; None without income."""
    income = (Income("SALARY", Decimal("1000.00"), day(900)),)
    assert feature("debt_to_income", debts=(debt(1, -1, amount="3000.00"),), incomes=income) == 0.25
    assert feature("debt_to_income", incomes=()) is None


@pytest.mark.parametrize(
    ("debts", "months"),
    [
        ((), 0),
        ((debt(730, 365, 365),), 24),
        ((debt(730, 365, 364),), 0),
        ((debt(730, 365, 365), debt(400, 100, 40)), 0),
        ((debt(730, 365, 365), debt(400, 59)), 24),
        ((debt(730, 365, 365), debt(400, 60)), 0),
    ],
    ids=["none", "punctual", "a day late", "spoiled", "not yet spoiled", "spoiled by one still owed"],
)
def test_a_clean_record_lasts_until_a_serious_delay(debts: tuple[Debt, ...], months: int) -> None:
    """It begins with the first debt paid in time and ends with any that is or was sixty days late."""
    assert feature("clean_record_months", debts=debts) == months


def test_assets_by_kind() -> None:
    """Investments are summed, and counted when kept low; everything else is a belonging."""
    kinds = (
        ("INVESTMENT", "100.00"),
        ("INVESTMENT", "74.99"),
        ("INVESTMENT", "200.00"),
        ("VEHICLE", "8000.00"),
    )
    features = features_of(profile(assets=tuple(Asset(kind, Decimal(value)) for kind, value in kinds)), DAY)
    assert (features.investments, features.low_balances, features.belongings) == (Decimal("374.99"), 1, 1)
    assert features.total_assets == Decimal("8374.99")


def test_an_empty_profile_has_features() -> None:
    """Nothing known is a customer too."""
    features = features_of(Profile(birth_date=dt.date(2000, 1, 1)), DAY)
    assert features.open_debt == features.investments == Decimal(0)
    assert features.longest_term_months == 0


def test_the_day_is_brazils() -> None:
    """Late in the evening of Brasília it is tomorrow in UTC, but not for a debt that is due today."""
    assert rating_day(dt.datetime(2026, 11, 25, 2, 59, tzinfo=dt.UTC)) == dt.date(2026, 11, 24)
    assert rating_day(dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)) == dt.date(2026, 11, 25)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"debts": (debt(10, 5, amount="-0.01"),)}, "debts[0].amount"),
        ({"debts": (debt(5, 10),)}, "debts[0].dueOn"),
        ({"assets": (Asset("OTHER", Decimal("NaN")),)}, "assets[0].value"),
        ({"assets": (Asset("OTHER", Decimal("1E+15")),)}, "assets[0].value"),
        ({"assets": (Asset("", Decimal(1)),)}, "assets[0].kind"),
        ({"incomes": (Income("SALARY", Decimal("0.001"), day(1)),)}, "incomes[0].monthlyAmount"),
        ({"city": "a\x00b"}, "city"),
        ({"debts": (debt(10, 5),) * 1001}, "debts"),
    ],
)
def test_impossible_profiles_are_named(changes: dict[str, Any], place: str) -> None:
    """The message names the part, so that whoever sent it can mend it."""
    with pytest.raises(InvalidProfile) as invalid:
        checked(profile(**changes))
    assert place in str(invalid.value)
