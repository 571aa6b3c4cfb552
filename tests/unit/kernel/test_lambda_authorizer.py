"""kernel.lambda_authorizer: the same decisions in each of API Gateway's formats."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kernel.auth import AuthConfig, Verifier
from kernel.lambda_authorizer import authorize
from tests.kit.tokens import AUDIENCE, CASES, ISSUER, TokenCase, TokenIssuer

ARN = "arn:aws:execute-api:sa-east-1:123456789012:abcdef1234/prod/POST/graphql"


def rest_token(authorization: str) -> dict[str, Any]:
    """REST API, authorizer type TOKEN."""
    return {"type": "TOKEN", "authorizationToken": authorization, "methodArn": ARN}


def rest_request(authorization: str) -> dict[str, Any]:
    """REST API, authorizer type REQUEST."""
    return {"type": "REQUEST", "methodArn": ARN, "headers": {"AUTHORIZATION": authorization}}


def http_v1(authorization: str) -> dict[str, Any]:
    """HTTP API, payload format 1.0."""
    return {"version": "1.0", "type": "REQUEST", "routeArn": ARN, "headers": {"authorization": authorization}}


def http_v2(authorization: str) -> dict[str, Any]:
    """HTTP API, payload format 2.0."""
    return {"version": "2.0", "type": "REQUEST", "routeArn": ARN, "headers": {"authorization": authorization}}


@pytest.fixture(scope="module")
def issuer() -> TokenIssuer:
    """One issuer for the module."""
    return TokenIssuer()


@pytest.fixture(scope="module")
def verifier(issuer: TokenIssuer) -> Verifier:
    """A verifier with the issuer's keys."""
    return Verifier(AuthConfig(ISSUER, AUDIENCE, "keys"), read=lambda _: json.dumps(issuer.jwks()).encode())


async def decision(verifier: Verifier, event: Mapping[str, Any]) -> bool:
    """Whether the authorizer lets the call pass, whatever the format's way of saying so."""
    try:
        answer = await authorize(verifier, event)
    except Exception as error:
        if str(error) != "Unauthorized":
            raise
        return False
    if event.get("version") == "2.0":
        return bool(answer["isAuthorized"])
    statement = answer["policyDocument"]["Statement"]
    return [part["Effect"] for part in statement] == ["Allow"]


@pytest.mark.parametrize("form", [rest_token, rest_request, http_v1, http_v2], ids=lambda form: form.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_each_token_is_decided_as_the_table_says_in_each_format(
    case: TokenCase, form: Any, issuer: TokenIssuer, verifier: Verifier
) -> None:
    """API Gateway lets pass exactly what the services themselves would accept."""
    assert await decision(verifier, form(case.authorization(issuer, time.time()))) is case.accepted


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "TOKEN", "methodArn": ARN},
        {"type": "TOKEN", "authorizationToken": 7, "methodArn": ARN},
        {"type": "REQUEST", "methodArn": ARN, "headers": None},
        {"version": "2.0"},
        {"version": "2.0", "headers": {}},
        {"version": "3.0", "headers": {}},
    ],
)
async def test_everything_is_denied_by_default(event: Mapping[str, Any], verifier: Verifier) -> None:
    """An event without a usable token passes in no format, and neither does an unknown format."""
    assert await decision(verifier, event) is False


async def test_two_different_authorization_headers_are_refused(
    verifier: Verifier, issuer: TokenIssuer
) -> None:
    """Nobody can show one token to API Gateway and another to the service behind it."""
    good = f"Bearer {issuer.token()}"
    event = {"version": "2.0", "headers": {"authorization": good, "Authorization": "Bearer other"}}
    assert await decision(verifier, event) is False


async def test_the_policy_covers_every_route_of_the_stage_and_no_other(
    verifier: Verifier, issuer: TokenIssuer
) -> None:
    """A cached policy neither refuses the next path nor opens another stage."""
    answer = await authorize(verifier, rest_token(f"Bearer {issuer.token()}"))
    assert answer["policyDocument"]["Statement"][0]["Resource"] == (
        "arn:aws:execute-api:sa-east-1:123456789012:abcdef1234/prod/*"
    )
    assert answer["principalId"] == "tester"
    assert answer["context"] == {"sub": "tester", "scope": "graph:write"}


def test_the_handler_runs_as_lambda_calls_it(issuer: TokenIssuer, tmp_path: Path) -> None:
    """In a process of its own, with nothing but its three settings, the handler answers twice."""
    jwks = issuer.write_jwks(tmp_path / "jwks.json")
    script = (
        "import json, sys; from kernel.lambda_authorizer import handler\n"
        "event = json.load(sys.stdin)\n"
        "print(json.dumps([handler(event, None), handler(event, None)]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(http_v2(f"Bearer {issuer.token()}")),
        env={"AUTH_JWKS": str(jwks), "AUTH_ISSUER": ISSUER, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert [answer["isAuthorized"] for answer in json.loads(ran.stdout)] == [True, True]
