"""An applicant's profile as the inputs of `registerCustomer` and `settleDebt`.

Where the file gives an interval, the customer gets its middle; where it gives an order of magnitude only (a
home, a car), one typical value in the scale of its loans. Nothing is drawn at random that a rating could look
at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from devstack.applicants import people
from devstack.applicants.calendar import months_later
from devstack.applicants.records import (
    Applicant,
    CheckingAccount,
    CreditHistory,
    Employment,
    Housing,
    Job,
    Property,
    Savings,
)

__all__ = ["follow_ups", "idempotency_key", "registration"]

_CENT = Decimal("0.01")
#: Share of the disposable income that one instalment takes, by the file's code.
_INSTALMENT_SHARE = {1: Decimal("0.40"), 2: Decimal("0.30"), 3: Decimal("0.22"), 4: Decimal("0.15")}
#: Who lends for what; the purpose travels no further than this name.
_CREDITORS = {
    "car (new)": "Financeira Ipiranga Veículos",
    "car (used)": "Financeira Ipiranga Seminovos",
    "furniture/equipment": "Crediário Casa Pau-Brasil",
    "radio/television": "Crediário Eletro Jatobá",
    "domestic appliances": "Crediário Eletro Jatobá Linha Branca",
    "repairs": "Banco Araucária Reformas",
    "education": "Banco Araucária Educação",
    "retraining": "Banco Araucária Qualificação",
    "vacation": "Banco Araucária Viagens",
    "business": "Banco Araucária Capital de Giro",
}
_OTHER_CREDITOR = "Banco Araucária Crédito Pessoal"
_OVERDRAFT = Decimal("100.00")  # middle of the file's narrowest balance interval, below zero
_CHECKING_BALANCE = {CheckingAccount.LOW: Decimal("100.00"), CheckingAccount.GOOD: Decimal("400.00")}
_SAVINGS_BALANCE = {
    Savings.BELOW_100: Decimal("50.00"),
    Savings.FROM_100: Decimal("300.00"),
    Savings.FROM_500: Decimal("750.00"),
    Savings.FROM_1000: Decimal("2000.00"),
}
#: Months since the income began.
_EMPLOYED_MONTHS = {
    Employment.UNEMPLOYED: 3,
    Employment.BELOW_1_YEAR: 6,
    Employment.FROM_1_YEAR: 30,
    Employment.FROM_4_YEARS: 66,
    Employment.FROM_7_YEARS: 120,
}
_RETIREMENT_AGE = 60


@dataclass(frozen=True, slots=True)
class _EarlierDebt:
    """A debt before the loan, in days back from the day of registration; `settled` None: still owed."""

    contracted: int
    due: int
    settled: int | None


#: What each kind of conduct left behind. The first pattern is the debt that earned the name, the second
#: repeats for every further credit. A settled debt's distance tells how long the clean record is.
_SETTLED_LATE = _EarlierDebt(contracted=900, due=400, settled=310)
_STILL_OWED = _EarlierDebt(contracted=900, due=400, settled=None)
_RECENTLY_SETTLED = _EarlierDebt(contracted=540, due=45, settled=45)
_LONG_SETTLED = _EarlierDebt(contracted=2200, due=1100, settled=1100)
_EARLIER = {
    CreditHistory.DELAYED: (_SETTLED_LATE, _RECENTLY_SETTLED),
    CreditHistory.CRITICAL: (_STILL_OWED, _RECENTLY_SETTLED),
    CreditHistory.PAYING_DULY: (_RECENTLY_SETTLED, _RECENTLY_SETTLED),
    CreditHistory.PAID_DULY: (_LONG_SETTLED, _LONG_SETTLED),
}


def registration(applicant: Applicant, today: date) -> dict[str, Any]:
    """The RegisterCustomerInput of an applicant whose loan is contracted on `today`.

    A repeated run must pass the day of the first one, or the same customer would be told with other dates;
    the idempotency key carries that day, so that such a run meets DUPLICATE_CPF rather than a conflict of
    keys.
    """
    return {
        "name": people.full_name(applicant),
        "cpf": people.cpf(applicant),
        "birthDate": _birth_date(applicant, today).isoformat(),
        "email": people.email(applicant),
        "phone": people.phone(applicant),
        "addresses": [people.address(applicant)],
        "debts": [_debt_input(debt) for debt in _debts(applicant, today)],
        "assets": list(_assets(applicant, today)),
        "incomes": [_income(applicant, today)],
        "idempotencyKey": idempotency_key(applicant, today, "register"),
    }


def follow_ups(
    applicant: Applicant, today: date, customer: Mapping[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """The mutations that settle the debts which the applicant has paid back: (mutation name, its input).

    `customer` is the registered one: `id` and `debts { id creditor amount contractedOn dueOn }`. Debts are
    told apart by creditor and due date. Raises ValueError when the customer lacks one of them.
    """
    found = {(debt["creditor"], debt["dueOn"]): debt["id"] for debt in customer["debts"]}
    mutations = []
    for debt in _debts(applicant, today):
        if debt.settled_on is None:
            continue
        debt_id = found.get((debt.creditor, debt.due_on.isoformat()))
        if debt_id is None:
            raise ValueError(f"customer {customer['id']} has no debt to {debt.creditor} due on {debt.due_on}")
        settlement = {
            "customerId": customer["id"],
            "debtId": debt_id,
            "settledOn": debt.settled_on.isoformat(),
            "idempotencyKey": idempotency_key(applicant, today, f"settle/{debt.creditor}"),
        }
        mutations.append(("settleDebt", settlement))
    return mutations


def idempotency_key(applicant: Applicant, today: date, action: str) -> str:
    """One key for one action on one applicant in one run of a day: repeating the run repeats the keys."""
    return f"applicant/{applicant.number}/{today.isoformat()}/{action}"


@dataclass(frozen=True, slots=True)
class _Debt:
    creditor: str
    amount: Decimal
    contracted_on: date
    due_on: date
    settled_on: date | None = None


def _debts(applicant: Applicant, today: date) -> Sequence[_Debt]:
    return [_loan(applicant, today), *_overdraft(applicant, today), *_earlier_debts(applicant, today)]


def _loan(applicant: Applicant, today: date) -> _Debt:
    creditor = _CREDITORS.get(applicant.purpose, _OTHER_CREDITOR)
    return _Debt(creditor, applicant.amount, today, months_later(today, applicant.duration_months))


def _overdraft(applicant: Applicant, today: date) -> Iterator[_Debt]:
    if applicant.checking is CheckingAccount.OVERDRAWN:
        contracted_on, due_on = today - timedelta(days=120), today - timedelta(days=30)
        yield _Debt("Banco Araucária Cheque Especial", _OVERDRAFT, contracted_on, due_on)


def _earlier_debts(applicant: Applicant, today: date) -> Iterator[_Debt]:
    if applicant.history is CreditHistory.NONE_TAKEN:
        return
    telling, further = _EARLIER[applicant.history]
    # One instalment of the present loan is what somebody in this position owes in a month.
    amount = _money(applicant.amount / applicant.duration_months)
    for position in range(applicant.credits):
        pattern = telling if position == 0 else further
        yield _Debt(
            creditor=f"Banco Seringueira contrato {position + 1}",
            amount=amount,
            contracted_on=today - timedelta(days=pattern.contracted),
            due_on=today - timedelta(days=pattern.due),
            settled_on=None if pattern.settled is None else today - timedelta(days=pattern.settled),
        )


def _debt_input(debt: _Debt) -> dict[str, str]:
    return {
        "creditor": debt.creditor,
        "amount": str(_money(debt.amount)),
        "contractedOn": debt.contracted_on.isoformat(),
        "dueOn": debt.due_on.isoformat(),
    }


def _assets(applicant: Applicant, today: date) -> Iterator[dict[str, str]]:
    if applicant.checking in _CHECKING_BALANCE:
        yield _asset("INVESTMENT", "Saldo em conta corrente", _CHECKING_BALANCE[applicant.checking])
    if applicant.savings in _SAVINGS_BALANCE:
        yield _asset("INVESTMENT", "Poupança e títulos", _SAVINGS_BALANCE[applicant.savings])
    if applicant.housing is Housing.OWN:
        moved_in = months_later(today, -12 * applicant.residence_years)
        yield {**_asset("REAL_ESTATE", "Casa própria", Decimal(80_000)), "acquiredOn": moved_in.isoformat()}
    match applicant.property:
        case Property.REAL_ESTATE:
            yield _asset("REAL_ESTATE", "Outro imóvel", Decimal(50_000))
        case Property.SAVINGS_AGREEMENT:
            yield _asset("OTHER", "Previdência privada ou seguro de vida", Decimal(5_000))
        case Property.CAR:
            yield _asset("VEHICLE", "Automóvel", Decimal(8_000))
        case Property.NONE:
            pass


def _asset(kind: str, description: str, value: Decimal) -> dict[str, str]:
    return {"kind": kind, "description": description, "value": str(_money(value))}


def _income(applicant: Applicant, today: date) -> dict[str, str]:
    kind, source = _income_kind(applicant)
    instalment = applicant.amount / applicant.duration_months
    return {
        "kind": kind,
        "source": source,
        "monthlyAmount": str(_money(instalment / _INSTALMENT_SHARE[applicant.instalment_rate])),
        "startedOn": months_later(today, -_EMPLOYED_MONTHS[applicant.employment]).isoformat(),
    }


def _income_kind(applicant: Applicant) -> tuple[str, str]:
    if applicant.employment is Employment.UNEMPLOYED and applicant.age >= _RETIREMENT_AGE:
        return "PENSION", "INSS"
    if applicant.employment is Employment.UNEMPLOYED or applicant.job is Job.UNSKILLED_NON_RESIDENT:
        return "OTHER", "Renda eventual"
    if applicant.job is Job.MANAGEMENT:
        return "SELF_EMPLOYED", "Atividade própria"
    return "SALARY", "Oficina Aroeira" if applicant.job is Job.UNSKILLED else "Indústria Aroeira"


def _birth_date(applicant: Applicant, today: date) -> date:
    """A birthday at least a month away in both directions, so that the age holds for days after loading."""
    days = people.generator(applicant, "birthday").randrange(30, 336)
    return months_later(today, -12 * applicant.age) - timedelta(days=days)


def _money(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)
