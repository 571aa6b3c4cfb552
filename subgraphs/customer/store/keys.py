"""Keys, and what is done with them on our side of the wire; encryption itself happens in PostgreSQL."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

__all__ = ["Keys"]


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of the store; never shown by `repr`."""

    encryption: str = field(repr=False)
    blind_index: str = field(repr=False)

    def cpf_index(self, digits: str) -> bytes:
        """The blind index of a CPF: equal for equal digits, and without the key no way back to them."""
        return self._keyed("cpf", digits.encode())

    def idempotency_key(self, key: str) -> bytes:
        """What is stored of a caller's idempotency key."""
        return self._keyed("idempotency-key", key.encode())

    def fingerprint(self, canonical_input: bytes) -> bytes:
        """What is stored of a mutation's input, to tell the same from another one."""
        return self._keyed("input", canonical_input)

    def _keyed(self, purpose: str, content: bytes) -> bytes:
        # The purpose keeps a value of one column from meaning anything in another.
        return hmac.digest(self.blind_index.encode(), purpose.encode() + b"\0" + content, hashlib.sha256)
