"""The rules of events, and money and time as integers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.activity.domain import (
    MAX_CENTAVOS,
    ActivityKind,
    Direction,
    Event,
    HistogramInterval,
    InvalidEvent,
    bucket_count,
    checked,
    from_micros,
    month_of,
    reais,
    to_centavos,
    to_micros,
)
from tests.kit.activity import ANA, at

PURCHASE: dict[str, Any] = {"amount": 1_000, "merchant": "Padaria", "card_last4": "1234"}
QUERY: dict[str, Any] = {"bureau": "Serasa"}
MOVEMENT: dict[str, Any] = {"amount": 1_000, "direction": Direction.DEBIT, "description": "Aluguel"}
COMPLETE = {
    ActivityKind.CARD_PURCHASE: PURCHASE,
    ActivityKind.BUREAU_QUERY: QUERY,
    ActivityKind.MOVEMENT: MOVEMENT,
}


def event(kind: ActivityKind, **fields: Any) -> Event:
    return Event(id=uuid.uuid4(), customer_id=ANA, kind=kind, occurred_at=at("2026-03-10"), **fields)


@pytest.mark.parametrize("kind", ActivityKind)
def test_an_event_with_the_fields_of_its_kind_is_valid(kind: ActivityKind) -> None:
    """With what it must have, and nothing else."""
    good = event(kind, **COMPLETE[kind])
    assert checked(good) is good


@pytest.mark.parametrize(
    ("kind", "missing"), [(kind, name) for kind, fields in COMPLETE.items() for name in fields]
)
def test_a_field_that_the_kind_needs_must_be_there(kind: ActivityKind, missing: str) -> None:
    """Each of them, one by one."""
    fields = {name: value for name, value in COMPLETE[kind].items() if name != missing}
    with pytest.raises(InvalidEvent, match=f"{kind} needs"):
        checked(event(kind, **fields))


@pytest.mark.parametrize(
    ("kind", "foreign"),
    [
        (ActivityKind.CARD_PURCHASE, {"bureau": "Serasa"}),
        (ActivityKind.CARD_PURCHASE, {"direction": Direction.DEBIT}),
        (ActivityKind.BUREAU_QUERY, {"amount": 1}),
        (ActivityKind.BUREAU_QUERY, {"merchant": "Padaria"}),
        (ActivityKind.MOVEMENT, {"card_last4": "1234"}),
        (ActivityKind.MOVEMENT, {"reason": "Crédito"}),
    ],
)
def test_a_field_of_another_kind_must_not_be_there(kind: ActivityKind, foreign: dict[str, Any]) -> None:
    """It would be stored and never shown."""
    with pytest.raises(InvalidEvent, match=f"{kind} has no"):
        checked(event(kind, **COMPLETE[kind], **foreign))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": -1},
        {"amount": MAX_CENTAVOS + 1},
        {"merchant": ""},
        {"merchant": "   "},
        {"merchant": "x" * 501},
        {"category": ""},
        {"card_last4": "123"},
        {"card_last4": "12345"},
        {"card_last4": "12a4"},
        {"card_last4": "١٢٣٤"},
        {"card_last4": "1234\n"},
    ],
)
def test_a_value_out_of_bounds_is_invalid(wrong: dict[str, Any]) -> None:
    """The text of the error does not repeat it."""
    with pytest.raises(InvalidEvent) as raised:
        checked(event(ActivityKind.CARD_PURCHASE, **{**PURCHASE, **wrong}))
    assert "١" not in str(raised.value)


def test_nothing_and_the_largest_amount_are_valid() -> None:
    """Both bounds are inside."""
    for amount in (0, MAX_CENTAVOS):
        checked(event(ActivityKind.CARD_PURCHASE, **{**PURCHASE, "amount": amount}))


@given(st.integers(-(10**16), 10**16))
def test_money_keeps_every_centavo(centavos: int) -> None:
    """To reais and back."""
    assert to_centavos(reais(centavos)) == centavos
    assert reais(centavos).as_tuple().exponent == -2


@pytest.mark.parametrize(
    "text", ["0.001", "1.005", "1.100000000000000000000000000000001", "99999999999999999999999999999999.5"]
)
def test_a_fraction_of_a_centavo_is_not_rounded_away(text: str) -> None:
    """However many digits stand before it."""
    amount = decimal.Decimal(text)
    if text.endswith(".5"):
        assert to_centavos(amount) == 9_999_999_999_999_999_999_999_999_999_999_950
        return
    with pytest.raises(InvalidEvent, match="two decimal places"):
        to_centavos(amount)


def test_trailing_zeros_are_no_fraction() -> None:
    """1.500 is 150 centavos."""
    assert to_centavos(decimal.Decimal("1.500")) == 150


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_a_moment_keeps_every_microsecond(moment: dt.datetime) -> None:
    """From year 1 to 9999, before 1970 too."""
    assert from_micros(to_micros(moment)) == moment


def test_a_month_begins_in_utc() -> None:
    """Late on 31 January in São Paulo it is February already."""
    sao_paulo = dt.timezone(dt.timedelta(hours=-3))
    assert month_of(dt.datetime(2026, 1, 31, 22, tzinfo=sao_paulo)) == "2026-02-01"


# The machine's load must not decide.
@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(HistogramInterval),
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2030, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    st.timedeltas(dt.timedelta(0), dt.timedelta(days=70)),
)
def test_the_count_of_buckets_is_an_upper_bound(
    interval: HistogramInterval, start: dt.datetime, length: dt.timedelta
) -> None:
    """Checked against the calendar, hour by hour."""
    starts = set()
    moment = start
    while moment < start + length:
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        starts.add(
            {
                HistogramInterval.HOUR: moment.replace(minute=0, second=0, microsecond=0),
                HistogramInterval.DAY: day,
                HistogramInterval.WEEK: day - dt.timedelta(days=day.weekday()),
                HistogramInterval.MONTH: day.replace(day=1),
            }[interval]
        )
        moment += dt.timedelta(hours=1)
    assert len(starts) <= bucket_count(interval, start, start + length)


def test_an_event_cannot_be_changed() -> None:
    """It is a fact."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        event(ActivityKind.BUREAU_QUERY, **QUERY).reason = "x"  # type: ignore[misc]  # that is the point
