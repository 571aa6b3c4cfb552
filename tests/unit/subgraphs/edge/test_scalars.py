"""Date, DateTime and Decimal."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.scalars import (
    SCALARS,
    format_date_time,
    format_decimal,
    parse_date,
    parse_date_time,
    parse_decimal,
)


def test_a_date_is_year_month_day() -> None:
    """Leap days included."""
    assert parse_date("2024-02-29") == dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    "value",
    [
        "2023-02-29",
        "2023-2-9",
        "20230209",
        "2023-02-09T00:00:00Z",
        " 2023-02-09",
        "٢٠٢٣-٠٢-٠٩",
        "0000-01-01",
        "",
        20230209,
        None,
        True,
        {},
        [],
    ],
)
def test_what_is_no_date_is_bad_input(value: object) -> None:
    """Python's wider ISO parsing is not offered, nor any other type."""
    with pytest.raises(BadUserInput):
        parse_date(value)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00+00:00"),
        ("2026-11-22t10:00:00z", "2026-11-22T10:00:00+00:00"),
        ("2026-11-22T10:00:00-03:00", "2026-11-22T13:00:00+00:00"),
        ("2026-11-22T23:30:00-03:00", "2026-11-23T02:30:00+00:00"),
        ("2026-11-22T10:00:00.5Z", "2026-11-22T10:00:00.500000+00:00"),
        ("2026-11-22T10:00:00.123456789+00:00", "2026-11-22T10:00:00.123456+00:00"),
    ],
)
def test_a_date_time_is_an_instant(text: str, utc: str) -> None:
    """Whatever its offset, it is kept in UTC to the microsecond."""
    assert parse_date_time(text).isoformat() == utc


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T10:00:00",
        "2026-11-22",
        "2026-11-22T10:00Z",
        "2026-11-22 10:00:00Z",
        "2026-13-22T10:00:00Z",
        "2026-11-22T24:00:01Z",
        "2026-11-22T10:00:00+25:00",
        "0001-01-01T00:00:00+03:00",
        "9999-12-31T23:59:59-03:00",
        "2026-11-22T10:00:00.1234567890Z",
        1763805600,
        None,
        {"$gt": ""},
    ],
)
def test_what_is_no_instant_is_bad_input(value: object) -> None:
    """A missing offset would be a guess; instants outside of the calendar overflow."""
    with pytest.raises(BadUserInput):
        parse_date_time(value)


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_an_instant_survives_the_way_out_and_in(moment: dt.datetime) -> None:
    """What we answer, we accept, and it is the same."""
    assert parse_date_time(format_date_time(moment)) == moment


def test_an_instant_is_answered_in_utc_with_z() -> None:
    """One spelling, also for a value in another zone."""
    zone = dt.timezone(dt.timedelta(hours=-3))
    assert format_date_time(dt.datetime(2026, 11, 22, 10, tzinfo=zone)) == "2026-11-22T13:00:00Z"


@pytest.mark.parametrize("value", [dt.datetime(2026, 1, 1), "2026-01-01T00:00:00Z", None])  # noqa: DTZ001
def test_a_naive_instant_is_our_bug(value: object) -> None:
    """It is never answered as if it were UTC."""
    with pytest.raises(TypeError):
        format_date_time(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234.56", "1234.56"),
        ("-0.10", "-0.10"),
        ("007", "7"),
        (5, "5"),
        (-5, "-5"),
        ("0", "0"),
        ("1.500", "1.500"),
    ],
)
def test_a_decimal_is_exact(value: object, text: str) -> None:
    """The scale is kept; nothing passes through a float."""
    assert format_decimal(parse_decimal(value)) == text


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1,5",
        "1e5",
        "1E400",
        ".5",
        "5.",
        "+5",
        " 5",
        "NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "1_000",
        "١",
        "--5",
        1.5,
        True,
        None,
        {},
        [],
        "9" * 35,
        "9" * 10000,
        10**34,
        10**4000,
        "0." + "9" * 40,
    ],
)
def test_what_is_no_decimal_is_bad_input(value: object) -> None:
    """Floats, exponents, special values and numbers that only cost work."""
    with pytest.raises(BadUserInput):
        parse_decimal(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2))
def test_a_decimal_survives_the_way_out_and_in(number: decimal.Decimal) -> None:
    """What we answer, we accept, and it is the same."""
    assert parse_decimal(format_decimal(number)) == number


@pytest.mark.parametrize("value", [1.5, "1.5", decimal.Decimal("NaN"), None])
def test_a_field_that_is_no_decimal_is_our_bug(value: object) -> None:
    """A float from a resolver is never printed as if it were exact."""
    with pytest.raises(TypeError):
        format_decimal(value)


def test_a_large_decimal_is_answered_without_an_exponent() -> None:
    """Clients parse plain digits."""
    assert format_decimal(decimal.Decimal("1E+5")) == "100000"


def test_all_three_are_bound() -> None:
    """`federated_schema` knows each by its Python type."""
    assert {definition.name for definition in SCALARS.values()} == {"Date", "DateTime", "Decimal"}
