"""What a message becomes, and what an answer means. Pure: no I/O, no clock; randomness is an argument."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import assert_never

from jmespath.exceptions import JMESPathError

from kernel.deadline import full_jitter
from kernel.events import Envelope, MalformedEnvelope
from router.calls import Call
from router.config import QueueConfig

__all__ = [
    "Answer",
    "Applied",
    "DeadLetter",
    "Decision",
    "Delete",
    "Failed",
    "Poison",
    "Refused",
    "Request",
    "Retry",
    "Unavailable",
    "Verdict",
    "decide",
    "errors_of",
    "judge",
    "judge_error",
    "outage",
    "plan",
]

#: Codes by which a target says that the event itself is wrong and always will be.
_REFUSALS = frozenset(
    {
        "BAD_USER_INPUT",
        "GRAPHQL_VALIDATION_FAILED",
        "GRAPHQL_PARSE_FAILED",
        "BAD_REQUEST",
        "PAYLOAD_TOO_LARGE",
    }
)
#: Codes by which a target speaks of itself or of our token; the event is as good as before.
_OUTAGES = frozenset(
    {
        "UNAUTHENTICATED", "FORBIDDEN", "UNAUTHORIZED_FIELD_OR_TYPE", "SERVICE_UNAVAILABLE", "SHUTTING_DOWN",
        "GATEWAY_TIMEOUT", "TOO_MANY_REQUESTS",
    }
)  # fmt: skip
_TOO_LARGE, _TOO_MANY, _REQUEST_TIMEOUT = 413, 429, 408


@dataclass(frozen=True, slots=True)
class Request:
    """One mutation to send. The variables never appear in a log."""

    envelope: Envelope = field(repr=False)
    call: Call
    variables: Mapping[str, object] = field(repr=False)
    #: Characters of the message's body.
    size: int

    def body(self) -> dict[str, object]:
        """The GraphQL request as the JSON object that travels."""
        return {
            "query": self.call.document,
            "operationName": self.call.operation,
            "variables": dict(self.variables),
        }


@dataclass(frozen=True, slots=True)
class Poison:
    """A message that no attempt can deliver. `detail` holds names and codes, never values."""

    reason: str
    detail: str
    envelope: Envelope | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` is None when nothing did; then `problem` says what happened."""

    status: int | None
    body: object = field(default=None, repr=False)
    problem: str = ""
    #: Seconds, from the header Retry-After.
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """The target has the event's effect: now, or since before (`outcome` DUPLICATE or STALE)."""

    outcome: str

    @classmethod
    def of(cls, result: object) -> Applied:
        """By what the mutation answered."""
        outcome = result.get("outcome") if isinstance(result, dict) else None
        return cls(outcome if isinstance(outcome, str) else "APPLIED")


@dataclass(frozen=True, slots=True)
class Refused:
    """The target says that the event is wrong."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The target is there but failed at this event."""

    code: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The target is not there, overloaded, or does not know us; it says nothing about the event."""

    code: str
    retry_after: float | None = None


Verdict = Applied | Refused | Failed | Unavailable


@dataclass(frozen=True, slots=True)
class Delete:
    """The message is done."""

    outcome: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Again after `delay` whole seconds; nothing else of its group before."""

    delay: int
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """To the DLQ, with the reason."""

    reason: str
    detail: str


Decision = Delete | Retry | DeadLetter


def plan(calls: Mapping[str, Call], body: str) -> Request | Poison:
    """The request that delivers this message body by these calls of its queue."""
    try:
        envelope = Envelope.from_json(body)
    except MalformedEnvelope as error:
        return Poison("UNDECODABLE_BODY", str(error))
    call = calls.get(envelope.type)
    if call is None:
        return Poison("UNROUTABLE", "no route for this event type", envelope)
    document = envelope.to_dict()
    variables = {}
    for name, expression in call.route.arguments:
        try:
            variables[name] = expression.search(document)
        except JMESPathError as error:
            return Poison("ARGUMENT_FAILED", f"{name}: {type(error).__name__}", envelope)
    return Request(envelope, call, variables, len(body))


def judge(answer: Answer, call: Call) -> Verdict:
    """What the answer means. The GraphQL part decides, where there is one, before the HTTP status."""
    down = outage(answer)
    if down is not None:
        return down
    body = answer.body
    if errors := errors_of(answer):
        return next(
            (judge_error(error, call.field) for error in errors if _code(error) in _REFUSALS),
            Failed(_code(errors[0])),
        )
    if answer.status == _TOO_LARGE:
        return Refused("PAYLOAD_TOO_LARGE", f"HTTP_{answer.status}")
    data = body.get("data") if isinstance(body, dict) else None
    result = data.get(call.field) if isinstance(data, dict) else None
    return Unavailable("MALFORMED_ANSWER") if result is None else Applied.of(result)


def outage(answer: Answer) -> Unavailable | None:
    """What the answer says of the target or of our token, if it says nothing of any event."""
    if answer.status is None:
        return Unavailable(answer.problem or "NO_ANSWER", answer.retry_after)
    status = f"HTTP_{answer.status}"
    if answer.status >= 500 or answer.status in (_TOO_MANY, _REQUEST_TIMEOUT):
        return Unavailable(status, answer.retry_after)
    if errors := errors_of(answer):
        code = next((code for code in map(_code, errors) if code in _OUTAGES), None)
        return Unavailable(code, answer.retry_after) if code is not None else None
    if answer.status not in (200, _TOO_LARGE):
        # No GraphQL endpoint speaks: a wrong URL, a proxy. The event is not to blame.
        return Unavailable(status, answer.retry_after)
    return None


def judge_error(error: object, field: str) -> Verdict:
    """What an error of the mutation `field` says of the event; none of an outage."""
    code = _code(error)
    return Refused(code, _where(error, field)) if code in _REFUSALS else Failed(code)


def decide(verdict: Verdict, attempt: int, receives: int, queue: QueueConfig, random: Random) -> Decision:
    """What to do with a message after its `attempt`-th attempt at which its target was there.

    `receives` counts outages as well, and sets how long to back off. Both count from 1.
    """
    match verdict:
        case Applied(outcome=outcome):
            return Delete(outcome)
        case Refused(code=code, detail=detail):
            return DeadLetter(code, detail)
        case Failed(code=code):
            if attempt >= queue.max_receives:
                return DeadLetter("ATTEMPTS_EXHAUSTED", f"{code} at attempt {attempt}")
            return Retry(_delay(receives, None, queue, random), code)
        case Unavailable(code=code, retry_after=retry_after):
            return Retry(_delay(receives, retry_after, queue, random), code)
        case _:
            assert_never(verdict)


def _delay(receives: int, retry_after: float | None, queue: QueueConfig, random: Random) -> int:
    """Whole seconds, since SQS has no finer ones; at least 1, so that a failing head is no busy loop."""
    jittered = full_jitter(receives, queue.backoff_base, queue.backoff_cap, random)
    asked = min(retry_after or 0.0, queue.backoff_cap)
    return max(1, math.ceil(max(jittered, asked)))


def errors_of(answer: Answer) -> list[object]:
    """The GraphQL errors that it brought."""
    body = answer.body
    errors = body.get("errors") if isinstance(body, dict) else None
    return errors if isinstance(errors, list) else []


def _code(error: object) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code[:100] if isinstance(code, str) and code else "UNKNOWN_ERROR"


def _where(error: object, field: str) -> str:
    """The error's path, under the mutation's name whatever its alias was.

    Its message may quote what was sent, which is personal data, so it is left out.
    """
    path = error.get("path") if isinstance(error, dict) else None
    if not isinstance(path, list) or not path:
        return ""
    return ".".join((field, *map(str, path[1:])))[:200]
