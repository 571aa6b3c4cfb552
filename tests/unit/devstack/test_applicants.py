"""A row of the applicants' file becomes a customer: repeatable, valid, and without its label."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from devstack.applicants import Applicant, ApplicantFileError, activity, cpf, follow_ups, read, registration
from devstack.applicants.calendar import months_later
from devstack.applicants.records import CheckingAccount, CreditHistory, Employment, Housing, Property, Savings

SAMPLE = Path(__file__).resolve().parents[3] / "examples" / "german_credit.csv"
TODAY = dt.date(2026, 11, 24)
ALL = read(SAMPLE)


def applicant(**changes: Any) -> Applicant:
    """The file's first applicant with changes."""
    return replace(ALL[0], **changes)


def debts_of(given: Applicant) -> list[dict[str, str]]:
    """The debts that are registered."""
    debts: list[dict[str, str]] = registration(given, TODAY)["debts"]
    return debts


def settled_by(given: Applicant) -> dict[str, str]:
    """Creditor → day of settlement."""
    debts = [{**debt, "id": str(index)} for index, debt in enumerate(debts_of(given))]
    mutations = follow_ups(given, TODAY, {"id": "c", "debts": debts})
    assert {name for name, _ in mutations} <= {"settleDebt"}
    return {debts[int(each["debtId"])]["creditor"]: each["settledOn"] for _, each in mutations}


def test_the_whole_sample_is_read() -> None:
    """700 applicants, in the file's order, with known outcomes."""
    assert [len(ALL), ALL[0].number, ALL[-1].number] == [700, 2, 1000]
    assert sum(each.repaid is False for each in ALL) == 207


def test_inputs_repeat_to_the_byte() -> None:
    """The same applicant and day give the same inputs and keys, so a second run changes nothing."""
    first = [(registration(each, TODAY), activity(each, TODAY, "c")) for each in ALL[:50]]
    second = [(registration(each, TODAY), activity(each, TODAY, "c")) for each in read(SAMPLE)[:50]]
    assert first == second


def test_the_outcome_never_enters_the_system() -> None:
    """Good or bad, the inputs are the same, and no word of the label is in them."""
    for each in ALL[:50]:
        inputs = [
            json.dumps([registration(twin, TODAY), activity(twin, TODAY, "c")])
            for twin in (replace(each, repaid=True), replace(each, repaid=False), replace(each, repaid=None))
        ]
        assert inputs[0] == inputs[1] == inputs[2]
        assert re.search(r'"(good|bad)"|credita', inputs[0]) is None


def check_digits(digits: str) -> bool:
    """Whether an eleven-digit CPF has the check digits of Receita Federal."""
    for length in (9, 10):
        total = sum(int(digits[position]) * (length + 1 - position) for position in range(length))
        if int(digits[length]) != total * 10 % 11 % 10:
            return False
    return True


def test_cpfs_are_valid_and_nobodys_twice() -> None:
    """For every number from 1 to 5,000: eleven digits, right check digits, not all alike, never shared."""
    found = [cpf(applicant(number=number)) for number in range(1, 5001)]
    assert len(set(found)) == 5000
    assert all(re.fullmatch(r"\d{11}", each) and len(set(each)) > 1 and check_digits(each) for each in found)


def test_idempotency_keys_are_nobodys_twice() -> None:
    """No two mutations of all applicants share a key."""
    keys = [registration(each, TODAY)["idempotencyKey"] for each in ALL]
    for each in ALL:
        debts = [{**debt, "id": str(index)} for index, debt in enumerate(debts_of(each))]
        keys += [given["idempotencyKey"] for _, given in follow_ups(each, TODAY, {"id": "c", "debts": debts})]
        keys += [given["idempotencyKey"] for _, given in activity(each, TODAY, "c")]
    assert len(keys) == len(set(keys))


def test_people_are_plausible() -> None:
    """Names, reserved mail domain, mobile numbers, addresses whose postal code and state belong together."""
    for each in ALL[:100]:
        given = registration(each, TODAY)
        (address,) = given["addresses"]
        assert len(given["name"].split()) >= 3
        assert re.fullmatch(r"[a-z.]+\.\d+@example\.com", given["email"])
        assert (given["phone"] is not None) == each.has_telephone
        assert given["phone"] is None or re.fullmatch(r"\+55\d{2}9\d{8}", given["phone"])
        assert re.fullmatch(r"\d{5}-\d{3}", address["postalCode"])
        assert (address["state"] == "SP") == (address["postalCode"][0] in "01")
        assert all(address.values())


def test_age_holds_for_a_month_around_the_day_of_loading() -> None:
    """The customer has the applicant's age on the day of loading and for weeks after it."""
    for each in ALL:
        born = dt.date.fromisoformat(registration(each, TODAY)["birthDate"])
        for on in (TODAY - dt.timedelta(days=27), TODAY, TODAY + dt.timedelta(days=27)):
            assert on.year - born.year - ((on.month, on.day) < (born.month, born.day)) == each.age


def test_the_loan_is_an_open_debt() -> None:
    """Amount, contracted today, due after its duration, lent by somebody who lends for that purpose."""
    loan = debts_of(applicant(amount=Decimal(5951), duration_months=48, purpose="radio/television"))[0]
    assert (loan["amount"], loan["contractedOn"], loan["dueOn"]) == ("5951.00", "2026-11-24", "2030-11-24")
    assert loan["creditor"] != debts_of(applicant(purpose="car (new)"))[0]["creditor"]


@pytest.mark.parametrize(("rate", "share"), [(1, "0.40"), (2, "0.30"), (3, "0.22"), (4, "0.15")])
def test_income_follows_from_the_instalment(rate: int, share: str) -> None:
    """Income = amount / duration / rate."""
    given = applicant(amount=Decimal(2400), duration_months=12, instalment_rate=rate)
    (income,) = registration(given, TODAY)["incomes"]
    assert Decimal(income["monthlyAmount"]) == round(Decimal(200) / Decimal(share), 2)


def test_an_overdrawn_account_is_an_overdue_debt_and_a_balance_an_investment() -> None:
    """Below zero: a debt past its due day. Above: an INVESTMENT. None: neither."""
    plain = {"savings": Savings.NONE, "history": CreditHistory.NONE_TAKEN}
    overdrawn = applicant(checking=CheckingAccount.OVERDRAWN, **plain)
    assert [debt["dueOn"] < "2026-11-24" for debt in debts_of(overdrawn)] == [False, True]
    for checking, investments in (
        (CheckingAccount.LOW, 1),
        (CheckingAccount.GOOD, 1),
        (CheckingAccount.NONE, 0),
    ):
        given = applicant(checking=checking, **plain)
        assets = registration(given, TODAY)["assets"]
        assert sum(asset["kind"] == "INVESTMENT" for asset in assets) == investments
        assert len(debts_of(given)) == 1


def test_housing_and_property_are_assets() -> None:
    """A home of one's own and the most valuable thing owned."""
    plain = {"savings": Savings.NONE, "checking": CheckingAccount.NONE}
    for housing, owned, kinds in (
        (Housing.OWN, Property.CAR, ["REAL_ESTATE", "VEHICLE"]),
        (Housing.OWN, Property.REAL_ESTATE, ["REAL_ESTATE", "REAL_ESTATE"]),
        (Housing.RENT, Property.SAVINGS_AGREEMENT, ["OTHER"]),
        (Housing.FREE, Property.NONE, []),
    ):
        given = applicant(housing=housing, property=owned, **plain)
        assert [asset["kind"] for asset in registration(given, TODAY)["assets"]] == kinds


@pytest.mark.parametrize(
    ("history", "number", "earlier", "settled", "late"),
    [
        (CreditHistory.NONE_TAKEN, 2, 0, 0, 0),
        (CreditHistory.PAYING_DULY, 2, 2, 2, 0),
        (CreditHistory.PAID_DULY, 3, 3, 3, 0),
        (CreditHistory.DELAYED, 2, 2, 2, 1),
        (CreditHistory.CRITICAL, 2, 2, 1, 0),
    ],
)
def test_credit_history_is_settled_and_overdue_debts(
    history: CreditHistory, number: int, earlier: int, settled: int, late: int
) -> None:
    """As many earlier debts as credits: settled in time by who paid duly, late or not at all by others."""
    given = applicant(history=history, credits=number, checking=CheckingAccount.NONE)
    debts = {debt["creditor"]: debt for debt in debts_of(given)[1:]}
    settlements = settled_by(given)
    assert (len(debts), len(settlements)) == (earlier, settled)
    assert sum(settlements[name] > debts[name]["dueOn"] for name in settlements) == late
    assert sum(debt["dueOn"] < "2026-11-24" for debt in debts.values()) == earlier
    assert all(debt["contractedOn"] <= debt["dueOn"] for debt in debts.values())


def test_follow_ups_need_their_debts() -> None:
    """A customer whose debts were not told, or are others, is an error and not a silent omission."""
    given = applicant(history=CreditHistory.PAID_DULY, credits=1)
    with pytest.raises(ValueError, match="Seringueira"):
        follow_ups(given, TODAY, {"id": "c", "debts": []})


def test_unemployed_and_retired_have_other_kinds_of_income() -> None:
    """The kind of income is told by job and employment."""
    kinds = {
        each: registration(applicant(employment=each, age=age), TODAY)["incomes"][0]["kind"]
        for each, age in ((Employment.UNEMPLOYED, 40), (Employment.FROM_1_YEAR, 40))
    }
    assert kinds == {Employment.UNEMPLOYED: "OTHER", Employment.FROM_1_YEAR: "SALARY"}
    retired = applicant(employment=Employment.UNEMPLOYED, age=70)
    assert registration(retired, TODAY)["incomes"][0]["kind"] == "PENSION"


def test_a_year_of_activity() -> None:
    """At least eight events over twelve months, none in the future, some of each kind for everybody."""
    earliest = dt.datetime.combine(months_later(TODAY, -12), dt.time(), dt.UTC)
    latest = dt.datetime.combine(TODAY, dt.time(3), dt.UTC)  # midnight in Brasília
    for each in ALL:
        events = activity(each, TODAY, "c")
        moments = [dt.datetime.fromisoformat(given["occurredAt"]) for _, given in events]
        assert len(events) >= 8
        assert {"recordCardPurchase", "recordBureauQuery", "recordMovement"} == {name for name, _ in events}
        assert moments == sorted(moments)
        assert earliest < moments[0]
        assert moments[-1] < latest
        assert all(Decimal(given.get("amount", "1")) > 0 for _, given in events)
        assert all(given["customerId"] == "c" for _, given in events)


def test_months_end_where_the_month_ends() -> None:
    """The 31st plus a month is the last day of the next."""
    assert months_later(dt.date(2026, 1, 31), 1) == dt.date(2026, 2, 28)
    assert months_later(dt.date(2024, 2, 29), -12) == dt.date(2023, 2, 28)
    assert months_later(dt.date(2026, 11, 24), 2) == dt.date(2027, 1, 24)


Rows = list[dict[str, str]]


def changed(tmp_path: Path, change: Callable[[Rows], object]) -> Path:
    """The first five rows of the sample as a file, after a change."""
    with SAMPLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:5]
    change(rows)
    path = tmp_path / "applicants.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def drop(column: str) -> Callable[[Rows], object]:
    """Take a column out of all rows."""
    return lambda rows: [row.pop(column) for row in rows]


def put(column: str, value: str) -> Callable[[Rows], object]:
    """Put a value into the third row, line 4 of the file."""
    return lambda rows: rows[2].update({column: value})


def test_the_label_may_be_absent(tmp_path: Path) -> None:
    """A file without creditability, or with empty cells there, is read all the same."""
    assert {each.repaid for each in read(changed(tmp_path, drop("creditability")))} == {None}
    assert [each.repaid for each in read(changed(tmp_path, put("creditability", "")))].count(None) == 1


def test_other_columns_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    """A spreadsheet's file is read like any other."""
    path = changed(tmp_path, lambda rows: [row.update(note="é") for row in rows])
    path.write_text("\ufeff" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert [each.number for each in read(path)] == [each.number for each in ALL[:5]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("housing"), "line 1: missing column housing"),
        (put("housing", "igloo"), "line 4: housing is 'igloo', expected one of"),
        (put("credit_amount", "-5"), "line 4: credit_amount is '-5'"),
        (put("credit_amount", "1e9"), "line 4: credit_amount"),
        (put("credit_amount", "٣"), "line 4: credit_amount"),
        (put("duration_in_month", "0"), "line 4: duration_in_month"),
        (put("age_in_years", "7"), "line 4: age_in_years"),
        (put("job", ""), "line 4: job is ''"),
        (put("creditability", "maybe"), "line 4: creditability"),
        (put("applicant", "2"), "line 4: applicant 2 is already on line 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_faulty_file_is_told_by_line_and_column(
    tmp_path: Path, change: Callable[[Rows], object], message: str
) -> None:
    """Nobody of a faulty file is loaded, and the message says where to look."""
    with pytest.raises(ApplicantFileError, match=re.escape(message)):
        read(changed(tmp_path, change))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"applicant\n\x00\n", b""])
def test_other_files_are_no_applicants(tmp_path: Path, content: bytes) -> None:
    """Binary, empty and missing files are told by name."""
    path = tmp_path / "something"
    path.write_bytes(content)
    with pytest.raises(ApplicantFileError, match="something"):
        read(path)
    with pytest.raises(ApplicantFileError, match="nowhere"):
        read(tmp_path / "nowhere")
