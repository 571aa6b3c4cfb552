"""The edge agrees with the authorizer's code and package, and with what is behind it."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kernel import auth, authorizer_settings, lambda_authorizer
from kernel.asgi import KEEP_ALIVE_SECONDS
from kernel.settings import ServiceSettings, environment
from tests.deploy.aws_templates import load, resources, walk
from tests.kit.api_gateway import FORMATS
from tests.kit.tokens import ISSUER, TokenIssuer

ROOT = Path(__file__).resolve().parents[2]
EDGE: dict[str, Any] = load("edge")["Resources"]
FUNCTION = EDGE["AuthorizerFunction"]["Properties"]
AUTHORIZER = EDGE["Authorizer"]["Properties"]
#: Seconds that API Gateway waits for an authorizer, and the longest that it keeps an answer.
AUTHORIZER_SECONDS = 10
LONGEST_TTL = 300


def test_the_package_is_for_the_function(tmp_path: Path) -> None:
    """The zip as built by default has the handler's module, and machine code for the function's runtime."""
    archive = tmp_path / "authorizer.zip"
    build = ROOT / "deploy" / "authorizer" / "build.py"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [sys.executable, build, "--uv", str(uv), "--output", str(archive)], check=True, timeout=300
    )
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
    module, _, name = FUNCTION["Handler"].rpartition(".")
    assert f"{module.replace('.', '/')}.py" in names
    assert callable(getattr(importlib.import_module(module), name))
    (architecture,) = FUNCTION["Architectures"]
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    python = FUNCTION["Runtime"].removeprefix("python").replace(".", "")
    libraries = [one for one in names if one.startswith("_cffi_backend.")]
    assert libraries == [f"_cffi_backend.cpython-{python}-{machine}-linux-gnu.so"]


def test_the_function_has_the_settings_that_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those and no others."""
    for name in environment():
        monkeypatch.delenv(name)
    given = FUNCTION["Environment"]["Variables"]
    for name in given:
        monkeypatch.setenv(name, f"value of {name}")
    config = authorizer_settings.authorizer_config()
    assert (config.jwks, config.issuer, config.audience) == (
        "value of AUTH_JWKS", "value of AUTH_ISSUER", "value of AUTH_AUDIENCE",
    )  # fmt: skip
    assert set(given) == {"AUTH_JWKS", "AUTH_ISSUER", "AUTH_AUDIENCE"}


async def test_the_handler_answers_as_the_authorizer_is_configured() -> None:
    """Payload 2.0 with simple responses: `isAuthorized`, and the context that the access log shows."""
    issuer = TokenIssuer()
    token = f"Bearer {issuer.token()}"
    assert AUTHORIZER["AuthorizerPayloadFormatVersion"] == "2.0"
    assert AUTHORIZER["EnableSimpleResponses"] is True
    (event,) = [
        found
        for form in FORMATS.values()
        if (found := form(token)).get("version") == AUTHORIZER["AuthorizerPayloadFormatVersion"]
    ]
    verifier = auth.Verifier(
        auth.AuthConfig(ISSUER, "customer-graph", "keys"), read=lambda _: json.dumps(issuer.jwks()).encode()
    )
    answer = await lambda_authorizer.authorize(verifier, event)
    assert answer["isAuthorized"] is True
    log_format = EDGE["Stage"]["Properties"]["AccessLogSettings"]["Format"]
    shown = set(re.findall(r"\$context\.authorizer\.(\w+)", log_format)) - {"error"}
    assert shown
    assert shown <= answer["context"].keys()


def test_answers_are_kept_by_token_and_not_for_long() -> None:
    """The identity source is the header that the handler reads; without it the answer is a refusal."""
    assert AUTHORIZER["AuthorizerType"] == "REQUEST"
    assert AUTHORIZER["IdentitySource"] == ["$request.header.Authorization"]
    assert 0 < AUTHORIZER["AuthorizerResultTtlInSeconds"] <= LONGEST_TTL


def test_the_authorizer_answers_before_it_is_given_up() -> None:
    """A key server that hangs takes less than the function's time, and that less than API Gateway's."""
    assert auth.KEY_SERVER_TIMEOUT_SECONDS < FUNCTION["Timeout"] < AUTHORIZER_SECONDS


def test_every_route_asks_the_authorizer() -> None:
    """There are two routes, both of the graph; nothing else is let through, health and metrics above all."""
    routes = [one["Properties"] for _, _, one in resources("AWS::ApiGatewayV2::Route")]
    assert {route["RouteKey"] for route in routes} == {"GET /graphql", "POST /graphql"}
    for route in routes:
        assert route["AuthorizationType"] == "CUSTOM"
        assert route["AuthorizerId"] == {"Ref": "Authorizer"}


def test_only_this_api_may_call_the_function() -> None:
    """By this authorizer."""
    permission = EDGE["AuthorizerPermission"]["Properties"]
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/authorizers/${Authorizer}")


def test_the_build_uploads_what_the_edge_deploys() -> None:
    """The key in the bucket is `authorizer/COMMIT.zip` for both."""
    assert "authorizer/$COMMIT.zip" in (ROOT / "buildspec.yml").read_text(encoding="utf-8")
    pattern = load("edge")["Parameters"]["AuthorizerKey"]["AllowedPattern"]
    assert re.fullmatch(pattern, "authorizer/0123456789abcdef0123456789abcdef01234567.zip")


def test_each_waits_longer_than_the_one_behind_it() -> None:
    """The gateway's own limit comes first, so that a client hears its reason; balancers hang up first."""
    balancer = load("cluster")["Resources"]["LoadBalancer"]["Properties"]["LoadBalancerAttributes"]
    (idle,) = [float(one["Value"]) for one in balancer if one["Key"] == "idle_timeout.timeout_seconds"]
    integration = EDGE["Integration"]["Properties"]["TimeoutInMillis"] / 1000
    request = ServiceSettings.model_fields["request_timeout_seconds"].default
    assert request < integration < idle < KEEP_ALIVE_SECONDS
    connect = [
        one["Timeout"]["PerRequestTimeoutSeconds"]
        for one in walk([service for _, _, service in resources("AWS::ECS::Service")])
        if isinstance(one, dict) and "PerRequestTimeoutSeconds" in one.get("Timeout", {})
    ]
    assert len(connect) == 3
    assert all(seconds > request for seconds in connect)
