"""Events of a customer's financial life, and the rules that make one valid. Pure: no I/O, no GraphQL.

Money is an integer number of centavos everywhere inside; the graph's Decimal is made at its edge.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import uuid
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "EPOCH",
    "MAX_CENTAVOS",
    "MAX_TEXT",
    "ActivityKind",
    "Bucket",
    "Direction",
    "Erasure",
    "Event",
    "HistogramInterval",
    "InvalidEvent",
    "MonthTotal",
    "Outcome",
    "bucket_count",
    "checked",
    "from_micros",
    "in_centavos",
    "month_of",
    "reais",
    "to_centavos",
    "to_micros",
]

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

#: A hundred billion reais: any sum of fewer than 900 such amounts stays exact even where a store adds in
#: IEEE doubles (2^53 centavos).
MAX_CENTAVOS = 10_000_000_000_000
#: Characters of a free text; the mapping's keyword limit and the full text index stay small.
MAX_TEXT = 500

_WIDE = decimal.Context(prec=50)
_CARD_LAST4 = re.compile(r"\d{4}", re.ASCII)


class InvalidEvent(ValueError):
    """The event can never be stored as it is; the text says why and holds none of its values."""


class ActivityKind(StrEnum):
    """What kind of event it is."""

    CARD_PURCHASE = "CARD_PURCHASE"
    BUREAU_QUERY = "BUREAU_QUERY"
    MOVEMENT = "MOVEMENT"


class Direction(StrEnum):
    """Money in or money out."""

    CREDIT = "CREDIT"
    DEBIT = "DEBIT"


class HistogramInterval(StrEnum):
    """Width of a bucket: calendar units in UTC, weeks begin on Monday."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class Outcome(StrEnum):
    """What became of an applied event; all three are successes."""

    APPLIED = "APPLIED"
    #: This very event is already there.
    DUPLICATE = "DUPLICATE"
    #: Something newer is there: for activity, the customer's erasure.
    STALE = "STALE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. Which of the optional fields are set depends on `kind`; `checked` says how."""

    id: uuid.UUID
    customer_id: uuid.UUID
    kind: ActivityKind
    #: UTC, to the microsecond.
    occurred_at: dt.datetime
    #: Centavos, not negative.
    amount: int | None = None
    merchant: str | None = None
    category: str | None = None
    card_last4: str | None = None
    bureau: str | None = None
    reason: str | None = None
    direction: Direction | None = None
    description: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """What full text search looks through."""
        texts = (self.merchant, self.category, self.bureau, self.reason, self.description)
        return tuple(text for text in texts if text is not None)


@dataclass(frozen=True, slots=True)
class Erasure:
    """The customer is to be forgotten, for good."""

    event_id: uuid.UUID
    customer_id: uuid.UUID
    version: int
    occurred_at: dt.datetime


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """Card purchases of one calendar month (UTC)."""

    #: YYYY-MM-01.
    month: str
    #: Centavos.
    total: int
    purchases: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Events of one kind in one interval of the histogram; `amount` in centavos, 0 where none have any."""

    start: dt.datetime
    kind: ActivityKind
    count: int
    amount: int


#: Field → may it be left out, for each kind. A field that is not named must be absent.
_FIELDS: dict[ActivityKind, dict[str, bool]] = {
    ActivityKind.CARD_PURCHASE: {"amount": False, "merchant": False, "category": True, "card_last4": False},
    ActivityKind.BUREAU_QUERY: {"bureau": False, "reason": True},
    ActivityKind.MOVEMENT: {"amount": False, "direction": False, "description": False},
}
_OPTIONAL = ("amount", "merchant", "category", "card_last4", "bureau", "reason", "direction", "description")


def checked(event: Event) -> Event:
    """The event itself when it obeys the rules of its kind; raises `InvalidEvent` otherwise."""
    allowed = _FIELDS[event.kind]
    for name in _OPTIONAL:
        value = getattr(event, name)
        if value is None and not allowed.get(name, True):
            raise InvalidEvent(f"{event.kind} needs {_spelled(name)}.")
        if value is not None and name not in allowed:
            raise InvalidEvent(f"{event.kind} has no {_spelled(name)}.")
    if event.amount is not None and not 0 <= event.amount <= MAX_CENTAVOS:
        raise InvalidEvent(f"amount must be from 0 to {reais(MAX_CENTAVOS)}.")
    if event.card_last4 is not None and _CARD_LAST4.fullmatch(event.card_last4) is None:
        raise InvalidEvent("cardLast4 must be four digits.")
    if any(not text.strip() or len(text) > MAX_TEXT for text in event.texts):
        raise InvalidEvent(f"A text must have from 1 to {MAX_TEXT} characters.")
    return event


def _spelled(name: str) -> str:
    return "cardLast4" if name == "card_last4" else name


def to_centavos(amount: decimal.Decimal) -> int:
    """The amount in centavos; raises `InvalidEvent` when it has fractions of a centavo."""
    centavos = in_centavos(amount)
    if centavos != centavos.to_integral_value():
        raise InvalidEvent("An amount has at most two decimal places.")
    return int(centavos)


def in_centavos(amount: decimal.Decimal) -> decimal.Decimal:
    """The amount times a hundred, with whatever fraction it has."""
    # The default context would round what the graph's Decimal may hold (34 digits) to 28.
    return amount.scaleb(2, context=_WIDE)


def reais(centavos: int) -> decimal.Decimal:
    """The amount in reais with two decimal places, exact."""
    return decimal.Decimal(centavos).scaleb(-2).quantize(decimal.Decimal("0.01"))


def to_micros(moment: dt.datetime) -> int:
    """Microseconds since 1970, exact (a float timestamp would not be)."""
    return (moment - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> dt.datetime:
    """The inverse of `to_micros`, in UTC."""
    return EPOCH + micros * _MICROSECOND


def month_of(moment: dt.datetime) -> str:
    """The first day of the moment's calendar month in UTC, YYYY-MM-01."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-01")


_WIDTHS: dict[HistogramInterval, dt.timedelta] = {
    HistogramInterval.HOUR: dt.timedelta(hours=1),
    HistogramInterval.DAY: dt.timedelta(days=1),
    HistogramInterval.WEEK: dt.timedelta(days=7),
    # The shortest month: the count below is an upper bound.
    HistogramInterval.MONTH: dt.timedelta(days=28),
}


def bucket_count(interval: HistogramInterval, start: dt.datetime, end: dt.datetime) -> int:
    """At most so many buckets per kind lie between `start` and `end`."""
    return -((start - end) // _WIDTHS[interval]) + 1
