"""An issuer of tokens for tests, and the table of cases that every verifier of ours must decide alike."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://issuer.test"
AUDIENCE = "customer-graph"


def _segment(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class TokenIssuer:
    """Three key pairs (RS256, ES256, EdDSA), their JWK set, and tokens signed with them."""

    rsa_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    ec_key: ec.EllipticCurvePrivateKey = field(default_factory=_p256)
    ed_key: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)
    stranger: ec.EllipticCurvePrivateKey = field(default_factory=_p256)
    #: The claim `iss` of its tokens.
    name: str = ISSUER

    def jwks(self) -> dict[str, Any]:
        """The public keys; one of them is for encryption and must never verify a token."""
        keys = [
            {
                **RSAAlgorithm.to_jwk(self.rsa_key.public_key(), as_dict=True),
                "kid": "rsa",
                "alg": "RS256",
                "use": "sig",
            },
            {**ECAlgorithm.to_jwk(self.ec_key.public_key(), as_dict=True), "kid": "ec", "use": "sig"},
            {**OKPAlgorithm.to_jwk(self.ed_key.public_key(), as_dict=True), "kid": "ed", "use": "sig"},
            {**ECAlgorithm.to_jwk(self.stranger.public_key(), as_dict=True), "kid": "enc", "use": "enc"},
        ]
        return {"keys": keys}

    def write_jwks(self, path: Path) -> Path:
        """Write the JWK set to a file and return its path."""
        path.write_text(json.dumps(self.jwks()))
        return path

    def claims(self, now: float | None = None, **changes: object) -> dict[str, object]:
        """Good claims of a reader; a change to None takes the claim out."""
        instant = int(time.time() if now is None else now)
        claims: dict[str, object] = {
            "iss": self.name,
            "aud": AUDIENCE,
            "sub": "tester",
            "scope": "graph:write",
            "iat": instant,
            "nbf": instant,
            "exp": instant + 600,
        }
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, now: float | None = None, scope: str = "graph:write", sub: str = "tester") -> str:
        """A good token."""
        return self.sign(self.claims(now, scope=scope, sub=sub))

    def sign(
        self,
        claims: dict[str, object],
        *,
        algorithm: str = "ES256",
        kid: str | None = "ec",
        key: PrivateKeyTypes | None = None,
        headers: dict[str, object] | None = None,
    ) -> str:
        """A token over any claims, signed properly by one of the keys."""
        own: dict[str, PrivateKeyTypes] = {"RS256": self.rsa_key, "ES256": self.ec_key, "EdDSA": self.ed_key}
        every = {**({} if kid is None else {"kid": kid}), **(headers or {})}
        signer = jwt.PyJWS()
        # Through the JWS layer: it signs claims that the JWT layer would refuse to make.
        return signer.encode(
            json.dumps(claims).encode(),
            key if key is not None else own[algorithm],  # type: ignore[arg-type]  # the union is the library's
            algorithm=algorithm,
            headers={"typ": "JWT", **every},
        )

    def forge(
        self, header: dict[str, object], claims: dict[str, object] | bytes, secret: bytes | None
    ) -> str:
        """A token put together by hand: any header, and an HMAC over `secret` or no signature at all."""
        signed = f"{_segment(header)}.{_segment(claims)}"
        signature = b"" if secret is None else hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_segment(signature) if signature else ''}"


@dataclass(frozen=True)
class TokenCase:
    """One row: a name that says what is wrong (or right), and the header's value at an instant."""

    name: str
    authorization: Callable[[TokenIssuer, float], str]
    accepted: bool = False


def _bearer(make: Callable[[TokenIssuer, float], str]) -> Callable[[TokenIssuer, float], str]:
    return lambda issuer, now: f"Bearer {make(issuer, now)}"


def _with(**changes: Any) -> Callable[[TokenIssuer, float], str]:
    """A well-signed token with other claims; a callable gets the instant."""

    def make(issuer: TokenIssuer, now: float) -> str:
        resolved = {name: value(now) if callable(value) else value for name, value in changes.items()}
        return issuer.sign(issuer.claims(now, **resolved))

    return _bearer(make)


def _headers(**headers: object) -> Callable[[TokenIssuer, float], str]:
    return _bearer(lambda issuer, now: issuer.sign(issuer.claims(now), headers=headers))


def _public_pem(issuer: TokenIssuer) -> bytes:
    return issuer.rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _altered_payload(issuer: TokenIssuer, now: float) -> str:
    head, _, signature = issuer.token(now=now).split(".")
    return f"{head}.{_segment(issuer.claims(now, scope='customer:pii ops:read'))}.{signature}"


def _embedded_key(issuer: TokenIssuer, now: float) -> str:
    jwk = ECAlgorithm.to_jwk(issuer.stranger.public_key(), as_dict=True)
    return issuer.sign(issuer.claims(now), key=issuer.stranger, headers={"jwk": jwk})


def _duplicate_claim(issuer: TokenIssuer, now: float) -> str:
    text = json.dumps(issuer.claims(now))
    payload = (text[:-1] + ', "sub": "admin"}').encode()
    signer = jwt.PyJWS()
    return signer.encode(payload, issuer.ec_key, algorithm="ES256", headers={"typ": "JWT", "kid": "ec"})


def _longer_issuer(issuer: TokenIssuer, now: float) -> str:
    return issuer.sign(issuer.claims(now, iss=f"{issuer.name}.evil.test"))


def _rs256(issuer: TokenIssuer, now: float) -> str:
    return issuer.sign(issuer.claims(now), algorithm="RS256", kid="rsa")


def _eddsa(issuer: TokenIssuer, now: float) -> str:
    return issuer.sign(issuer.claims(now), algorithm="EdDSA", kid="ed")


CASES: tuple[TokenCase, ...] = (
    TokenCase("good ES256", _with(), accepted=True),
    TokenCase("good RS256", _bearer(_rs256), accepted=True),
    TokenCase("good EdDSA", _bearer(_eddsa), accepted=True),
    TokenCase("scheme in lower case", lambda i, n: f"bearer {i.token(now=n)}", accepted=True),
    TokenCase("type at+jwt", _headers(typ="at+jwt"), accepted=True),
    TokenCase("our audience alone in a list", _with(aud=[AUDIENCE]), accepted=True),
    TokenCase(
        "expired within the leeway",
        _with(exp=lambda n: n - 20, iat=lambda n: n - 600, nbf=lambda n: n - 600),
        accepted=True,
    ),
    TokenCase("not valid yet within the leeway", _with(nbf=lambda n: n + 20), accepted=True),
    TokenCase(
        "alg none without signature",
        _bearer(lambda i, n: i.forge({"alg": "none", "typ": "JWT", "kid": "ec"}, i.claims(n), None)),
    ),
    TokenCase(
        "alg None in mixed case",
        _bearer(lambda i, n: i.forge({"alg": "nOnE", "typ": "JWT", "kid": "ec"}, i.claims(n), b"x")),
    ),
    TokenCase("no alg", _bearer(lambda i, n: i.forge({"typ": "JWT", "kid": "ec"}, i.claims(n), b"x"))),
    TokenCase(
        "HS256 with the public key as secret",
        _bearer(
            lambda i, n: i.forge({"alg": "HS256", "typ": "JWT", "kid": "rsa"}, i.claims(n), _public_pem(i))
        ),
    ),
    TokenCase(
        "algorithm of another key", _bearer(lambda i, n: i.sign(i.claims(n), algorithm="EdDSA", kid="ec"))
    ),
    TokenCase(
        "signed by a stranger under a known key id", _bearer(lambda i, n: i.sign(i.claims(n), key=i.stranger))
    ),
    TokenCase("key for encryption", _bearer(lambda i, n: i.sign(i.claims(n), key=i.stranger, kid="enc"))),
    TokenCase("embedded jwk", _bearer(_embedded_key)),
    TokenCase("jku", _headers(jku="http://127.0.0.1:1/keys")),
    TokenCase("x5u", _headers(x5u="http://127.0.0.1:1/chain")),
    TokenCase("crit", _headers(crit=["exp"], exp=1)),
    TokenCase("b64 false", _headers(b64=False)),
    TokenCase("unknown key id", _bearer(lambda i, n: i.sign(i.claims(n), kid="nobody"))),
    TokenCase("key id that is a path", _bearer(lambda i, n: i.sign(i.claims(n), kid="../../../dev/null"))),
    TokenCase("key id that is SQL", _bearer(lambda i, n: i.sign(i.claims(n), kid="' OR '1'='1"))),
    TokenCase("no key id", _bearer(lambda i, n: i.sign(i.claims(n), kid=None))),
    TokenCase("wrong type", _headers(typ="id+jwt")),
    TokenCase("altered payload", _bearer(_altered_payload)),
    TokenCase("expired", _with(exp=lambda n: n - 31, iat=lambda n: n - 600, nbf=lambda n: n - 600)),
    TokenCase("not valid yet", _with(nbf=lambda n: n + 31)),
    TokenCase("issued in the future", _with(iat=lambda n: n + 31)),
    TokenCase("without exp", _with(exp=None)),
    TokenCase("without nbf", _with(nbf=None)),
    TokenCase("exp as text", _with(exp=lambda n: str(int(n) + 600))),
    TokenCase("exp as a huge float", _with(exp=1e300)),
    TokenCase("exp as a boolean", _with(exp=True)),
    TokenCase("lives longer than a day", _with(exp=lambda n: n + 86_500)),
    TokenCase("without issuer", _with(iss=None)),
    TokenCase("issuer with our issuer as its beginning", _bearer(_longer_issuer)),
    TokenCase("without audience", _with(aud=None)),
    TokenCase("other audience", _with(aud="another-graph")),
    TokenCase("several audiences", _with(aud=[AUDIENCE, "another-graph"])),
    TokenCase("without subject", _with(sub=None)),
    TokenCase("subject as a number", _with(sub=7)),
    TokenCase("scope as a list", _with(scope=["graph:write"])),
    TokenCase("duplicate claim", _bearer(_duplicate_claim)),
    TokenCase(
        "claims that are a list",
        _bearer(lambda i, n: i.forge({"alg": "ES256", "typ": "JWT", "kid": "ec"}, b"[]", b"x")),
    ),
    TokenCase("four segments", _bearer(lambda i, n: i.token(now=n) + ".AAAA")),
    TokenCase("two segments", _bearer(lambda i, n: i.token(now=n).rsplit(".", 1)[0])),
    TokenCase("padding", _bearer(lambda i, n: i.token(now=n) + "=")),
    TokenCase("a space inside", _bearer(lambda i, n: i.token(now=n).replace(".", " .", 1))),
    TokenCase("longer than 8 KiB", _with(note="x" * 9_000)),
    TokenCase("scheme Basic", lambda i, n: "Basic dGVzdDp0ZXN0"),
    TokenCase("no token after the scheme", lambda i, n: "Bearer "),
    TokenCase("nothing but a token", lambda i, n: i.token(now=n)),
)
