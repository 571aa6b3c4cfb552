"""Rules for single values: each takes the value and its path, and yields what is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from subgraphs.customer.domain.problems import Path, Problem, ProblemCode

__all__ = [
    "EARLIEST_DATE",
    "MAX_AMOUNT",
    "check_amount",
    "check_card_last4",
    "check_email",
    "check_instant",
    "check_not_future",
    "check_phone",
    "check_postal_code",
    "check_range",
    "check_state",
    "check_text",
    "invalid",
    "normalise_postal_code",
    "normalise_text",
    "optional_text",
]

#: BRL; what numeric(14, 2) in the store can hold.
MAX_AMOUNT = Decimal("999999999999.99")
#: No customer, debt or asset of ours is older; catches a year typed with a wrong century.
EARLIEST_DATE = date(1900, 1, 1)
#: Calendar dates are judged in Brazil's time zone, but a caller east of it may already write tomorrow's date.
_DATE_TOLERANCE = timedelta(days=1)
#: How far the caller's clock may be ahead of ours.
_CLOCK_TOLERANCE = timedelta(minutes=5)
#: The 26 states and the Federal District (IBGE).
_STATES = frozenset({
    "AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA",
    "PB", "PE", "PI", "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO",
})  # fmt: skip
#: A practical subset of RFC 5321; whether mail arrives only sending it can tell.
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@(?=.{1,255}$)[\w-]+(\.[\w-]+)+")
_PHONE = re.compile(r"\+?[0-9 ().-]{8,30}")
#: ITU-T E.164 allows 15 digits; eight is the shortest Brazilian subscriber number.
_PHONE_DIGITS = range(8, 16)


def invalid(path: Path, message: str) -> Problem:
    """A problem of code INVALID_VALUE."""
    return Problem(ProblemCode.INVALID_VALUE, message, path)


def normalise_text(text: str) -> str:
    """Composed Unicode (NFC) without white space at the ends, so that equal texts are equal bytes."""
    return unicodedata.normalize("NFC", text.strip())


def optional_text(text: str | None) -> str | None:
    """Normalised; an empty text counts as none."""
    return (normalise_text(text) or None) if text is not None else None


def check_text(text: str, path: Path, *, longest: int) -> Iterator[Problem]:
    """Not empty, at most `longest` characters, no control characters."""
    if not text:
        yield invalid(path, "must not be empty")
    elif len(text) > longest:
        yield invalid(path, f"has more than {longest} characters")
    elif any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        yield invalid(path, "has control characters")


def check_amount(amount: Decimal, path: Path) -> Iterator[Problem]:
    """Money in BRL: above zero, whole centavos, at most `MAX_AMOUNT`."""
    if not amount.is_finite() or amount <= 0:
        yield invalid(path, "must be above zero")
    elif amount > MAX_AMOUNT:
        yield invalid(path, f"must not exceed {MAX_AMOUNT}")
    elif amount != amount.quantize(Decimal("0.01")):
        yield invalid(path, "has more than two decimal places")


def check_not_future(day: date, path: Path, today: date) -> Iterator[Problem]:
    """Between `EARLIEST_DATE` and today (with a day's tolerance for time zones)."""
    if day < EARLIEST_DATE:
        yield invalid(path, f"is before {EARLIEST_DATE}")
    elif day > today + _DATE_TOLERANCE:
        yield invalid(path, "is in the future")


def check_range(first: date, last: date, path: Path, message: str) -> Iterator[Problem]:
    """`last` is not before `first`; both between `EARLIEST_DATE` and the year 2200."""
    if last < first:
        yield invalid(path, message)
    elif not EARLIEST_DATE <= last < date(2200, 1, 1):
        yield invalid(path, "is outside of the years 1900 to 2199")


def check_instant(moment: datetime, path: Path, now: datetime) -> Iterator[Problem]:
    """From the year 1900 until now (with five minutes' tolerance for clocks)."""
    if moment.date() < EARLIEST_DATE:
        yield invalid(path, f"is before {EARLIEST_DATE}")
    elif moment > now + _CLOCK_TOLERANCE:
        yield invalid(path, "is in the future")


def check_email(email: str, path: Path) -> Iterator[Problem]:
    """Looks like `local@domain.tld`, at most 254 characters (RFC 5321)."""
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        yield invalid(path, "is not an e-mail address")


def check_phone(phone: str, path: Path) -> Iterator[Problem]:
    """Digits with the usual separators, 8 to 15 digits."""
    if not _PHONE.fullmatch(phone) or sum(map(str.isdigit, phone)) not in _PHONE_DIGITS:
        yield invalid(path, "is not a telephone number")


def check_state(state: str, path: Path) -> Iterator[Problem]:
    """The two letters of a Brazilian state or the Federal District."""
    if state not in _STATES:
        yield invalid(path, "is not a Brazilian state")


def normalise_postal_code(text: str) -> str:
    """A CEP as `01310-100`; anything else comes back stripped."""
    stripped = text.strip()
    return f"{stripped[:5]}-{stripped[5:]}" if re.fullmatch(r"[0-9]{8}", stripped) else stripped


def check_postal_code(postal_code: str, path: Path) -> Iterator[Problem]:
    """A CEP of eight digits."""
    if not re.fullmatch(r"[0-9]{5}-[0-9]{3}", postal_code):
        yield invalid(path, "is not a postal code (CEP)")


def check_card_last4(digits: str, path: Path) -> Iterator[Problem]:
    """Exactly four digits, so that a whole card number is never taken."""
    if not re.fullmatch(r"[0-9]{4}", digits):
        yield invalid(path, "must be the last four digits of the card")
