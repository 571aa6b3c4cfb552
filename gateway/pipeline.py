"""One request's way through the gateway, from its parameters to the bytes of its answer."""

from __future__ import annotations

from time import monotonic

import orjson

from gateway.engine import Engine, Prepared
from gateway.errors import ClientProblem, ErrorCode, Refusal
from gateway.execution.executor import Call, Outcome, execute
from gateway.operation.operation import Operation
from gateway.operation.variables import VariableLimits, enforce_variable_limits
from gateway.plan.printer import to_json
from gateway.requestlog import note_operation, note_outcome
from gateway.response.encode import describe_errors, describe_problem, encode_refusal, encode_response
from gateway.response.faults import find_faults
from gateway.web.endpoint import Caller
from gateway.web.exposure import Exposure, PlanExposure
from gateway.web.persisted import DocumentStore
from gateway.web.request import Answer, GraphQLRequest

__all__ = ["Pipeline", "refuse"]


class Pipeline:
    """Answers requests over whatever engine is current when they come in."""

    def __init__(
        self,
        engine: Engine,
        documents: DocumentStore,
        limits: VariableLimits,
        exposure: Exposure,
        seconds: float,
    ) -> None:
        self.engine = engine
        self._documents = documents
        self._limits = limits
        self._exposure = exposure
        self._seconds = seconds

    async def answer(self, request: GraphQLRequest, caller: Caller) -> Answer:
        """Answer a request; raises `Refusal` when its operation is not executed."""
        ends_at = monotonic() + self._seconds
        engine = self.engine  # A reload meanwhile does not concern this request.
        text = self._documents.resolve(request)
        operation = await engine.operation(text, request.operation_name)
        note_operation(caller, operation)
        _refuse_writing_by_get(request, operation)
        enforce_variable_limits(request.variables, self._limits)
        variables = operation.variables(request.variables)
        try:
            prepared = await engine.prepare(operation, variables, caller.principal)
        except ClientProblem as problem:  # A valid operation without a plan: a field error of the root.
            errors = [describe_problem(problem)]
            note_outcome(caller, Outcome(), errors)
            return Answer(encode_response(None, errors), "partial", operation.kind)
        show = self._exposure.asked(caller.headers, caller.principal)
        outcome = Outcome()
        if show is not PlanExposure.DRY_RUN:
            encoded = {name: orjson.dumps(value) for name, value in variables.items()}
            outcome = await execute(prepared.plan, engine.clients, Call(encoded, caller.headers, ends_at))
            if operation.introspection is not None:
                outcome.data.update(operation.introspection.answer(variables))
        return _project(operation, prepared, outcome, caller, show)


def _project(
    operation: Operation, prepared: Prepared, outcome: Outcome, caller: Caller, show: PlanExposure
) -> Answer:
    flags: list[int] = []
    data = prepared.projector(outcome.data, flags)
    faults = find_faults(prepared.shape, outcome.data) if flags else []
    errors = describe_errors(outcome.errors, faults)
    note_outcome(caller, outcome, errors)
    extensions = {} if show is PlanExposure.NONE else {"queryPlan": to_json(prepared.plan.plan)}
    if show is PlanExposure.DRY_RUN:
        return Answer(encode_response(None, (), extensions), "partial", operation.kind)
    body = encode_response(data, errors, extensions)
    return Answer(body, "partial" if errors else "complete", operation.kind)


def _refuse_writing_by_get(request: GraphQLRequest, operation: Operation) -> None:
    if request.method == "GET" and operation.kind != "query":
        problem = ClientProblem(ErrorCode.BAD_REQUEST, "Mutations must be sent by POST.")
        raise Refusal(problem, malformed=True, status=405)


def refuse(refusal: Refusal) -> Answer:
    """The answer to a request whose operation is not executed."""
    body = encode_refusal(refusal.problems)
    return Answer(body, "malformed" if refusal.malformed else "refused", status=refusal.status)
