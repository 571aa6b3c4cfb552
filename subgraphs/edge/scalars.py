"""Date, DateTime and Decimal: strict on the way in, one spelling on the way out.

Fields are annotated with the Python types (`datetime.date`, `datetime.datetime`, `decimal.Decimal`, also
exported here under their GraphQL names); `SCALARS` binds them. Bad text is a `BadUserInput`.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import strawberry
from graphql import IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from subgraphs.edge.errors import BadUserInput

__all__ = [
    "MAX_DECIMAL_DIGITS",
    "SCALARS",
    "Date",
    "DateTime",
    "Decimal",
    "format_date_time",
    "format_decimal",
    "parse_date",
    "parse_date_time",
    "parse_decimal",
]

Date: TypeAlias = dt.date
DateTime: TypeAlias = dt.datetime
Decimal: TypeAlias = decimal.Decimal

#: Digits of a Decimal, before and after the point together: more than any sum of money, fewer than what
#: makes big-number arithmetic an attack. The stores' own columns are narrower.
MAX_DECIMAL_DIGITS = 34

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# RFC 3339, section 5.6, with a mandatory offset. Fractions finer than a microsecond are cut.
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


def parse_date(value: object) -> dt.date:
    """The calendar date spelled YYYY-MM-DD; raises `BadUserInput` for anything else."""
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise BadUserInput("A Date is written YYYY-MM-DD.")
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise BadUserInput("A Date must be a day that the calendar has.") from None


def parse_date_time(value: object) -> dt.datetime:
    """The instant in UTC; raises `BadUserInput` unless it is RFC 3339 with an offset."""
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadUserInput("A DateTime is written as RFC 3339 with an offset, such as 2026-11-22T10:00:00Z.")
    day, time, fraction, offset = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    zone = "+00:00" if offset in "Zz" else offset
    try:
        return dt.datetime.fromisoformat(f"{day}T{time}.{micros}{zone}").astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise BadUserInput("A DateTime must be an instant that the calendar has.") from None


def parse_decimal(value: object) -> decimal.Decimal:
    """The exact number from plain decimal text or an integer; raises `BadUserInput` for the rest."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise BadUserInput('A Decimal is written as a string, such as "1234.56", or as an integer.')
    if isinstance(value, int):
        if value.bit_length() > 128:
            raise BadUserInput(f"A Decimal has at most {MAX_DECIMAL_DIGITS} digits.")
        value = str(value)
    # The length is checked first: the pattern then runs over bounded text.
    if len(value) > MAX_DECIMAL_DIGITS + 2:
        raise BadUserInput(f"A Decimal has at most {MAX_DECIMAL_DIGITS} digits.")
    if _DECIMAL.fullmatch(value) is None:
        raise BadUserInput('A Decimal is plain decimal text, such as "1234.56": no exponent, no other signs.')
    number = decimal.Decimal(value)
    if len(number.as_tuple().digits) > MAX_DECIMAL_DIGITS:
        raise BadUserInput(f"A Decimal has at most {MAX_DECIMAL_DIGITS} digits.")
    return number


def format_date_time(value: object) -> str:
    """RFC 3339 in UTC with "Z", fraction only when there is one. A naive one is our bug: TypeError."""
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise TypeError("a DateTime field resolved to something else than an aware datetime")
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"


def format_decimal(value: object) -> str:
    """Plain decimal text without an exponent, the scale kept as it is."""
    if not isinstance(value, decimal.Decimal) or not value.is_finite():
        raise TypeError("a Decimal field resolved to something else than a finite Decimal")
    return f"{value:f}"


def _format_date(value: object) -> str:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise TypeError("a Date field resolved to something else than a date")
    return value.isoformat()


def _literal(parse: Callable[[object], Any], *, integers: bool = False) -> Callable[..., Any]:
    """The coercion of a literal in the document: the very text of the node, never by way of a float."""

    def parse_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> Any:
        if isinstance(node, StringValueNode) or (integers and isinstance(node, IntValueNode)):
            return parse(node.value)
        return parse(None)

    return parse_literal


#: What `federated_schema` binds: Python type → GraphQL scalar.
SCALARS: dict[object, ScalarDefinition] = {
    dt.date: strawberry.scalar(
        name="Date",
        description="A calendar date, ISO 8601 (YYYY-MM-DD).",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339#section-5.6",
        serialize=_format_date,
        parse_value=parse_date,
        parse_literal=_literal(parse_date),
    ),
    dt.datetime: strawberry.scalar(
        name="DateTime",
        description="An instant, RFC 3339 with offset; always answered in UTC.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339#section-5.6",
        serialize=format_date_time,
        parse_value=parse_date_time,
        parse_literal=_literal(parse_date_time),
    ),
    decimal.Decimal: strawberry.scalar(
        name="Decimal",
        description="An exact decimal, answered as a string; amounts of money are in BRL.",
        serialize=format_decimal,
        parse_value=parse_decimal,
        parse_literal=_literal(parse_decimal, integers=True),
    ),
}
