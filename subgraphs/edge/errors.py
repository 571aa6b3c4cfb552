"""The edge's errors: stable codes, and a strict line between the caller's fault and ours.

A `ClientFault` carries text that may be shown. Every other exception out of a resolver is answered with
one generic text and logged with its true cause, so no Python text, query or address ever leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from graphql import GraphQLError

from kernel import telemetry

__all__ = [
    "BadUserInput",
    "ClientFault",
    "ErrorCode",
    "LimitExceeded",
    "NotAllowed",
    "RequestRefused",
    "TemporarilyUnavailable",
    "formatted",
    "problem",
]

GENERIC_TEXT = "Internal server error"


class ErrorCode(StrEnum):
    """Values of `extensions.code`; clients rely on them, so none is ever renamed."""

    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    FORBIDDEN = "FORBIDDEN"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_UNKNOWN_OPERATION_NAME = "GRAPHQL_UNKNOWN_OPERATION_NAME"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    MAX_ALIASES_LIMIT = "MAX_ALIASES_LIMIT"
    MAX_DEPTH_LIMIT = "MAX_DEPTH_LIMIT"
    MAX_DIRECTIVES_LIMIT = "MAX_DIRECTIVES_LIMIT"
    MAX_REPRESENTATIONS_LIMIT = "MAX_REPRESENTATIONS_LIMIT"
    MAX_ROOT_FIELDS_LIMIT = "MAX_ROOT_FIELDS_LIMIT"
    MAX_SELECTIONS_LIMIT = "MAX_SELECTIONS_LIMIT"
    MAX_TOKENS_LIMIT = "MAX_TOKENS_LIMIT"
    MAX_VARIABLES_LIMIT = "MAX_VARIABLES_LIMIT"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNAUTHORIZED_FIELD_OR_TYPE = "UNAUTHORIZED_FIELD_OR_TYPE"
    UNSUPPORTED_OPERATION = "UNSUPPORTED_OPERATION"


class ClientFault(GraphQLError):
    """The caller can do something about it; `message` is shown, `code` is stable."""

    def __init__(
        self, code: ErrorCode, message: str, **extensions: str | int | float | bool | list[str]
    ) -> None:
        super().__init__(message, extensions={"code": code.value, **extensions})
        self.code = code


class BadUserInput(ClientFault):
    """A value is of the right GraphQL type but not acceptable: nothing was read or written for it."""

    def __init__(self, message: str, **extensions: str | int | float | bool | list[str]) -> None:
        super().__init__(ErrorCode.BAD_USER_INPUT, message, **extensions)


class LimitExceeded(ClientFault):
    """The operation is larger than a limit allows; the code names the limit, `limit` its value."""

    def __init__(self, code: ErrorCode, what: str, limit: int) -> None:
        super().__init__(code, f"The operation has more than {limit} {what}.", limit=limit)


class NotAllowed(ClientFault):
    """The caller's token does not allow it. UNAUTHORIZED_FIELD_OR_TYPE for fields, FORBIDDEN for acts."""

    def __init__(self, message: str, code: ErrorCode = ErrorCode.FORBIDDEN) -> None:
        super().__init__(code, message)


class TemporarilyUnavailable(ClientFault):
    """A store did not answer in time; the same request may succeed later, so the router retries it."""

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.SERVICE_UNAVAILABLE, "The store is temporarily unavailable.", retriable=True
        )


class RequestRefused(Exception):
    """The request is answered without execution: `errors` is what the answer says, without `data`.

    `status` is the HTTP status whatever media type was negotiated, or None when the rule of
    GraphQL-over-HTTP decides (400 for application/graphql-response+json, 200 for application/json).
    """

    def __init__(
        self,
        errors: Sequence[Mapping[str, Any]],
        status: int | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors
        self.status = status
        self.headers = tuple(headers)


def problem(code: ErrorCode, message: str) -> dict[str, Any]:
    """An entry of `errors` that belongs to no place in the document."""
    return {"message": message, "extensions": {"code": code.value}}


def formatted(error: GraphQLError, fallback: ErrorCode = ErrorCode.INTERNAL_SERVER_ERROR) -> dict[str, Any]:
    """The entry of `errors` for `error`: shown when it is the caller's fault, else masked.

    An error that graphql-core itself raised about the request (no cause of ours behind it) gets the code
    `fallback`; with the default it is masked. What is masked is logged with its cause.
    """
    fault = _fault_behind(error)
    if _is_about_an_argument(error):
        fallback = ErrorCode.BAD_USER_INPUT
    answer: dict[str, Any]
    if fault is not None:
        # graphql-core may have put the place in front ("Variable '$input' has invalid value: …"): kept.
        message = error.message if fault.message in error.message else fault.message
        answer = {"message": message, "extensions": dict(fault.extensions or {})}
    elif fallback is not ErrorCode.INTERNAL_SERVER_ERROR and isinstance(_root(error), GraphQLError):
        answer = problem(fallback, error.message)
    else:
        cause = _root(error)
        telemetry.get_logger().error(
            "edge.resolver_failed",
            path=".".join(map(str, error.path or ())),
            error_type=type(cause).__name__,
            exc_info=cause,
        )
        answer = problem(ErrorCode.INTERNAL_SERVER_ERROR, GENERIC_TEXT)
    if error.locations:
        answer["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        answer["path"] = list(error.path)
    return answer


def _is_about_an_argument(error: GraphQLError) -> bool:
    """A variable was null where the argument must not be, which graphql-core sees while executing only.

    Such an error names its place in the document from the start; what goes wrong with a result does not.
    """
    root = _root(error)
    if not isinstance(root, GraphQLError) or root is error:
        return False
    return error.path is not None and bool(root.nodes)


def _root(error: GraphQLError) -> BaseException:
    """What it began with: graphql-core wraps its own errors of coercion, too, once per layer."""
    current: BaseException = error
    while isinstance(current, GraphQLError) and current.original_error is not None:
        current = current.original_error
    return current


def _fault_behind(error: GraphQLError) -> ClientFault | None:
    """The `ClientFault` that graphql-core has wrapped, once per layer that added a place."""
    current: BaseException | None = error
    while isinstance(current, GraphQLError):
        if isinstance(current, ClientFault):
            return current
        current = current.original_error
    return None
