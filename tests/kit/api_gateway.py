"""Events as API Gateway sends them to a Lambda authorizer, whole, in each of its formats.

After the examples of the Amazon API Gateway Developer Guide, with made-up ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["FORMATS", "METHOD_ARN", "allowed", "http_v1", "http_v2", "rest_request", "rest_token"]

_API = "arn:aws:execute-api:sa-east-1:123456789012:abcdef1234"
METHOD_ARN = f"{_API}/prod/POST/graphql"
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64)"


def _headers(authorization: str) -> dict[str, str]:
    return {
        "accept": "application/graphql-response+json",
        "Authorization": authorization,
        "content-type": "application/json",
        "host": "abcdef1234.execute-api.sa-east-1.amazonaws.com",
        "X-Amzn-Trace-Id": "Root=1-69241c2b-0a1b2c3d4e5f60718293a4b5",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
    }


def _request_context() -> dict[str, Any]:
    return {
        "accountId": "123456789012",
        "apiId": "abcdef1234",
        "httpMethod": "POST",
        "identity": {"sourceIp": "203.0.113.7", "userAgent": _USER_AGENT},
        "path": "/prod/graphql",
        "protocol": "HTTP/1.1",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "requestTimeEpoch": 1_763_960_000_000,
        "resourceId": "0nopqr",
        "resourcePath": "/graphql",
        "stage": "prod",
    }


def rest_token(authorization: str) -> dict[str, Any]:
    """REST API, authorizer type TOKEN: the header's value and the method alone."""
    return {"type": "TOKEN", "authorizationToken": authorization, "methodArn": METHOD_ARN}


def rest_request(authorization: str) -> dict[str, Any]:
    """REST API, authorizer type REQUEST."""
    headers = _headers(authorization)
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "resource": "/graphql",
        "path": "/graphql",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": _request_context(),
    }


def http_v1(authorization: str) -> dict[str, Any]:
    """HTTP API, payload format 1.0."""
    return {
        **rest_request(authorization),
        "version": "1.0",
        "identitySource": authorization,
        "authorizationToken": authorization,
    }


def http_v2(authorization: str) -> dict[str, Any]:
    """HTTP API, payload format 2.0: header names are in lower case."""
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": f"{_API}/$default/POST/graphql",
        "identitySource": [authorization],
        "routeKey": "POST /graphql",
        "rawPath": "/graphql",
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in _headers(authorization).items()},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdef1234",
            "domainName": "abcdef1234.execute-api.sa-east-1.amazonaws.com",
            "domainPrefix": "abcdef1234",
            "http": {
                "method": "POST",
                "path": "/graphql",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": _USER_AGENT,
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /graphql",
            "stage": "$default",
            "time": "24/Nov/2025:04:53:20 +0000",
            "timeEpoch": 1_763_960_000_000,
        },
        "pathParameters": {},
        "stageVariables": {},
    }


FORMATS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "rest_token": rest_token,
    "rest_request": rest_request,
    "http_v1": http_v1,
    "http_v2": http_v2,
}


def allowed(answer: Mapping[str, Any]) -> bool:
    """What API Gateway makes of the function's answer: an exception is a refusal in every format."""
    if "errorMessage" in answer:
        return False
    if "isAuthorized" in answer:
        return answer["isAuthorized"] is True
    statements = answer["policyDocument"]["Statement"]
    return [statement["Effect"] for statement in statements] == ["Allow"]
