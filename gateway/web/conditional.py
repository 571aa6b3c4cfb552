"""Conditional requests: an ETag on every complete query answer, 304 when the client has it already."""

from __future__ import annotations

from hashlib import blake2b

__all__ = ["etag_of", "matches"]


def etag_of(body: bytes, media_type: str) -> str:
    """A strong validator (RFC 9110, 8.8.3): it differs when the bytes or their media type differ.

    128 bits of BLAKE2b: equal on every copy of the gateway, and no collision to be found.
    """
    return f'"{blake2b(body, digest_size=16, person=media_type[-16:].encode()).hexdigest()}"'


def matches(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names this entity (weak comparison, as RFC 9110 13.1.2 asks)."""
    if if_none_match.strip() == "*":
        return True
    return any(candidate.strip().removeprefix("W/") == etag for candidate in if_none_match.split(",")[:100])
