"""Results to bytes: `data`, `errors` and `extensions` of a GraphQL response (GraphQL 7.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import orjson

from gateway.errors import ClientProblem, ErrorCode
from gateway.execution.errors import ExecutionError
from gateway.execution.paths import Path
from gateway.response.faults import Fault, FaultKind

__all__ = ["describe_errors", "describe_problem", "encode_refusal", "encode_response"]

Json = object


def encode_response(
    data: Json, errors: Sequence[Mapping[str, Json]] = (), extensions: Mapping[str, Json] | None = None
) -> bytes:
    """A response to an operation that was executed."""
    document: dict[str, Json] = {"data": data}
    if errors:
        document["errors"] = errors
    if extensions:
        document["extensions"] = extensions
    return orjson.dumps(document)


def encode_refusal(problems: Iterable[ClientProblem]) -> bytes:
    """A response to an operation that was not executed: without an entry `data`."""
    return orjson.dumps({"errors": [describe_problem(problem) for problem in problems]})


def describe_problem(problem: ClientProblem) -> dict[str, Json]:
    """A problem as an entry of `errors`."""
    entry: dict[str, Json] = {"message": _wellformed(problem.message)}
    if problem.locations:
        entry["locations"] = [{"line": line, "column": column} for line, column in problem.locations]
    if problem.path is not None:
        entry["path"] = list(problem.path)
    entry["extensions"] = {"code": problem.code.value, **problem.extensions}
    return entry


def describe_errors(errors: Sequence[ExecutionError], faults: Sequence[Fault]) -> list[dict[str, Json]]:
    """The entries of `errors`: the subgraphs' own, then the faults of the data that none explains."""
    described = [_entry(error.message, error.path, error.extensions) for error in errors]
    causes = _Causes(errors)
    for fault in faults:
        if fault.kind is FaultKind.REFUSED:
            extensions = {"code": ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE.value}
            described.append(_entry(_MESSAGES[fault.kind], fault.path, extensions))
        elif not causes.explain(fault.path):
            extensions = {"code": ErrorCode.DOWNSTREAM_SERVICE_ERROR.value}
            message = f"{_MESSAGES[fault.kind]} {fault.coordinate}."
            described.append(_entry(message, fault.path, extensions))
    return described


_MESSAGES: Final = {
    FaultKind.REFUSED: "Unauthorized field or type",
    FaultKind.NULL: "Cannot return null for non-nullable field",
    FaultKind.WRONG_SHAPE: "A subgraph answered with an unexpected kind of value for",
}


def _entry(message: str, path: Path | None, extensions: Mapping[str, Json]) -> dict[str, Json]:
    entry: dict[str, Json] = {"message": message}
    if path is not None:
        entry["path"] = list(path)
    entry["extensions"] = extensions
    return entry


def _wellformed(text: str) -> str:
    """Text that is encodable: a document may hold an escaped half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")


class _Causes:
    """Which places the subgraphs' errors explain: those above and below their paths."""

    def __init__(self, errors: Sequence[ExecutionError]) -> None:
        self._everything = any(error.path is None for error in errors)
        self._paths = {error.path for error in errors if error.path is not None}
        self._above = {path[:length] for path in self._paths for length in range(len(path))}

    def explain(self, path: Path) -> bool:
        if self._everything or path in self._above:
            return True
        return any(path[:length] in self._paths for length in range(len(path) + 1))
