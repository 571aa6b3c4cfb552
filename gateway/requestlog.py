"""What the gateway adds to the one log line of a request: names, counts and codes, never values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.execution.executor import Outcome
from gateway.operation.operation import Operation
from gateway.web.endpoint import Caller

__all__ = ["note_operation", "note_outcome"]

#: Characters of a client's own words in a log line.
_MAX_NAME = 100


def note_operation(caller: Caller, operation: Operation) -> None:
    """Who asks what: before it is executed, so that a request that ends badly is named too."""
    headers = caller.headers
    for field, names in (
        ("client_name", ("graphql-client-name", "apollographql-client-name")),
        ("client_version", ("graphql-client-version", "apollographql-client-version")),
    ):
        value = next((headers[name] for name in names if name in headers), None)
        if value is not None:
            caller.log[field] = value[:_MAX_NAME]
    caller.log["operation_name"] = operation.name[:_MAX_NAME] if operation.name else None
    caller.log["operation_type"] = operation.kind
    caller.log["operation_hash"] = operation.digest


def note_outcome(caller: Caller, outcome: Outcome, errors: Sequence[Mapping[str, object]]) -> None:
    """What it took and how it ended."""
    caller.log["subgraph_requests"] = len(outcome.asked)
    caller.log["involved_subgraphs"] = sorted(set(outcome.asked))
    caller.log["error_count"] = len(errors)
    if errors:
        caller.log["partial_response"] = True
        extensions = errors[0]["extensions"]
        caller.log["error_code"] = extensions.get("code") if isinstance(extensions, Mapping) else None
