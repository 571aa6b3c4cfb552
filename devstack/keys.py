"""The stack's own identity provider: one ES256 key pair, its JWK set, and tokens signed with it."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from devstack.layout import DataFolder, write_atomically, write_private
from kernel.events import new_id

__all__ = [
    "AUDIENCE",
    "ISSUER",
    "MOST_LIFETIME_SECONDS",
    "ROLES",
    "ROUTER_SCOPES",
    "ROUTER_TOKEN_RENEWAL_SECONDS",
    "TOKEN_LIFETIME_SECONDS",
    "Signer",
    "router_token",
    "signer",
]

ISSUER = "customer-graph-devstack"
AUDIENCE = "customer-graph"
#: How long a token for people lives, seconds: a working day.
TOKEN_LIFETIME_SECONDS = 12 * 3600
#: Seconds in a day: no verifier accepts a token that lives longer.
MOST_LIFETIME_SECONDS = 86_400
#: The roles whose tokens the demo prints, with their scopes.
ROLES = {
    "reader": "",
    "clerk": "graph:write customer:pii",
    "data scientist": "ml:read",
    "operator": "ops:read customer:erase",
}
#: What the router needs: to apply events, and to compare versions (`router reconcile`).
ROUTER_SCOPES = "sync:apply ops:read ml:read"
#: Seconds that the router's token lives.
_ROUTER_TOKEN_SECONDS = 7200
#: Seconds after which it is replaced: long before the end, so that a suspended laptop finds a valid one.
ROUTER_TOKEN_RENEWAL_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs access tokens (RFC 9068) that every process of the stack accepts."""

    kid: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    def token(self, subject: str, scopes: str, lifetime_seconds: int = TOKEN_LIFETIME_SECONDS) -> str:
        """A token for `subject` with the space-separated `scopes`, valid from now on."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "scope": " ".join(scopes.split()),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
            "jti": new_id(),
        }
        return jwt.encode(
            claims, self.private_key, algorithm="ES256", headers={"kid": self.kid, "typ": "at+jwt"}
        )


def signer(folder: DataFolder) -> Signer:
    """The folder's signer; makes its key pair and writes the JWK set when they are not there yet."""
    path = folder.keys / "signing.pem"
    if not path.exists():
        with suppress(FileExistsError):
            write_private(path, _new_pem())
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} is not an elliptic-curve key")
    jwk = _public_jwk(key)
    if not folder.jwks.exists():
        write_atomically(folder.jwks, json.dumps({"keys": [jwk]}, indent=2) + "\n")
    return Signer(jwk["kid"], key)


def router_token(keys: Signer) -> str:
    """A token for the router, to be replaced every `ROUTER_TOKEN_RENEWAL_SECONDS`."""
    return keys.token("router", ROUTER_SCOPES, _ROUTER_TOKEN_SECONDS)


def _new_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    jwk: dict[str, str] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    # RFC 7638: the thumbprint covers the required members in lexical order.
    required = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    kid = urlsafe_b64encode(hashlib.sha256(required.encode()).digest()).rstrip(b"=").decode()
    return {**jwk, "kid": kid, "use": "sig", "alg": "ES256"}
