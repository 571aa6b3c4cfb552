"""subgraphs.customer.domain.cpf"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.customer.domain.cpf import format_cpf, is_cpf, mask_cpf, normalise_cpf
from tests.kit.brazil import cpf

_NINE = st.integers(min_value=1, max_value=10**9 - 1)


@pytest.mark.parametrize("written", ["52998224725", "529.982.247-25", " 529982247-25 ", "111.444.777-35"])
def test_a_cpf_is_taken_with_or_without_punctuation(written: str) -> None:
    """Points, dash and white space around do not matter."""
    assert is_cpf(normalise_cpf(written))


@pytest.mark.parametrize(
    "written",
    [
        "52998224726",
        "52998224715",
        "5299822472",
        "529982247250",
        "11111111111",
        "00000000000",
        "529-982-247.25",
        "5 2 9 9 8 2 2 4 7 2 5",
        "５２９９８２２４７２５",
        "",
        "abc",
        "529982247\n25",
    ],
)
def test_what_is_no_cpf_is_refused(written: str) -> None:
    """Wrong check digits, wrong lengths, eleven equal digits, foreign digits and strange separators."""
    assert not is_cpf(normalise_cpf(written))


@given(_NINE, st.integers(9, 10), st.integers(1, 9))
def test_a_wrong_check_digit_is_noticed(digits: int, place: int, shift: int) -> None:
    """Whichever of the two it is."""
    right = cpf(digits)
    wrong = right[:place] + str((int(right[place]) + shift) % 10) + right[place + 1 :]
    assert is_cpf(right)
    assert not is_cpf(wrong)


@given(_NINE)
def test_the_mask_shows_six_digits_only(digits: int) -> None:
    """The first three digits and the check digits are not in the mask; the formatted number reads back."""
    number = cpf(digits)
    assert mask_cpf(number) == f"***.{number[3:6]}.{number[6:9]}-**"
    assert normalise_cpf(format_cpf(number)) == number
