"""Made-up values: of the right type, plausible for the field's name, the same for the same seed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

__all__ = ["EPOCH", "Dice", "leaf"]

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_NAMES = ("Ana Souza", "Bruno Lima", "Carla Nunes", "Diego Rocha", "Elisa Prado", "Fábio Castro")
_CITIES = ("São Paulo", "Recife", "Curitiba", "Belém", "Salvador", "Porto Alegre")
_WORDS = ("ipê", "jacarandá", "araucária", "buriti", "cajueiro", "juazeiro", "mangue", "cerrado")


class Dice:
    """Randomness that depends on the seed and on what is asked only, never on the order of asking."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, *what: object) -> Random:
        """A generator for this very thing."""
        digest = hashlib.blake2b(repr((self._seed, what)).encode(), digest_size=8).digest()
        return Random(int.from_bytes(digest, "big"))  # noqa: S311 - made-up data


def leaf(type_name: str, field_name: str, random: Random) -> object:
    """A value for a scalar type; custom scalars are recognised by their names, else they are text."""
    match type_name:
        case "Int":
            return random.randrange(1000)
        case "Float":
            return round(random.uniform(0, 1000), 2)
        case "Boolean":
            return random.random() < 0.5
        case "ID":
            return str(random.randrange(10**6))
        case "String":
            return _text(field_name.lower(), random)
        case _:
            return _custom(type_name.lower(), field_name.lower(), random)


def _custom(type_name: str, field_name: str, random: Random) -> object:
    moment = EPOCH + timedelta(minutes=random.randrange(500_000))
    if "datetime" in type_name or "timestamp" in type_name or "instant" in type_name:
        return moment.isoformat().replace("+00:00", "Z")
    if "date" in type_name:
        return date.isoformat(moment.date())
    if "time" in type_name:
        return moment.time().isoformat()
    if "decimal" in type_name or "money" in type_name:
        return f"{random.randrange(10**7) / 100:.2f}"
    if "uuid" in type_name:
        return str(UUID(int=random.getrandbits(128), version=4))
    if "long" in type_name or "bigint" in type_name:
        return random.randrange(2**53)
    if "json" in type_name or "object" in type_name:
        return {"made": "up", "number": random.randrange(1000)}
    return _text(field_name, random)


def _text(field_name: str, random: Random) -> str:
    if "email" in field_name:
        return f"{random.choice(_WORDS)}{random.randrange(100)}@exemplo.com.br".replace("ê", "e").replace(
            "á", "a"
        )
    if "phone" in field_name or "telefone" in field_name:
        return f"+55 11 9{random.randrange(10**8):08d}"
    if "url" in field_name or "link" in field_name:
        return f"https://exemplo.com.br/{random.randrange(10**6)}"
    if "city" in field_name or "cidade" in field_name:
        return random.choice(_CITIES)
    if "name" in field_name or "nome" in field_name or "author" in field_name:
        return random.choice(_NAMES)
    return f"{random.choice(_WORDS)} {random.randrange(1000)}"
