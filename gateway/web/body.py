"""Strict reading of a request's parameters: from a POST's JSON body, or a GET's query string."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qsl

import orjson

from gateway.errors import ClientProblem, ErrorCode, Refusal
from gateway.web.request import GraphQLRequest

__all__ = ["read_body", "read_query_string"]

Json = object


def read_body(body: bytes) -> GraphQLRequest:
    """The request in a JSON body; raises `Refusal` (malformed) for anything that is not exactly one.

    Refused besides what is no JSON: duplicate keys (two readers would see two requests), numbers that
    are not finite, lone surrogates, arrays (batching multiplies whatever limits allow).
    """
    if not body:
        raise malformed("The request has no body.")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise malformed("The body is not valid JSON.") from None
    if isinstance(document, list):
        raise malformed("Batched requests are not supported; send one operation per request.")
    if not isinstance(document, dict):
        raise malformed("The body must be a JSON object.")
    _refuse_duplicate_keys(body)
    return _request(document, "POST")


def _refuse_duplicate_keys(body: bytes) -> None:
    # orjson is strict in all but this: of two equal keys it takes the last one.
    try:
        json.loads(body, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise malformed("The body is not valid JSON.") from None


def _unique(pairs: list[tuple[str, Json]]) -> None:
    if len(pairs) > 1 and len({name for name, _ in pairs}) != len(pairs):
        raise malformed("The body has an object with a duplicate key.")


def read_query_string(query_string: bytes) -> GraphQLRequest:
    """The request in a query string, `variables` and `extensions` as JSON; raises `Refusal` (malformed)."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise malformed("The query string is not valid.") from None
    parameters: dict[str, Json] = {}
    for name, value in pairs:
        if name in parameters:
            raise malformed(f'The parameter "{name[:60]}" is given twice.')
        parameters[name] = value
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        if isinstance(text, str):
            parameters[name] = _json_parameter(name, text) if text else None
    return _request(parameters, "GET")


def _json_parameter(name: str, text: str) -> Json:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise malformed(f'The parameter "{name}" is not valid JSON.') from None
    _refuse_duplicate_keys(text.encode())
    return value


def _request(parameters: Mapping[str, Json], method: Literal["GET", "POST"]) -> GraphQLRequest:
    return GraphQLRequest(
        query=_text(parameters, "query"),
        operation_name=_text(parameters, "operationName") or None,
        variables=_object(parameters, "variables"),
        extensions=_object(parameters, "extensions"),
        document_id=_text(parameters, "documentId"),
        method=method,
    )


def _text(parameters: Mapping[str, Json], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise malformed(f'The parameter "{name}" must be a string.')
    return value


def _object(parameters: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    value = parameters.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise malformed(f'The parameter "{name}" must be an object.')
    return value


def malformed(message: str) -> Refusal:
    """A request that is no GraphQL request."""
    return Refusal(ClientProblem(ErrorCode.BAD_REQUEST, message), malformed=True)
