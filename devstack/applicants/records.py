"""The applicants' file: one CSV row, checked, as one `Applicant`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

__all__ = [
    "COLUMNS",
    "Applicant",
    "ApplicantFileError",
    "CheckingAccount",
    "CreditHistory",
    "Employment",
    "Housing",
    "Job",
    "Property",
    "Savings",
    "read",
]


class CheckingAccount(StrEnum):
    """Balance of the current account."""

    NONE = "no checking account"
    OVERDRAWN = "... < 0 DM"
    LOW = "0 <= ... < 200 DM"
    GOOD = "... >= 200 DM / salary assignments for at least 1 year"


class CreditHistory(StrEnum):
    """Conduct of earlier credits, named as the corrected code book reads them.

    The texts that the file prints for this column are shifted against their codes (Grömping, "South German
    Credit Data: Correcting a Widely Used Data Set", Reports in Mathematics, Physics and Chemistry 4/2019,
    Beuth University Berlin); taken at their word, nobody would default more than those who paid everything
    back duly.
    """

    DELAYED = "no credits taken/ all credits paid back duly"
    CRITICAL = "all credits at this bank paid back duly"
    NONE_TAKEN = "existing credits paid back duly till now"
    PAYING_DULY = "delay in paying off in the past"
    PAID_DULY = "critical account/ other credits existing (not at this bank)"


class Savings(StrEnum):
    """Savings account and bonds."""

    NONE = "unknown/ no savings account"
    BELOW_100 = "... < 100 DM"
    FROM_100 = "100 <= ... < 500 DM"
    FROM_500 = "500 <= ... < 1000 DM"
    FROM_1000 = "... >= 1000 DM"


class Employment(StrEnum):
    """Time with the present employer."""

    UNEMPLOYED = "unemployed"
    BELOW_1_YEAR = "... < 1 year"
    FROM_1_YEAR = "1 <= ... < 4 years"
    FROM_4_YEARS = "4 <= ... < 7 years"
    FROM_7_YEARS = "... >= 7 years"


class Property(StrEnum):
    """The most valuable thing owned."""

    REAL_ESTATE = "real estate"
    SAVINGS_AGREEMENT = "building society savings agreement/ life insurance"
    CAR = "car or other, not in attribute Savings account/bonds"
    NONE = "unknown / no property"


class Housing(StrEnum):
    """On what terms the applicant lives where they live."""

    OWN = "own"
    RENT = "rent"
    FREE = "for free"


class Job(StrEnum):
    """Kind of work."""

    UNSKILLED_NON_RESIDENT = "unemployed/ unskilled - non-resident"
    UNSKILLED = "unskilled - resident"
    SKILLED = "skilled employee / official"
    MANAGEMENT = "management/ self-employed/ highly qualified employee/ officer"


_NUMBER = "applicant"
_CHECKING = "status_of_existing_checking_account"
_DURATION = "duration_in_month"
_HISTORY = "credit_history"
_PURPOSE = "purpose"
_AMOUNT = "credit_amount"
_SAVINGS = "savings_account_and_bonds"
_EMPLOYMENT = "present_employment_since"
_RATE = "installment_rate_in_percentage_of_disposable_income"
_RESIDENCE = "present_residence_since"
_PROPERTY = "property"
_AGE = "age_in_years"
_HOUSING = "housing"
_CREDITS = "number_of_existing_credits_at_this_bank"
_JOB = "job"
_TELEPHONE = "telephone"
_LABEL = "creditability"

#: What the header must name; `creditability` and columns of other names may be there or not. Sex, marital
#: state, origin, guarantors, other plans and dependants are in the file but decide nothing: the first three
#: must not, and none of them has a place in a customer's profile.
COLUMNS = (
    _NUMBER, _CHECKING, _DURATION, _HISTORY, _PURPOSE, _AMOUNT, _SAVINGS, _EMPLOYMENT, _RATE,
    "personal_status_and_sex", "other_debtors_or_guarantors", _RESIDENCE, _PROPERTY, _AGE,
    "other_installment_plans", _HOUSING, _CREDITS, _JOB,
    "number_of_people_being_liable_to_provide_maintenance_for", _TELEPHONE, "foreign_worker",
)  # fmt: skip
_TELEPHONES = {"none": False, "yes, registered under the customers name": True}


class ApplicantFileError(Exception):
    """The file is not a file of applicants; the message names file, line and column."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """One row. Amounts are in BRL (the file's DM read as such), durations in months, ages in years."""

    number: int
    checking: CheckingAccount
    duration_months: int
    history: CreditHistory
    purpose: str
    amount: Decimal
    savings: Savings
    employment: Employment
    #: 1: 40 %, 2: 30 %, 3: 22 %, 4: 15 % of the disposable income go into one instalment.
    instalment_rate: int
    residence_years: int
    property: Property
    age: int
    housing: Housing
    credits: int
    job: Job
    has_telephone: bool
    #: What became of the loan: True repaid, False not, None unknown. Judges a rating, never enters the
    #: system.
    repaid: bool | None


def read(path: Path) -> list[Applicant]:
    """All applicants of a CSV file (UTF-8, with a header), in the file's order.

    Raises ApplicantFileError for a missing column, a value that the column cannot have, or a repeated number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read_rows(path, csv.DictReader(file))
    except OSError as error:
        raise ApplicantFileError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ApplicantFileError(f"{path}: not a CSV file in UTF-8 ({error})") from error


def _read_rows(path: Path, rows: csv.DictReader[str]) -> list[Applicant]:
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ApplicantFileError(f"{path}, line 1: missing column {', '.join(missing)}")
    lines: dict[int, int] = {}
    applicants = []
    for row in rows:
        applicant = _applicant(_Row(row, f"{path}, line {rows.line_num}"))
        first = lines.setdefault(applicant.number, rows.line_num)
        if first != rows.line_num:
            raise ApplicantFileError(
                f"{path}, line {rows.line_num}: applicant {applicant.number} is already on line {first}"
            )
        applicants.append(applicant)
    return applicants


_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row's cells, and where it stands for messages."""

    cells: Mapping[str, str | None]
    place: str

    def text(self, column: str) -> str:
        value = (self.cells[column] or "").strip()
        if not value:
            raise self._refusal(column, value, "a value")
        return value

    def choice(self, column: str, kind: type[_Choice]) -> _Choice:
        value = self.text(column)
        try:
            return kind(value)
        except ValueError as error:
            raise self._refusal(column, value, _one_of(kind)) from error

    def flag(self, column: str, meanings: Mapping[str, bool]) -> bool:
        value = self.text(column)
        if value not in meanings:
            raise self._refusal(column, value, _one_of(meanings))
        return meanings[value]

    def whole(self, column: str, lowest: int, highest: int) -> int:
        value = self.text(column)
        if not (value.isascii() and value.isdigit() and len(value) <= 9 and lowest <= int(value) <= highest):
            raise self._refusal(column, value, f"a whole number from {lowest} to {highest}")
        return int(value)

    def _refusal(self, column: str, value: str, wanted: str) -> ApplicantFileError:
        return ApplicantFileError(f"{self.place}: {column} is {value[:80]!r}, expected {wanted}")


def _one_of(values: Iterable[str]) -> str:
    return "one of " + ", ".join(repr(str(value)) for value in values)


def _applicant(row: _Row) -> Applicant:
    labelled = bool((row.cells.get(_LABEL) or "").strip())
    return Applicant(
        number=row.whole(_NUMBER, 1, 999_999_999),
        checking=row.choice(_CHECKING, CheckingAccount),
        duration_months=row.whole(_DURATION, 1, 600),
        history=row.choice(_HISTORY, CreditHistory),
        purpose=row.text(_PURPOSE),
        amount=Decimal(row.whole(_AMOUNT, 1, 100_000_000)),
        savings=row.choice(_SAVINGS, Savings),
        employment=row.choice(_EMPLOYMENT, Employment),
        instalment_rate=row.whole(_RATE, 1, 4),
        residence_years=row.whole(_RESIDENCE, 0, 120),
        property=row.choice(_PROPERTY, Property),
        age=row.whole(_AGE, 16, 120),
        housing=row.choice(_HOUSING, Housing),
        credits=row.whole(_CREDITS, 1, 100),
        job=row.choice(_JOB, Job),
        has_telephone=row.flag(_TELEPHONE, _TELEPHONES),
        repaid=row.flag(_LABEL, {"good": True, "bad": False}) if labelled else None,
    )
