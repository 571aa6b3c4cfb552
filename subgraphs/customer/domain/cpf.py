"""CPF, the number that identifies a taxpayer in Brazil: nine digits and two check digits."""

from __future__ import annotations

import re

__all__ = ["format_cpf", "is_cpf", "mask_cpf", "normalise_cpf"]

#: Written with or without its usual points and dash; nothing else is taken for a CPF.
_WRITTEN = re.compile(r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}")


def normalise_cpf(text: str) -> str:
    """The eleven digits of a written CPF, such as `529.982.247-25`; anything else comes back unchanged."""
    stripped = text.strip()
    return re.sub(r"[.-]", "", stripped) if _WRITTEN.fullmatch(stripped) else text


def is_cpf(digits: str) -> bool:
    """Whether the eleven digits carry the right check digits.

    Eleven equal digits pass the arithmetic, but the Receita Federal never gives them out: they are refused.
    """
    if not re.fullmatch(r"[0-9]{11}", digits) or len(set(digits)) == 1:
        return False
    return _check_digit(digits[:9]) == int(digits[9]) and _check_digit(digits[:10]) == int(digits[10])


def format_cpf(digits: str) -> str:
    """`52998224725` as `529.982.247-25`."""
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def mask_cpf(digits: str) -> str:
    """Only the middle six digits: `***.982.247-**`."""
    return f"***.{digits[3:6]}.{digits[6:9]}-**"


def _check_digit(digits: str) -> int:
    """Modulo 11 with weights that fall to 2 at the last digit; a remainder below 2 gives 0."""
    total = sum(
        int(digit) * weight for digit, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True)
    )
    remainder = total % 11
    return 0 if remainder < 2 else 11 - remainder
