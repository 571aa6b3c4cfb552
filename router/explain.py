"""`router explain`: what would be done with an event, said without doing it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from graphql import GraphQLSchema, get_variable_values, parse
from graphql.language import OperationDefinitionNode

from router.calls import Call, Calls
from router.config import Table
from router.decide import Poison, plan

__all__ = ["explain"]


def explain(table: Table, calls: Calls, schemas: Mapping[str, GraphQLSchema], body: str) -> str:
    """For each queue: the matching route and the exact request, or why there is none."""
    return "\n\n".join(
        f"queue {queue}\n{_explain_queue(table, queue_calls, schemas, body)}"
        for queue, queue_calls in calls.items()
    )


def _explain_queue(
    table: Table, calls: Mapping[str, Call], schemas: Mapping[str, GraphQLSchema], body: str
) -> str:
    planned = plan(calls, body)
    if isinstance(planned, Poison):
        return f"  to the DLQ: {planned.reason} ({planned.detail})"
    route = planned.call.route
    target = table.targets[route.target]
    request = json.dumps(planned.body(), indent=2, ensure_ascii=False)
    lines = [
        f"  route on line {route.line} of {table.path}: {route.on} → {route.target}.{route.mutation}",
        f"  POST {target.url}",
        *(f"  {line}" for line in request.splitlines()),
    ]
    lines += [
        f"  the target would refuse it: {problem}"
        for problem in _refusals(planned.call, planned.variables, schemas[route.target])
    ]
    return "\n".join(lines)


def _refusals(call: Call, variables: Mapping[str, object], schema: GraphQLSchema) -> list[str]:
    """What the schema says against the variables; custom scalars are only known to the target."""
    operation = parse(call.document).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    coerced = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
    return [error.message for error in coerced] if isinstance(coerced, list) else []
