"""The one table of token cases, over HTTP, against every process that takes tokens.

`kernel.auth` and the Lambda authorizer pass the same table in their unit tests.
"""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.kit.stack import Stack
from tests.kit.tokens import CASES, TokenCase, TokenIssuer

_SECONDS = 20.0


@pytest.fixture(scope="module")
def addresses(stack: Stack) -> dict[str, str]:
    """Where each process is, asked once."""
    return {process["name"]: process["url"] for process in stack.status()}


def ask(url: str, authorization: str) -> tuple[int, dict[str, Any]]:
    """Status and body of the smallest query, with the header exactly as given."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        headers = {
            "authorization": authorization,
            "content-type": "application/json",
            "accept": "application/graphql-response+json",
        }
        connection.request("POST", parts.path, json.dumps({"query": "{ __typename }"}), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("process", ["gateway", "customer", "rating", "activity"])
def test_every_process_decides_every_token_alike(
    addresses: dict[str, str], token_issuer: TokenIssuer, process: str, case: TokenCase
) -> None:
    """A good token is let in; any other is 401 UNAUTHENTICATED with one and the same message."""
    status, body = ask(addresses[process], case.authorization(token_issuer, time.time()))
    if case.accepted:
        assert (status, body) == (200, {"data": {"__typename": "Query"}})
    else:
        (error,) = body["errors"]
        assert (status, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert (
            error["message"]
            == "The access token is missing, malformed, expired or not meant for this service."
        )
        assert "data" not in body
