"""Who an applicant is: name, CPF, contact and address, invented but stable for an applicant's number."""

from __future__ import annotations

import unicodedata
from functools import cache
from random import Random

from faker import Faker

from devstack.applicants.records import Applicant

__all__ = ["address", "cpf", "email", "full_name", "generator", "phone"]

#: Multiplier and offset of the walk through the nine leading digits of a CPF. The multiplier shares no factor
#: with 10^9, so that different applicants never meet; the numbers themselves mean nothing.
_CPF_STEP, _CPF_START, _CPF_SPACE = 387_420_489, 123_456_789, 1_000_000_000

#: City, state, first five digits of a postal code of its centre, telephone prefix.
_CITIES = (
    ("São Paulo", "SP", "01310", "11"), ("Campinas", "SP", "13010", "19"), ("Santos", "SP", "11010", "13"),
    ("Rio de Janeiro", "RJ", "20040", "21"), ("Niterói", "RJ", "24020", "21"),
    ("Belo Horizonte", "MG", "30130", "31"), ("Uberlândia", "MG", "38400", "34"),
    ("Vitória", "ES", "29010", "27"), ("Curitiba", "PR", "80010", "41"), ("Londrina", "PR", "86010", "43"),
    ("Florianópolis", "SC", "88010", "48"), ("Joinville", "SC", "89201", "47"),
    ("Porto Alegre", "RS", "90010", "51"), ("Caxias do Sul", "RS", "95010", "54"),
    ("Salvador", "BA", "40010", "71"), ("Recife", "PE", "50010", "81"), ("Fortaleza", "CE", "60010", "85"),
    ("Natal", "RN", "59010", "84"), ("João Pessoa", "PB", "58010", "83"), ("Maceió", "AL", "57020", "82"),
    ("Aracaju", "SE", "49010", "79"), ("Teresina", "PI", "64000", "86"), ("São Luís", "MA", "65010", "98"),
    ("Belém", "PA", "66010", "91"), ("Manaus", "AM", "69010", "92"), ("Brasília", "DF", "70040", "61"),
    ("Goiânia", "GO", "74003", "62"), ("Cuiabá", "MT", "78005", "65"), ("Campo Grande", "MS", "79002", "67"),
    ("Porto Velho", "RO", "76801", "69"), ("Rio Branco", "AC", "69900", "68"),
    ("Macapá", "AP", "68900", "96"),
    ("Boa Vista", "RR", "69301", "95"), ("Palmas", "TO", "77001", "63"),
)  # fmt: skip


def generator(applicant: Applicant, topic: str) -> Random:
    """Randomness that only the applicant's number and the topic decide (no topic disturbs another)."""
    return Random(f"{applicant.number}/{topic}")  # noqa: S311 - invented people need repeatability, not secrecy


def cpf(applicant: Applicant) -> str:
    """Eleven digits with valid check digits; no two applicants' numbers share them."""
    base = f"{(applicant.number * _CPF_STEP + _CPF_START) % _CPF_SPACE:09d}"
    first = _check_digit(base)
    return base + first + _check_digit(base + first)


def _check_digit(digits: str) -> str:
    """Receita Federal's modulo 11: weights fall from length + 1 to 2, a remainder below 2 gives 0."""
    weights = range(len(digits) + 1, 1, -1)
    remainder = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return str(0 if remainder < 2 else 11 - remainder)


def full_name(applicant: Applicant) -> str:
    """A Brazilian first name and two surnames."""
    fake = _faker(applicant)
    return f"{fake.first_name()} {fake.last_name()} {fake.last_name()}"


def email(applicant: Applicant) -> str:
    """An address below example.com (reserved: no mail can ever reach anybody)."""
    first, *_, last = full_name(applicant).split()
    plain = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode().lower()
    return f"{plain}.{applicant.number}@example.com"


def phone(applicant: Applicant) -> str | None:
    """A mobile number of the applicant's city in E.164; None when no telephone is registered."""
    if not applicant.has_telephone:
        return None
    subscriber = generator(applicant, "phone").randrange(100_000_000)
    return f"+55{_city(applicant)[3]}9{subscriber:08d}"


def address(applicant: Applicant) -> dict[str, str]:
    """An AddressInput: invented street and district of a real city."""
    city, state, postal_prefix, _ = _city(applicant)
    fake = _faker(applicant)
    random = generator(applicant, "address")
    return {
        "street": fake.street_name(),
        "number": str(random.randrange(1, 2500)),
        "district": fake.bairro(),
        "city": city,
        "state": state,
        "postalCode": f"{postal_prefix}-{random.randrange(1000):03d}",
    }


def _city(applicant: Applicant) -> tuple[str, str, str, str]:
    return generator(applicant, "city").choice(_CITIES)


def _faker(applicant: Applicant) -> Faker:
    fake = _brazilian()
    fake.seed_instance(applicant.number)
    return fake


@cache
def _brazilian() -> Faker:
    return Faker("pt_BR")  # loading its word lists takes 20 ms
