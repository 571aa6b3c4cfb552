"""GraphQL over HTTP: from the request's bytes to a `GraphQLRequest`, and which media type answers it.

Follows the GraphQL-over-HTTP draft: POST with application/json, GET for queries; answers as
application/graphql-response+json or application/json, whichever the caller prefers. Batches, multipart and
every content type that a browser sends without asking first are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson

from kernel.asgi import Receive, Scope
from subgraphs.edge.errors import ErrorCode, RequestRefused, problem

__all__ = ["GRAPHQL_JSON", "PLAIN_JSON", "GraphQLRequest", "MediaType", "negotiated", "read_request"]

MediaType = Literal["application/graphql-response+json", "application/json"]
GRAPHQL_JSON: MediaType = "application/graphql-response+json"
PLAIN_JSON: MediaType = "application/json"

#: Parameters of a GET; a client sends at most four.
_MAX_PARAMETERS = 10


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One request, its parts of the right JSON type; nothing of it has been parsed as GraphQL yet."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None
    #: It came by GET: only a query may run.
    read_only: bool


def negotiated(scope: Scope) -> MediaType:
    """The media type of the answer; raises `RequestRefused` (406) when the caller takes neither.

    Without a preference (no Accept, or a wildcard) it is application/json, which older clients expect.
    """
    accepts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"]
    if not accepts:
        return PLAIN_JSON
    quality = dict(_qualities(",".join(accepts)))
    wildcard = quality.get("application/*", quality.get("*/*", 0.0))
    graphql, plain = quality.get(GRAPHQL_JSON, wildcard), quality.get(PLAIN_JSON, wildcard)
    if max(graphql, plain) <= 0:
        raise _refused(406, f"The answer is {GRAPHQL_JSON} or {PLAIN_JSON}.")
    if graphql > plain or (graphql == plain and GRAPHQL_JSON in quality):
        return GRAPHQL_JSON
    return PLAIN_JSON


def _qualities(accept: str) -> Iterator[tuple[str, float]]:
    for entry in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        yield media_type, quality


async def read_request(scope: Scope, receive: Receive) -> GraphQLRequest:
    """The request's parts; raises `RequestRefused` with the status that says what is wrong."""
    match scope["method"]:
        case "POST":
            _check_content_type(scope)
            return _from_json(await _body(receive))
        case "GET":
            return _from_query_string(scope["query_string"])
        case _:
            raise RequestRefused(
                [problem(ErrorCode.BAD_REQUEST, "Use POST, or GET for queries.")],
                status=405,
                headers=[(b"allow", b"GET, POST")],
            )


def _check_content_type(scope: Scope) -> None:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"]
    media_type, *parameters = (part.strip().lower() for part in (values[0] if values else "").split(";"))
    charsets = {part[8:].strip('"') for part in parameters if part.startswith("charset=")}
    if len(values) != 1 or media_type != PLAIN_JSON or charsets - {"utf-8"}:
        raise _refused(415, "The content type of a request is application/json in UTF-8.")


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _refused(400, "The request ended before its body.")
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _from_json(body: bytes) -> GraphQLRequest:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        # orjson also refuses NaN, lone surrogates, a byte order mark and nesting beyond 1,024.
        raise _refused(400, "The body is not JSON.") from None
    if not isinstance(document, dict):
        raise _refused(400, "The body must be one JSON object; batches are not accepted.")
    return _request(document, read_only=False)


def _from_query_string(query_string: bytes) -> GraphQLRequest:
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_MAX_PARAMETERS,
            errors="strict",
        )
        parts: dict[str, Any] = dict(pairs)
        for name in ("variables", "extensions"):
            if parts.get(name):
                parts[name] = orjson.loads(parts[name])
            else:
                parts.pop(name, None)
    except ValueError:
        raise _refused(400, "The query string cannot be read.") from None
    if len(pairs) != len({name for name, _ in pairs}):
        raise _refused(400, "A parameter of the query string is given twice.")
    return _request(parts, read_only=True)


def _request(parts: Mapping[str, Any], *, read_only: bool) -> GraphQLRequest:
    query = parts.get("query")
    if not isinstance(query, str) or not query.strip():
        raise _refused(400, "The request needs a query, as a string.")
    variables = parts.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise _refused(400, "variables must be an object.")
    operation_name = parts.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _refused(400, "operationName must be a string.")
    extensions = parts.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise _refused(400, "extensions must be an object.")
    return GraphQLRequest(query, variables or {}, operation_name or None, read_only)


def _refused(status: int, message: str) -> RequestRefused:
    return RequestRefused([problem(ErrorCode.BAD_REQUEST, message)], status=status)
