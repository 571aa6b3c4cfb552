"""subgraphs.customer.domain.profile: what follows from a customer's state on a given day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from subgraphs.customer.domain.profile import (
    Asset,
    AssetKind,
    Debt,
    DebtStatus,
    Income,
    IncomeKind,
    Profile,
    age,
    debt_status,
    monthly_income,
    names_person,
    profile_payload,
    total_assets,
    total_debt,
)

ID = UUID("01a20b3e-0871-7227-ba09-269d2ed62f7b")
TODAY = date(2026, 11, 24)


def debt(*, amount: str = "100.00", due_on: date = TODAY, settled_on: date | None = None) -> Debt:
    """A debt of 2026."""
    return Debt(ID, "Banco", Decimal(amount), date(2026, 1, 1), due_on, settled_on)


def income(started_on: date, ended_on: date | None = None) -> Income:
    """An income of 1000."""
    return Income(ID, IncomeKind.SALARY, "Oficina", Decimal("1000.00"), started_on, ended_on)


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (debt(due_on=date(2026, 11, 25)), DebtStatus.OPEN),
        (debt(due_on=TODAY), DebtStatus.OPEN),
        (debt(due_on=date(2026, 11, 23)), DebtStatus.OVERDUE),
        (debt(due_on=date(2026, 11, 23), settled_on=TODAY), DebtStatus.SETTLED),
    ],
)
def test_a_debt_is_overdue_from_the_day_after_its_due_date(one: Debt, status: DebtStatus) -> None:
    """And settled from the moment it is settled, whatever the date."""
    assert debt_status(one, TODAY) is status


def test_total_debt_is_what_is_still_owed() -> None:
    """Open and overdue debts count, settled ones do not."""
    debts = [debt(amount="10.10"), debt(amount="20.20", due_on=date(2026, 2, 1)), debt(settled_on=TODAY)]
    assert total_debt(debts) == Decimal("30.30")
    assert total_debt([]) == Decimal("0.00")


def test_monthly_income_is_what_comes_in_today() -> None:
    """Not what starts tomorrow, nor what has ended by today."""
    incomes = [
        income(date(2020, 1, 1)),
        income(TODAY),
        income(date(2026, 11, 25)),
        income(date(2020, 1, 1), ended_on=TODAY),
        income(date(2020, 1, 1), ended_on=date(2026, 11, 25)),
    ]
    assert monthly_income(incomes, TODAY) == Decimal("3000.00")


@pytest.mark.parametrize(
    ("born", "years"),
    [
        (date(1988, 11, 24), 38),
        (date(1988, 11, 25), 37),
        (date(2026, 11, 24), 0),
        (date(2004, 2, 29), 22),
    ],
)
def test_age_counts_completed_years(born: date, years: int) -> None:
    """The birthday itself counts."""
    assert age(born, TODAY) == years


def test_the_payload_of_a_profile_has_no_identity_in_it() -> None:
    """Exactly the fields of the rating contract's ProfileInput: amounts as text, dates as ISO 8601."""
    asset = Asset(ID, AssetKind.VEHICLE, "Fusca 1972", Decimal("9000.00"))
    profile = Profile(
        birth_date=date(1988, 4, 17),
        state="PE",
        city="Recife",
        debts=[debt(settled_on=TODAY)],
        assets=[asset],
        incomes=[income(date(2020, 1, 1))],
    )
    assert profile_payload(profile) == {
        "birthDate": "1988-04-17",
        "state": "PE",
        "city": "Recife",
        "debts": [
            {
                "amount": "100.00",
                "contractedOn": "2026-01-01",
                "dueOn": "2026-11-24",
                "settledOn": "2026-11-24",
            }
        ],
        "assets": [{"kind": "VEHICLE", "value": "9000.00"}],
        "incomes": [
            {"kind": "SALARY", "monthlyAmount": "1000.00", "startedOn": "2020-01-01", "endedOn": None}
        ],
    }
    assert total_assets([asset]) == Decimal("9000.00")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("pedido do titular", False),
        ("pedido de ANA LIMA", True),
        ("CPF 529.982.247-25", True),
        ("cpf 529 982 247 25", True),
        ("resposta a ana@example.com", True),
    ],
)
def test_a_text_that_names_the_person_is_recognised(text: str, names: bool) -> None:
    """By name, by CPF however written, or by any e-mail address."""
    assert names_person(text, "Ana Lima", "52998224725") is names
