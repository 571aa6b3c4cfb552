"""Calling a subgraph's GraphQL application in process, as `kernel.asgi.Service` would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from kernel.asgi import ASGIApp, Message, RequestLog
from kernel.auth import Principal

__all__ = ["GRAPHQL_JSON", "Answer", "call", "principal", "send"]

GRAPHQL_JSON = "application/graphql-response+json"


@dataclass(frozen=True)
class Answer:
    """What came back, and what went into the request's log line."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    log: RequestLog

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """`data` of an answer without errors."""
        assert "errors" not in self.json, self.json["errors"]
        return self.json["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of all errors."""
        return [error["extensions"]["code"] for error in self.json.get("errors", [])]

    @property
    def code(self) -> str:
        """The code of the only error."""
        (code,) = self.codes
        return str(code)


def principal(*scopes: str, subject: str = "ana") -> Principal:
    """A caller whose token was verified."""
    return Principal(subject, frozenset(scopes), expires_at=4e9, token="", claims={})


@dataclass(frozen=True, kw_only=True)
class Request:
    """A raw request; everything may be made wrong."""

    method: str = "POST"
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    parameters: Mapping[str, str] | str = ""
    body: bytes = b""
    caller: Principal | None = None


async def send(app: ASGIApp, **parts: Any) -> Answer:
    """The application's answer to `Request(**parts)`."""
    request = Request(**parts)
    log = RequestLog()
    sent: list[Message] = []
    chunks = [request.body[:10], request.body[10:]]

    async def receive() -> Message:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def collect(message: Message) -> None:
        sent.append(message)

    parameters = request.parameters
    query_string = parameters if isinstance(parameters, str) else urlencode(parameters)
    scope = {
        "type": "http",
        "method": request.method,
        "path": request.path,
        "query_string": query_string.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in request.headers.items()],
        "state": {"principal": request.caller, "request_log": log},
    }
    await app(scope, receive, collect)
    start, *rest = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest), log)


async def call(
    app: ASGIApp,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    caller: Principal | None = None,
    operation: str | None = None,
    accept: str = GRAPHQL_JSON,
) -> Answer:
    """POST one operation as JSON."""
    body = {"query": query, "variables": variables or {}}
    if operation is not None:
        body["operationName"] = operation
    headers = {"content-type": "application/json", "accept": accept}
    return await send(app, headers=headers, body=json.dumps(body).encode(), caller=caller)
