"""Customers for tests: inputs that are valid, each with a CPF of its own."""

from __future__ import annotations

import random
from typing import Any

__all__ = ["address", "cpf", "debt", "income", "registration"]


def cpf(digits: int | None = None) -> str:
    """A CPF with right check digits; of these nine digits when given, otherwise a random one."""
    base = [int(digit) for digit in f"{random.randrange(10**9) if digits is None else digits:09d}"]
    if len(set(base)) == 1:  # eleven equal digits are no CPF although their check digits are right
        base[0] = (base[0] + 1) % 10
    for length in (9, 10):
        remainder = (
            sum(digit * weight for digit, weight in zip(base, range(length + 1, 1, -1), strict=True)) % 11
        )
        base.append(0 if remainder < 2 else 11 - remainder)
    return "".join(map(str, base))


def address(**changes: Any) -> dict[str, Any]:
    """An address in Recife."""
    return {
        "street": "Rua da Aurora",
        "number": "463",
        "district": "Boa Vista",
        "city": "Recife",
        "state": "PE",
        "postalCode": "50050-000",
        **changes,
    }


def debt(**changes: Any) -> dict[str, Any]:
    """An open debt that is due in a distant future."""
    return {
        "creditor": "Banco Araucária",
        "amount": "1500.00",
        "contractedOn": "2026-01-10",
        "dueOn": "2031-01-10",
        **changes,
    }


def income(**changes: Any) -> dict[str, Any]:
    """A salary."""
    return {
        "kind": "SALARY",
        "source": "Oficina Aroeira",
        "monthlyAmount": "4200.00",
        "startedOn": "2020-03-01",
        **changes,
    }


def registration(**changes: Any) -> dict[str, Any]:
    """A RegisterCustomerInput: Ana, with one address, one debt and one income."""
    return {
        "name": "Ana Lúcia Ferreira",
        "cpf": cpf(),
        "birthDate": "1988-04-17",
        "email": "ana.ferreira@example.com",
        "phone": "+5581998765432",
        "addresses": [address()],
        "debts": [debt()],
        "incomes": [income()],
        **changes,
    }
