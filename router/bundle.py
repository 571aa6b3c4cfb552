"""Requests for one mutation that travel as one GraphQL operation, and what its answer says of each. Pure.

The operation has an alias for each event. No two events of one customer are ever in one bundle, so that the
order in which the target executes it is of no account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from router.decide import (
    Answer,
    Applied,
    Request,
    Unavailable,
    Verdict,
    errors_of,
    judge,
    judge_error,
    outage,
)

__all__ = ["body_of", "judge_each", "next_bundle"]

#: Characters of the message bodies of one bundle: a quarter of what our targets take in one request.
MOST_CHARACTERS = 262_144


def next_bundle(waiting: Sequence[Request], most: int) -> int:
    """How many of the first requests go together: of one mutation, at most `most`, and not too large."""
    count = characters = 0
    for request in waiting[:most]:
        characters += request.size
        if count and (request.call is not waiting[0].call or characters > MOST_CHARACTERS):
            break
        count += 1
    return count


def body_of(requests: Sequence[Request], traces: Sequence[Mapping[str, str]]) -> dict[str, object]:
    """The GraphQL request as the JSON object that travels; one event alone travels without aliases.

    `traces` are the headers that each would have had alone; the target logs each event under its own.
    """
    if len(requests) == 1:
        return requests[0].body()
    call = requests[0].call
    return {
        "query": call.bundled(len(requests)),
        "operationName": call.operation,
        "variables": {
            call.variable(name, number): value
            for number, request in enumerate(requests)
            for name, value in request.variables.items()
        },
        "extensions": {"traces": {call.alias(number): trace for number, trace in enumerate(traces)}},
    }


def judge_each(answer: Answer, requests: Sequence[Request]) -> list[Verdict | None]:
    """What the answer means for each request; None: nothing is known, it is to be sent again.

    A refusal of the whole operation may be the fault of any of its events, and one field's error empties the
    answer of the others. Sending again is harmless, since targets know what they have applied.
    """
    if len(requests) == 1:
        return [judge(answer, requests[0].call)]
    down = outage(answer)
    errors = {} if down is not None else dict(_errors_by_alias(answer))
    data = answer.body.get("data") if isinstance(answer.body, dict) else None
    found: list[Verdict | None] = []
    for number, request in enumerate(requests):
        alias = request.call.alias(number)
        if isinstance(data, dict) and data.get(alias) is not None:
            found.append(Applied.of(data[alias]))
        elif down is not None:
            found.append(down)
        elif alias in errors:
            found.append(judge_error(errors[alias], request.call.field))
        else:
            found.append(None)
    if answer.status == 200 and not errors_of(answer):
        # Neither an answer nor an error: no GraphQL server says that, and it would say it again.
        return [verdict or Unavailable("MALFORMED_ANSWER") for verdict in found]
    return found


def _errors_by_alias(answer: Answer) -> Iterator[tuple[str, object]]:
    # The first error of an alias is the one that counts.
    for error in reversed(errors_of(answer)):
        path = error.get("path") if isinstance(error, dict) else None
        if isinstance(path, list) and path:
            yield str(path[0]), error
