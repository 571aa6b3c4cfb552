"""The gateway's errors: stable codes, and two families that never mix.

A `ClientProblem` is the caller's fault: its text is safe to show. A `GatewayFault` is ours or a
subgraph's: it is logged with its cause and answered with a generic text.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["ClientProblem", "ErrorCode", "GatewayFault", "Refusal", "SupergraphProblem"]


class ErrorCode(StrEnum):
    """Values of `extensions.code`; a client may rely on them, so none is ever renamed."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    GRAPHQL_UNKNOWN_OPERATION_NAME = "GRAPHQL_UNKNOWN_OPERATION_NAME"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BAD_REQUEST = "BAD_REQUEST"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNAUTHORIZED_FIELD_OR_TYPE = "UNAUTHORIZED_FIELD_OR_TYPE"
    FORBIDDEN = "FORBIDDEN"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PERSISTED_QUERY_HASH_MISMATCH = "PERSISTED_QUERY_HASH_MISMATCH"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    GATEWAY_TIMEOUT = "GATEWAY_TIMEOUT"
    SUBREQUEST_HTTP_ERROR = "SUBREQUEST_HTTP_ERROR"
    SUBGRAPH_REQUEST_TIMEOUT = "SUBGRAPH_REQUEST_TIMEOUT"
    SUBREQUEST_MALFORMED_RESPONSE = "SUBREQUEST_MALFORMED_RESPONSE"
    SUBGRAPH_CIRCUIT_BREAKER_REJECTED = "SUBGRAPH_CIRCUIT_BREAKER_REJECTED"
    DOWNSTREAM_SERVICE_ERROR = "DOWNSTREAM_SERVICE_ERROR"
    COST_ESTIMATED_TOO_EXPENSIVE = "COST_ESTIMATED_TOO_EXPENSIVE"
    MAX_DEPTH_LIMIT = "MAX_DEPTH_LIMIT"
    MAX_ALIASES_LIMIT = "MAX_ALIASES_LIMIT"
    MAX_TOKENS_LIMIT = "MAX_TOKENS_LIMIT"
    MAX_ROOT_FIELDS_LIMIT = "MAX_ROOT_FIELDS_LIMIT"
    MAX_DIRECTIVES_LIMIT = "MAX_DIRECTIVES_LIMIT"
    MAX_SELECTIONS_LIMIT = "MAX_SELECTIONS_LIMIT"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_OPERATION = "UNSUPPORTED_OPERATION"
    QUERY_PLAN_NOT_FOUND = "QUERY_PLAN_NOT_FOUND"
    QUERY_PLAN_TOO_COMPLEX = "QUERY_PLAN_TOO_COMPLEX"
    NO_SUPERGRAPH_AVAILABLE = "NO_SUPERGRAPH_AVAILABLE"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class ClientProblem(Exception):
    """The request cannot be served as it stands; `message` and `extensions` may be shown."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        locations: tuple[tuple[int, int], ...] = (),
        path: tuple[str | int, ...] | None = None,
        extensions: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.locations = locations
        self.path = path
        self.extensions = dict(extensions or {})


class GatewayFault(Exception):
    """Something on our side or behind us failed; the text goes to the log, never to a client."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class SupergraphProblem(Exception):
    """A supergraph SDL cannot be served; the message says what is wrong and where."""


class Refusal(Exception):
    """An operation is not executed at all; each problem becomes one error and there is no `data`.

    `malformed` tells a request that is no GraphQL request (always answered with 400) from a
    well-formed one that is refused (GraphQL over HTTP: 400, or 200 to clients of `application/json`).
    """

    def __init__(self, *problems: ClientProblem, malformed: bool = False, status: int | None = None) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
        self.malformed = malformed
        #: An HTTP status that has its own meaning (405, 413, 415 …); None: by the rule above.
        self.status = status
