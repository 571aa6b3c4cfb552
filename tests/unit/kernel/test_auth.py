"""kernel.auth: which tokens are accepted, and how keys come and go."""

from __future__ import annotations

import json

import pytest

from kernel.auth import LEEWAY_SECONDS, AuthConfig, Unauthenticated, Verifier, read_key_set, scopes_suffice
from tests.kit.tokens import AUDIENCE, CASES, ISSUER, TokenCase, TokenIssuer

NOW = 1_790_000_000.0


class Clock:
    """Wall clock and monotonic clock that move only when told."""

    def __init__(self) -> None:
        self.now = NOW
        self.ticks = 1000.0

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.ticks += seconds


class KeyServer:
    """Answers with a key set, or fails."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self.body: bytes | None = json.dumps(issuer.jwks()).encode()
        self.reads = 0

    def __call__(self, source: str) -> bytes:
        self.reads += 1
        if self.body is None:
            raise OSError("unreachable")
        return self.body


@pytest.fixture(scope="module")
def issuer() -> TokenIssuer:
    """One issuer for the module: making RSA keys is slow."""
    return TokenIssuer()


@pytest.fixture
def clock() -> Clock:
    """Time stands still until told."""
    return Clock()


@pytest.fixture
def server(issuer: TokenIssuer) -> KeyServer:
    """The issuer's key server."""
    return KeyServer(issuer)


@pytest.fixture
def verifier(clock: Clock, server: KeyServer) -> Verifier:
    """A verifier on the clock and the key server above."""
    config = AuthConfig(ISSUER, AUDIENCE, "keys")
    return Verifier(config, now=lambda: clock.now, monotonic=lambda: clock.ticks, read=server)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_each_token_is_accepted_or_refused_as_the_table_says(
    case: TokenCase, issuer: TokenIssuer, verifier: Verifier
) -> None:
    """Every row of the table is decided alike by each verifier; here by the verifier itself."""
    authorization = case.authorization(issuer, NOW)
    if case.accepted:
        principal = await verifier.authenticate(authorization)
        assert principal is not None
        assert principal.subject == "tester"
        assert principal.scopes == {"graph:write"}
        return
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.authenticate(authorization)
    assert str(refusal.value) == Unauthenticated.MESSAGE


def test_the_table_has_at_least_thirty_refusals() -> None:
    """The table stays a table worth the name."""
    assert sum(not case.accepted for case in CASES) >= 30
    assert len({case.name for case in CASES}) == len(CASES)


async def test_without_a_header_the_caller_is_anonymous(verifier: Verifier) -> None:
    """No header is no principal, and no fault."""
    assert await verifier.authenticate(None) is None


async def test_the_leeway_is_exact_at_both_edges(
    verifier: Verifier, issuer: TokenIssuer, clock: Clock
) -> None:
    """A token is valid from nbf - leeway until just before exp + leeway."""
    token = issuer.sign(issuer.claims(NOW + LEEWAY_SECONDS, exp=int(NOW) + 100))
    await verifier.verify(token)
    clock.advance(100 + LEEWAY_SECONDS - 0.001)
    await verifier.verify(token)
    clock.advance(0.001)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)
    clock.advance(-(100 + LEEWAY_SECONDS) - 0.001)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_a_verified_token_is_not_remembered_past_its_end(
    verifier: Verifier, issuer: TokenIssuer, clock: Clock
) -> None:
    """The cache of verified tokens cannot lengthen a token's life."""
    token = issuer.sign(issuer.claims(NOW, exp=int(NOW) + 2))
    await verifier.verify(token)
    clock.advance(2 + LEEWAY_SECONDS)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_unknown_key_ids_read_the_key_set_at_most_once_in_thirty_seconds(
    verifier: Verifier, issuer: TokenIssuer, server: KeyServer, clock: Clock
) -> None:
    """A thousand forged key ids do not become a thousand calls of the key server."""
    await verifier.start()
    for number in range(1_000):
        with pytest.raises(Unauthenticated):
            await verifier.verify(issuer.sign(issuer.claims(NOW), kid=f"forged-{number}"))
        clock.advance(0.05)
    assert server.reads <= 3


async def test_a_rotated_key_is_found_without_refusing_a_good_token(
    verifier: Verifier, issuer: TokenIssuer, server: KeyServer, clock: Clock
) -> None:
    """A new key id is looked up; tokens of the old key keep working while it is in the set."""
    await verifier.start()
    fresh = TokenIssuer()
    rotated = fresh.jwks()["keys"][1] | {"kid": "next"}
    server.body = json.dumps({"keys": [*issuer.jwks()["keys"], rotated]}).encode()
    clock.advance(31)
    token = fresh.sign(fresh.claims(clock.now), kid="next")
    assert (await verifier.verify(token)).subject == "tester"
    assert (await verifier.verify(issuer.token(now=clock.now))).subject == "tester"


async def test_a_removed_key_verifies_nothing_any_more(
    verifier: Verifier, issuer: TokenIssuer, server: KeyServer, clock: Clock
) -> None:
    """Taking a key out of the set ends its tokens at the next reading, those verified before included."""
    token = issuer.token(now=NOW)
    await verifier.verify(token)
    server.body = json.dumps({"keys": issuer.jwks()["keys"][:1]}).encode()
    clock.advance(301)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_the_last_good_key_set_outlives_a_broken_key_server(
    verifier: Verifier, issuer: TokenIssuer, server: KeyServer, clock: Clock
) -> None:
    """A key server that is down or talks nonsense does not lock anybody out."""
    await verifier.start()
    for body in (None, b"<html>", b'{"keys": []}', b"x" * 300_000):
        server.body = body
        clock.advance(301)
        await verifier.verify(issuer.token(now=clock.now))
    assert verifier.ready


async def test_without_any_key_the_verifier_is_not_ready(verifier: Verifier, server: KeyServer) -> None:
    """A process without keys says so instead of refusing everybody silently."""
    server.body = None
    await verifier.start()
    assert not verifier.ready


async def test_hs256_needs_a_configured_secret(issuer: TokenIssuer) -> None:
    """The development algorithm works when configured, and only then."""
    secret = "a-secret-of-at-least-32-bytes-for-tests"
    token = issuer.forge({"alg": "HS256", "typ": "JWT"}, issuer.claims(NOW), secret.encode())
    with_secret = Verifier(AuthConfig(ISSUER, AUDIENCE, None, secret), now=lambda: NOW)
    assert (await with_secret.verify(token)).subject == "tester"
    without = Verifier(AuthConfig(ISSUER, AUDIENCE, "keys"), now=lambda: NOW, read=KeyServer(issuer))
    with pytest.raises(Unauthenticated):
        await without.verify(token)


def test_small_rsa_keys_are_left_out() -> None:
    """A 1024-bit key in the set verifies nothing."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from jwt.algorithms import RSAAlgorithm

    weak = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 - the weakness is the point
    jwk = {**RSAAlgorithm.to_jwk(weak, as_dict=True), "kid": "weak"}
    with pytest.raises(ValueError, match="no usable"):
        read_key_set(json.dumps({"keys": [jwk]}).encode())


def test_a_principal_prints_neither_token_nor_claims(issuer: TokenIssuer) -> None:
    """What is logged of a principal holds no secret."""
    from kernel.auth import Principal

    principal = Principal("tester", frozenset(), 0.0, "secret-token", {"email": "a@b.test"})
    assert "secret-token" not in repr(principal)
    assert "a@b.test" not in repr(principal)


def test_required_scopes_are_alternatives_of_all() -> None:
    """`@requiresScopes(scopes: [["a", "b"], ["c"]])` means (a and b) or c."""
    required = [frozenset({"a", "b"}), frozenset({"c"})]
    assert scopes_suffice(required, frozenset({"c"}))
    assert scopes_suffice(required, frozenset({"a", "b", "x"}))
    assert not scopes_suffice(required, frozenset({"a"}))
    assert not scopes_suffice(required, frozenset())
