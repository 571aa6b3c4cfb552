"""The ASGI application that serves one subgraph's schema at /graphql and /.

It stands inside `kernel.asgi.Service`, which has checked size, time and token of the request. Here: read →
prepare (parse, limits, validate; remembered by text) → execute → answer.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType

from kernel import telemetry
from kernel.asgi import ASGIApp, Receive, Scope, Send
from subgraphs.edge.context import RequestContext
from subgraphs.edge.documents import DocumentCache, Prepared
from subgraphs.edge.errors import ErrorCode, RequestRefused, formatted, problem
from subgraphs.edge.http import GRAPHQL_JSON, PLAIN_JSON, GraphQLRequest, MediaType, negotiated, read_request
from subgraphs.edge.limits import Limits, check_variables
from subgraphs.edge.schema import Schema

__all__ = ["Outcome", "graphql_app"]

C = TypeVar("C", bound=RequestContext)

_PATHS = frozenset({"/", "/graphql"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one operation went, for a subgraph that keeps its own record of requests."""

    operation_name: str | None
    operation_type: str
    error_count: int
    #: The code of the first error.
    error_code: str | None
    duration_ms: float


def graphql_app(
    schema: Schema,
    context: Callable[[RequestContext], C],
    *,
    development: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    completed: Callable[[C, Outcome], Awaitable[None]] | None = None,
) -> ASGIApp:
    """The application. `context` makes the resolvers' context out of what is known of the request.

    `development` opens introspection and suggestions. `completed` runs after each executed operation and
    before its answer is sent: when it raises, the answer is an internal error.
    """
    return _GraphQLApp(schema, context, development, limits, completed)


class _GraphQLApp(Generic[C]):
    def __init__(
        self,
        schema: Schema,
        context: Callable[[RequestContext], C],
        development: bool,
        limits: Limits,
        completed: Callable[[C, Outcome], Awaitable[None]] | None,
    ) -> None:
        self._schema = schema
        self._context = context
        self._development = development
        self._limits = limits
        self._completed = completed
        self._documents = DocumentCache(schema.core, limits, introspection=development)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        media_type: MediaType = PLAIN_JSON
        base = self._base(scope)
        try:
            _check_path(scope)
            media_type = negotiated(scope)
            request = await read_request(scope, receive)
            body, status = await self._answered(request, base), 200
            headers: tuple[tuple[bytes, bytes], ...] = ()
        except RequestRefused as refusal:
            base.request_log["error_count"] = len(refusal.errors)
            base.request_log["error_code"] = refusal.errors[0]["extensions"]["code"]
            body = {"errors": refusal.errors}
            status = refusal.status or (400 if media_type == GRAPHQL_JSON else 200)
            headers = refusal.headers
        await _send(send, status, orjson.dumps(body), media_type, headers)

    def _base(self, scope: Scope) -> RequestContext:
        state = scope.get("state", {})
        trace = telemetry.current_trace()
        return RequestContext(
            principal=state.get("principal"),
            request_log=state.get("request_log", {}),
            request_id=trace.request_id,
            traceparent=trace.traceparent,
            introspection=self._development,
        )

    async def _answered(self, request: GraphQLRequest, base: RequestContext) -> dict[str, Any]:
        """Execute the request; raises `RequestRefused` when it cannot be begun."""
        started = time.perf_counter()
        prepared = self._documents.prepare(request.query)
        document, operation_name, operation_type = self._chosen(prepared, request)
        base.request_log["operation_type"] = operation_type.value
        base.request_log["operation_name"] = operation_name
        base.request_log["root_fields"] = list(prepared.root_fields[operation_name])
        context = self._context(base)
        result = await self._executed(document, request, operation_name, context)
        errors = [formatted(error) for error in result.errors or ()]
        code = errors[0]["extensions"]["code"] if errors else None
        base.request_log["error_count"] = len(errors)
        if code is not None:
            base.request_log["error_code"] = code
        if self._completed is not None:
            duration_ms = (time.perf_counter() - started) * 1_000
            outcome = Outcome(operation_name, operation_type.value, len(errors), code, duration_ms)
            await self._completed(context, outcome)
        # Errors first: whoever reads a cut answer sees why.
        return {"errors": errors, "data": result.data} if errors else {"data": result.data}

    def _chosen(
        self, prepared: Prepared, request: GraphQLRequest
    ) -> tuple[DocumentNode, str | None, OperationType]:
        if prepared.document is None:
            raise RequestRefused(prepared.errors)
        try:
            check_variables(request.variables, self._limits)
        except GraphQLError as fault:
            raise RequestRefused([formatted(fault)]) from None
        name = request.operation_name
        if name is None and len(prepared.operations) == 1:
            name = next(iter(prepared.operations))
        operation_type = prepared.operations.get(name)
        if operation_type is None:
            text = "operationName must name one of the document's operations."
            raise RequestRefused([problem(ErrorCode.GRAPHQL_UNKNOWN_OPERATION_NAME, text)])
        if request.read_only and operation_type is not OperationType.QUERY:
            refusal = problem(ErrorCode.BAD_REQUEST, "Only queries may be sent by GET.")
            raise RequestRefused([refusal], status=405, headers=[(b"allow", b"POST")])
        return prepared.document, name, operation_type

    async def _executed(
        self, document: DocumentNode, request: GraphQLRequest, operation_name: str | None, context: C
    ) -> ExecutionResult:
        # `build` separates what is wrong with the request (a list) from what happens while executing.
        executor = self._schema.execution_context_class.build(
            self._schema.core,
            document,
            context_value=context,
            raw_variable_values=request.variables,
            operation_name=operation_name,
            max_coercion_errors=self._limits.max_validation_errors,
            hide_suggestions=not self._development,
        )
        if isinstance(executor, list):
            raise RequestRefused([formatted(error, ErrorCode.BAD_USER_INPUT) for error in executor])
        result = executor.execute_operation()
        if inspect.isawaitable(result):
            result = await result
        if not isinstance(result, ExecutionResult):
            raise TypeError("an operation without @defer and @stream has one result")
        return result


def _check_path(scope: Scope) -> None:
    if scope["path"] not in _PATHS:
        raise RequestRefused([problem(ErrorCode.BAD_REQUEST, "Not found; use /graphql.")], status=404)


async def _send(
    send: Send,
    status: int,
    body: bytes,
    media_type: MediaType,
    headers: tuple[tuple[bytes, bytes], ...],
) -> None:
    fixed: list[tuple[bytes, bytes]] = [
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})
