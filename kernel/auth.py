"""Bearer tokens: one verifier for the gateway, every subgraph and the Lambda authorizer.

JSON Web Tokens (RFC 7519) signed by RS256, ES256 or EdDSA with keys out of a JWK set (RFC 7517), read from a
file or an http(s) URL; HS256 only when a secret is configured, which settings allow in development alone.
Algorithms and keys come from our own table, never from the token: a header that names `jwk`, `jku`, `x5u`,
`x5c`, `crit` or `b64` is refused, and no URL out of a token is ever fetched. Whatever is wrong with a token,
the caller sees the same message; the true reason goes to the log.

This module needs PyJWT and the standard library only, so that the Lambda authorizer stays small.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jwt
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

__all__ = ["AuthConfig", "Principal", "Unauthenticated", "Verifier", "scopes_suffice"]

#: Bytes of a token; a larger one is refused before anything is decoded.
MAX_TOKEN_BYTES: Final = 8_192
#: Seconds by which clocks may differ, at both edges of a token's life.
LEEWAY_SECONDS: Final = 30
#: Seconds that a token may live; a longer life is a mistake or an attack.
MAX_LIFETIME_SECONDS: Final = 86_400
#: Seconds between two readings of the key set that unknown key ids can cause.
MIN_REFRESH_SECONDS: Final = 30.0
#: Seconds after which the key set is read again although every key id was known.
KEY_SET_MAX_AGE_SECONDS: Final = 300.0
#: Seconds that the key server has to answer.
KEY_SERVER_TIMEOUT_SECONDS: Final = 3.0
#: Bytes of a key set.
MAX_KEY_SET_BYTES: Final = 262_144
#: Seconds that a verified token is remembered, never past its `exp`.
CACHE_SECONDS: Final = 5.0
#: Verified tokens remembered at once.
CACHE_SIZE: Final = 2_048
#: Bits of an RSA key (NIST SP 800-131A).
MIN_RSA_BITS: Final = 2_048

# Canonical base64url without padding, three segments: nothing else reaches a decoder.
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_FORBIDDEN_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"})
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})


class Unauthenticated(Exception):
    """The token is not accepted. `reason` is for the log; the text that callers see is always the same."""

    MESSAGE: Final = "The access token is missing, malformed, expired or not meant for this service."

    def __init__(self, reason: str) -> None:
        super().__init__(self.MESSAGE)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling. `token` is kept to be passed on, and neither it nor the claims are ever printed."""

    subject: str
    scopes: frozenset[str]
    #: Unix time after which the token is no longer valid (without leeway).
    expires_at: float
    token: str = field(repr=False)
    claims: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuthConfig:
    """What tokens must look like and where the keys are."""

    issuer: str
    audience: str
    #: Path or http(s) URL of a JWK set.
    jwks: str | None
    #: Development only.
    hs256_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Key:
    algorithm: str
    #: The cryptography key object; its type is checked when the set is read.
    material: Any = field(repr=False)


def scopes_suffice(required: Sequence[frozenset[str]], scopes: frozenset[str]) -> bool:
    """Whether `scopes` holds every scope of at least one of the alternatives (`@requiresScopes`)."""
    return any(alternative <= scopes for alternative in required)


def read_key_set(raw: bytes) -> dict[str, _Key]:
    """The usable keys of a JWK set by key id; raises `ValueError` when it is none or has none.

    Symmetric keys, keys for encryption, keys without an id and small RSA keys are left out.
    """
    document = json.loads(raw)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JWK set: no list `keys`")  # noqa: TRY004 - a fault of the text
    keys: dict[str, _Key] = {}
    for jwk in document["keys"]:
        key = _read_key(jwk) if isinstance(jwk, dict) else None
        if key is not None:
            keys[jwk["kid"]] = key
    if not keys:
        raise ValueError("the JWK set has no usable signature key with a key id")
    return keys


def _read_key(jwk: dict[str, Any]) -> _Key | None:
    if not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
        return None
    public = {name: value for name, value in jwk.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}
    match jwk.get("kty"), jwk.get("crv"):
        case "RSA", _:
            key = _Key("RS256", RSAAlgorithm.from_jwk(public))
            if key.material.key_size < MIN_RSA_BITS:
                return None
        case "EC", "P-256":
            key = _Key("ES256", ECAlgorithm.from_jwk(public))
        case "OKP", "Ed25519":
            key = _Key("EdDSA", OKPAlgorithm.from_jwk(public))
        case _:
            return None
    return key if jwk.get("alg", key.algorithm) == key.algorithm else None


def _read_source(source: str) -> bytes:
    if source.startswith(("http://", "https://")):
        # The scheme is http(s) and the address is our own setting, never a token's.
        request = urllib.request.Request(source, headers={"accept": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=KEY_SERVER_TIMEOUT_SECONDS) as answer:  # noqa: S310
            raw: bytes = answer.read(MAX_KEY_SET_BYTES + 1)
    else:
        raw = Path(source.removeprefix("file://")).read_bytes()
    if len(raw) > MAX_KEY_SET_BYTES:
        raise ValueError(f"the JWK set is larger than {MAX_KEY_SET_BYTES} bytes")
    return raw


class Verifier:
    """Verifies bearer tokens. Holds the last good key set, and tokens verified within the last seconds."""

    def __init__(
        self,
        config: AuthConfig,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        read: Callable[[str], bytes] = _read_source,
    ) -> None:
        self._config = config
        self._now = now
        self._monotonic = monotonic
        self._read = read
        self._keys: dict[str, _Key] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._refreshing = asyncio.Lock()
        self._verified: OrderedDict[str, tuple[float, float, Principal]] = OrderedDict()

    @property
    def ready(self) -> bool:
        """Whether there is a key to verify with."""
        return bool(self._keys) or self._config.hs256_secret is not None

    @property
    def keys_age_seconds(self) -> float | None:
        """Seconds since the key set was last read well; None before that. Above 3600 is worth an alarm."""
        return None if self._read_at is None else self._monotonic() - self._read_at

    async def start(self) -> None:
        """Read the key set; when that fails the verifier is not ready, and tries again with each token."""
        await self._refresh()

    async def authenticate(self, authorization: str | None) -> Principal | None:
        """The principal of an `Authorization` header; None without one. Raises `Unauthenticated`."""
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("the scheme is not Bearer")
        return await self.verify(token)

    async def verify(self, token: str) -> Principal:
        """The principal of a token whose signature and claims hold; raises `Unauthenticated`."""
        if len(token) > MAX_TOKEN_BYTES:
            raise Unauthenticated("the token is too long")
        cached = self._verified.get(token)
        now = self._now()
        # Both edges: after a step back of the clock an entry must not live longer than it would have.
        if cached is not None and cached[0] <= now < cached[1]:
            return cached[2]
        if not _TOKEN.fullmatch(token):
            raise Unauthenticated("the token is not three base64url segments")
        principal = self._principal(token, self._payload(token, await self._key_of(token)))
        self._verified[token] = (now, min(now + CACHE_SECONDS, principal.expires_at), principal)
        self._verified.move_to_end(token)
        if len(self._verified) > CACHE_SIZE:
            self._verified.popitem(last=False)
        return principal

    async def _key_of(self, token: str) -> _Key:
        header = _json_object(jwt.utils.base64url_decode(token.split(".", 1)[0]))
        if not _FORBIDDEN_HEADERS.isdisjoint(header):
            raise Unauthenticated("the header names keys or extensions")
        typ = header.get("typ", "JWT")
        if not isinstance(typ, str) or typ.lower() not in _TYPES:
            raise Unauthenticated("the type is not that of an access token")
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm == "HS256" and self._config.hs256_secret is not None:
            return _Key("HS256", self._config.hs256_secret)
        if not isinstance(kid, str):
            raise Unauthenticated("the key id is missing")
        if self._config.jwks is not None and (kid not in self._keys or self._is_old()):
            await self._refresh()
        key = self._keys.get(kid)
        if key is None:
            raise Unauthenticated("the key id is unknown")
        if key.algorithm != algorithm:
            raise Unauthenticated("the algorithm is not the key's")
        return key

    def _payload(self, token: str, key: _Key) -> dict[str, Any]:
        try:
            verified = jwt.PyJWS().decode_complete(token, key.material, algorithms=[key.algorithm])
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"the signature does not hold: {type(error).__name__}") from error
        return _json_object(verified["payload"])

    def _principal(self, token: str, claims: dict[str, Any]) -> Principal:
        if claims.get("iss") != self._config.issuer:
            raise Unauthenticated("the issuer is another")
        # A token for several audiences could be replayed by each of them, so exactly ours it must be.
        if claims.get("aud") not in (self._config.audience, [self._config.audience]):
            raise Unauthenticated("the audience is another")
        subject, scope = claims.get("sub"), claims.get("scope", "")
        if not isinstance(subject, str) or not 0 < len(subject) <= 256:
            raise Unauthenticated("the subject is missing")
        if not isinstance(scope, str):
            raise Unauthenticated("the scope is not text")
        expires_at = self._check_life(claims)
        return Principal(subject, frozenset(scope.split()), expires_at, token, claims)

    def _check_life(self, claims: Mapping[str, object]) -> float:
        now = self._now()
        expires_at, not_before = _instant(claims, "exp"), _instant(claims, "nbf")
        issued_at = _instant(claims, "iat") if "iat" in claims else not_before
        if expires_at <= now - LEEWAY_SECONDS:
            raise Unauthenticated("expired")
        if not_before > now + LEEWAY_SECONDS or issued_at > now + LEEWAY_SECONDS:
            raise Unauthenticated("not valid yet")
        if expires_at - min(not_before, issued_at) > MAX_LIFETIME_SECONDS:
            raise Unauthenticated("lives too long")
        return expires_at

    def _is_old(self) -> bool:
        age = self.keys_age_seconds
        return age is None or age > KEY_SET_MAX_AGE_SECONDS

    async def _refresh(self) -> None:
        """Read the key set unless that was tried a moment ago; a failure keeps the last good one."""
        source = self._config.jwks
        if source is None:
            return
        async with self._refreshing:
            if self._tried_at is not None and self._monotonic() - self._tried_at < MIN_REFRESH_SECONDS:
                return
            self._tried_at = self._monotonic()
            try:
                keys = read_key_set(await asyncio.to_thread(self._read, source))
            except (OSError, ValueError, jwt.PyJWTError):
                return
            self._keys, self._read_at = keys, self._monotonic()
            # A key that was taken out must not live on in tokens verified before.
            self._verified.clear()


def _json_object(raw: bytes) -> dict[str, Any]:
    """Decode a JSON object in which no name occurs twice; raises `Unauthenticated`."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = dict(pairs)
        if len(names) != len(pairs):
            raise ValueError("a name occurs twice")
        return names

    try:
        value = json.loads(raw, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise Unauthenticated("a segment is not a JSON object with unique names") from error
    if not isinstance(value, dict):
        raise Unauthenticated("a segment is not a JSON object")
    return value


def _instant(claims: Mapping[str, object], name: str) -> float:
    """A NumericDate claim (RFC 7519, section 2); raises `Unauthenticated`."""
    value = claims.get(name)
    # 253402300799 is the end of the year 9999: a later instant is an attack on arithmetic.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 253_402_300_799:
        raise Unauthenticated(f"{name} is not an instant")
    return float(value)
