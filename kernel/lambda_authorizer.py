"""The Lambda authorizer in front of API Gateway: the same verifier, in each of its event formats.

- REST API, type TOKEN and type REQUEST, and HTTP API with payload format 1.0: answers an IAM policy.
- HTTP API with payload format 2.0: answers the simple response `{"isAuthorized": …, "context": …}`.

Everything is denied by default: an unknown event, a missing or bad token, and a key set that cannot be read
all end in a refusal. Settings: `AUTH_JWKS`, `AUTH_ISSUER`, `AUTH_AUDIENCE`. Amazon API Gateway Developer
Guide, "Use API Gateway Lambda authorizers" and "Control access to HTTP APIs with AWS Lambda authorizers".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any

from kernel.auth import Principal, Unauthenticated, Verifier
from kernel.authorizer_settings import authorizer_config

__all__ = ["authorize", "handler"]

# API Gateway maps exactly this text to 401; any other exception is a 500.
_UNAUTHORIZED = "Unauthorized"


@cache
def _loop() -> asyncio.AbstractEventLoop:
    # One loop for the life of the container: the verifier's key set and lock live on between calls.
    return asyncio.new_event_loop()


@cache
def _verifier() -> Verifier:
    return Verifier(authorizer_config())


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's
    """Entry point of the function. Raises "Unauthorized" where the event's format wants it so."""
    return _loop().run_until_complete(authorize(_verifier(), event))


async def authorize(verifier: Verifier, event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one authorizer event with `verifier`."""
    simple = event.get("version") == "2.0"
    try:
        principal = await verifier.authenticate(_authorization(event))
    except Unauthenticated:
        principal = None
    if simple:
        return {"isAuthorized": principal is not None, "context": _context(principal)}
    arn = event.get("methodArn") or event.get("routeArn")
    if principal is None or not isinstance(arn, str):
        raise Exception(_UNAUTHORIZED)  # noqa: TRY002 - the text is API Gateway's protocol, the type does not matter
    return {
        "principalId": principal.subject,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": _every_route(arn)}],
        },
        "context": _context(principal),
    }


def _authorization(event: Mapping[str, Any]) -> str | None:
    """The Authorization header of any format; header names compare without case (RFC 9110, section 5.1)."""
    if event.get("type") == "TOKEN":
        token = event.get("authorizationToken")
        return token if isinstance(token, str) else None
    found = [
        value
        for name, value in (event.get("headers") or {}).items()
        if isinstance(name, str) and name.lower() == "authorization" and isinstance(value, str)
    ]
    # Two different headers could mean two things to two readers.
    return found[0] if len(set(found)) == 1 else None


def _every_route(arn: str) -> str:
    """`arn:…:api/stage/METHOD/path` → all methods and paths of that stage.

    API Gateway caches the policy by token, so one that names a single path would refuse the next path.
    """
    head, _, _ = arn.partition("/")
    stage = arn.split("/")[1] if "/" in arn else "*"
    return f"{head}/{stage}/*"


def _context(principal: Principal | None) -> dict[str, str]:
    if principal is None:
        return {}
    return {"sub": principal.subject, "scope": " ".join(sorted(principal.scopes))}
