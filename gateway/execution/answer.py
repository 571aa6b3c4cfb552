"""A subgraph's HTTP answer → its GraphQL answer, or the error that stands for it.

Trust ends here: whatever is not a GraphQL answer becomes one error with a stable code. Subgraphs'
own error messages pass through; a text of ours, of a library or of a proxy never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from gateway.errors import ErrorCode
from gateway.execution.paths import Json, JsonObject
from gateway.execution.transport import HttpAnswer

__all__ = ["SubgraphAnswer", "SubgraphError", "failure", "read_answer"]

#: Extensions that hold a server's innards; they stay in that server's log.
_PRIVATE_EXTENSIONS = frozenset({"exception", "stacktrace", "stackTrace", "debug", "trace"})


@dataclass(frozen=True, slots=True)
class SubgraphError:
    """An error as the subgraph gave it (its path is relative to its own answer), or ours about it."""

    message: str
    extensions: Mapping[str, Json]
    path: list[Json] | None = None


@dataclass(frozen=True, slots=True)
class SubgraphAnswer:
    """What came of one fetch; `data` is None when there is none at all."""

    data: JsonObject | None
    errors: tuple[SubgraphError, ...] = ()
    #: A mutation was sent and no answer came: it may or may not have been applied.
    outcome_unknown: bool = False


def failure(
    code: ErrorCode, message: str, service: str, *, outcome_unknown: bool = False, **more: Json
) -> SubgraphAnswer:
    """An answer that is nothing but one error of ours; clients see by `outcome` what is unknown."""
    extensions: dict[str, Json] = {"code": code.value, "service": service, **more}
    if outcome_unknown:
        # As subgraphs say it.
        extensions["outcome"] = "UNKNOWN"
    return SubgraphAnswer(None, (SubgraphError(message, extensions),), outcome_unknown)


def read_answer(answer: HttpAnswer, service: str) -> SubgraphAnswer:
    """Decode an answer and check its shape. Of a server error (5xx) only the errors are taken."""
    document = _decode(answer.body)
    if document is None or ("data" not in document and "errors" not in document):
        if answer.status >= 300:
            return _http_error(answer.status, service)
        return _malformed(service)
    errors = document.get("errors")
    data = document.get("data")
    if errors is not None and not isinstance(errors, list):
        return _malformed(service)
    if data is not None and not isinstance(data, dict):
        return _malformed(service)
    told = tuple(_error(error, service) for error in errors or ())
    if answer.status >= 500:
        return SubgraphAnswer(None, told) if told else _http_error(answer.status, service)
    if data is None and not told:
        return _malformed(service)
    return SubgraphAnswer(data, told)


def _decode(body: bytes) -> JsonObject | None:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _error(error: Json, service: str) -> SubgraphError:
    if not isinstance(error, dict):
        error = {}
    message = error.get("message")
    extensions = error.get("extensions")
    kept: dict[str, Json] = {"code": ErrorCode.DOWNSTREAM_SERVICE_ERROR.value}
    if isinstance(extensions, dict):
        kept.update((key, value) for key, value in extensions.items() if key not in _PRIVATE_EXTENSIONS)
        if not isinstance(kept["code"], str):
            kept["code"] = ErrorCode.DOWNSTREAM_SERVICE_ERROR.value
    kept["service"] = service
    path = error.get("path")
    return SubgraphError(
        message if isinstance(message, str) else "The subgraph answered with an error.",
        kept,
        path if _is_path(path) else None,
    )


def _is_path(path: Json) -> bool:
    return isinstance(path, list) and all(
        isinstance(segment, (str, int)) and not isinstance(segment, bool) for segment in path
    )


def _http_error(status: int, service: str) -> SubgraphAnswer:
    message = f'The subgraph "{service}" answered with HTTP status {status}.'
    return failure(ErrorCode.SUBREQUEST_HTTP_ERROR, message, service, http={"status": status})


def _malformed(service: str) -> SubgraphAnswer:
    message = f'The subgraph "{service}" did not answer with a GraphQL response.'
    return failure(ErrorCode.SUBREQUEST_MALFORMED_RESPONSE, message, service)
