"""Twelve months of an applicant's financial activity, invented but stable for an applicant's number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from devstack.applicants import people
from devstack.applicants.calendar import months_later
from devstack.applicants.records import Applicant
from devstack.applicants.registration import idempotency_key, registration

__all__ = ["activity"]

#: Brasília time; Brazil has had no summer time since 2019.
_BRASILIA = timezone(timedelta(hours=-3))
_MERCHANTS = (
    ("Supermercado Pequi", "mercado"), ("Padaria Mandacaru", "alimentação"), ("Posto Guará", "combustível"),
    ("Drogaria Copaíba", "farmácia"), ("Livraria Buriti", "livros"), ("Restaurante Umbuzeiro", "alimentação"),
    ("Eletro Jatobá", "eletrônicos"), ("Casa Pau-Brasil", "móveis"), ("Academia Juçara", "saúde"),
    ("Pet Shop Tamanduá", "animais"),
)  # fmt: skip
_BUREAUS = ("Serasa Experian", "SPC Brasil", "Boa Vista SCPC", "Quod")
_REASONS = ("análise de crédito", "abertura de conta", "revisão de limite", "financiamento")
_BILLS = ("Aluguel e condomínio", "Conta de energia", "Conta de água", "Parcela do empréstimo")
#: Events of each kind over the year; at least ten in all.
_PURCHASES, _BUREAU_QUERIES, _CREDITS, _DEBITS = range(4, 8), range(1, 4), range(3, 5), range(2, 5)


def activity(applicant: Applicant, today: date, customer_id: str) -> list[tuple[str, dict[str, Any]]]:
    """At least ten events of the twelve months before `today`, oldest first: (mutation name, its input).

    Every applicant has at least one bureau query and one card purchase. Times carry Brasília's offset and are
    all before the beginning of `today`. A repeated run of the same day repeats the idempotency keys.
    """
    random = people.generator(applicant, "activity")
    income = Decimal(registration(applicant, today)["incomes"][0]["monthlyAmount"])
    events = [
        *_purchases(random, income),
        *_bureau_queries(random),
        *_credits(random, income),
        *_debits(random, income),
    ]
    timed = sorted(
        ((_moment(random, today), position, *event) for position, event in enumerate(events)),
        key=lambda row: row[:2],
    )
    return [
        (
            name,
            {
                "customerId": customer_id,
                **fields,
                "occurredAt": moment.isoformat(),
                "idempotencyKey": idempotency_key(applicant, today, f"activity/{position}"),
            },
        )
        for moment, position, name, fields in timed
    ]


_Event = tuple[str, Mapping[str, Any]]


def _purchases(random: Random, income: Decimal) -> Iterator[_Event]:
    card = f"{random.randrange(10_000):04d}"
    for _ in range(random.choice(_PURCHASES)):
        merchant, category = random.choice(_MERCHANTS)
        amount = _share(random, income, 1, 12)
        yield (
            "recordCardPurchase",
            {"amount": amount, "merchant": merchant, "category": category, "cardLast4": card},
        )


def _bureau_queries(random: Random) -> Iterator[_Event]:
    for _ in range(random.choice(_BUREAU_QUERIES)):
        yield "recordBureauQuery", {"bureau": random.choice(_BUREAUS), "reason": random.choice(_REASONS)}


def _credits(random: Random, income: Decimal) -> Iterator[_Event]:
    for _ in range(random.choice(_CREDITS)):
        amount = _share(random, income, 90, 110)
        yield (
            "recordMovement",
            {"amount": amount, "direction": "CREDIT", "description": "Recebimento de renda"},
        )


def _debits(random: Random, income: Decimal) -> Iterator[_Event]:
    for _ in range(random.choice(_DEBITS)):
        amount, bill = _share(random, income, 5, 35), random.choice(_BILLS)
        yield "recordMovement", {"amount": amount, "direction": "DEBIT", "description": bill}


def _share(random: Random, income: Decimal, lowest: int, highest: int) -> str:
    """Between `lowest` and `highest` per cent of the monthly income, at least one real."""
    amount = income * random.randrange(lowest * 100, highest * 100 + 1) / 10_000
    return str(max(amount, Decimal(1)).quantize(Decimal("0.01")))


def _moment(random: Random, today: date) -> datetime:
    """A minute of Brazilian business life on one of the days of the last twelve months."""
    days = (today - months_later(today, -12)).days
    day = today - timedelta(days=random.randrange(1, days))
    return datetime.combine(day, time(random.randrange(8, 22), random.randrange(60)), tzinfo=_BRASILIA)
