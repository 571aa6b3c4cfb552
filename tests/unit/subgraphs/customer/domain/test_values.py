"""subgraphs.customer.domain.values: the rules for single values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from subgraphs.customer.domain import values
from subgraphs.customer.domain.problems import Problem

PATH = ("input", "value")
TODAY = date(2026, 11, 24)


def accepted(problems: Iterable[Problem]) -> bool:
    """Whether nothing is wrong; what is wrong must carry the path."""
    found = list(problems)
    assert all(problem.path == PATH for problem in found)
    return not found


@pytest.mark.parametrize(
    ("amount", "fine"),
    [
        ("0.01", True),
        ("1500", True),
        ("1500.10", True),
        ("1500.100", True),
        ("999999999999.99", True),
        ("0", False),
        ("-0.01", False),
        ("0.001", False),
        ("1000000000000", False),
        ("9" * 34, False),
    ],
)
def test_amounts_are_positive_whole_centavos(amount: str, fine: bool) -> None:
    """Above zero, at most two decimal places that matter, at most what the store can hold."""
    assert accepted(values.check_amount(Decimal(amount), PATH)) is fine


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("Banco Araucária", True),
        ("x" * 200, True),
        ("", False),
        ("x" * 201, False),
        ("a\tb", False),
        ("a\x7fb", False),
    ],
)
def test_texts_are_short_and_printable(text: str, fine: bool) -> None:
    """Not empty, within the limit, no control characters."""
    assert accepted(values.check_text(text, PATH, longest=200)) is fine


@pytest.mark.parametrize(
    ("day", "fine"),
    [
        (TODAY, True),
        (TODAY + timedelta(days=1), True),
        (TODAY + timedelta(days=2), False),
        (date(1900, 1, 1), True),
        (date(1899, 12, 31), False),
    ],
)
def test_past_dates_are_judged_with_a_day_of_tolerance(day: date, fine: bool) -> None:
    """A caller further east may already write tomorrow's date."""
    assert accepted(values.check_not_future(day, PATH, TODAY)) is fine


def test_events_cannot_lie_in_the_future() -> None:
    """Five minutes are allowed for clocks, no more."""
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert accepted(values.check_instant(now + timedelta(minutes=4), PATH, now))
    assert not accepted(values.check_instant(now + timedelta(minutes=6), PATH, now))
    assert not accepted(values.check_instant(datetime(1800, 1, 1, tzinfo=UTC), PATH, now))


@pytest.mark.parametrize(
    ("email", "fine"),
    [
        ("ana@example.com", True),
        ("ana.lúcia+crédito@empresa.com.br", True),
        ("ana@example", False),
        ("ana example@example.com", False),
        ("@example.com", False),
        ("ana@", False),
        ("ana@exa mple.com", False),
        ("a" * 65 + "@example.com", False),
        ("a@" + "b" * 260 + ".com", False),
        ("ana@example.com\nbcc: x@y.zz", False),
    ],
)
def test_email_addresses_look_like_ones(email: str, fine: bool) -> None:
    """One @, a domain with a dot, no white space, RFC 5321's lengths."""
    assert accepted(values.check_email(email, PATH)) is fine


@pytest.mark.parametrize(
    ("phone", "fine"),
    [
        ("+5581998765432", True),
        ("+55 (011) 1234-5678", True),
        ("0800 123 4567", True),
        ("1234567", False),
        ("+" + "1" * 16, False),
        ("ligue-me", False),
        ("", False),
    ],
)
def test_telephone_numbers_have_8_to_15_digits(phone: str, fine: bool) -> None:
    """With the usual separators."""
    assert accepted(values.check_phone(phone, PATH)) is fine


@pytest.mark.parametrize(
    ("state", "fine"), [("PE", True), ("DF", True), ("XX", False), ("pe", False), ("", False)]
)
def test_states_are_those_of_brazil(state: str, fine: bool) -> None:
    """Two upper-case letters out of 27."""
    assert accepted(values.check_state(state, PATH)) is fine


@pytest.mark.parametrize(
    ("written", "kept"), [("50050-000", "50050-000"), ("50050000", "50050-000"), (" 50050000 ", "50050-000")]
)
def test_postal_codes_are_kept_with_their_dash(written: str, kept: str) -> None:
    """Eight digits, however written."""
    assert values.normalise_postal_code(written) == kept
    assert accepted(values.check_postal_code(kept, PATH))


@pytest.mark.parametrize("written", ["5005-0000", "5005000", "50050-00a", "500500000", ""])
def test_what_is_no_postal_code_is_refused(written: str) -> None:
    """Anything but eight digits."""
    assert not accepted(values.check_postal_code(values.normalise_postal_code(written), PATH))


@pytest.mark.parametrize(
    ("digits", "fine"), [("1234", True), ("0000", True), ("123", False), ("12a4", False)]
)
def test_only_the_last_four_digits_of_a_card_are_taken(digits: str, fine: bool) -> None:
    """A whole card number never gets in."""
    assert accepted(values.check_card_last4(digits, PATH)) is fine
    assert not accepted(values.check_card_last4("4111111111111111", PATH))


def test_equal_texts_become_equal_bytes() -> None:
    """Decomposed accents are composed, white space at the ends goes, and empty means none."""
    assert values.normalise_text("  Lu\u0301cia ") == "L\u00facia"
    assert values.optional_text("  ") is None
    assert values.optional_text(None) is None
