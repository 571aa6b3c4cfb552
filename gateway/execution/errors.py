"""From a subgraph's errors to the client's: paths of `_entities` become paths of the client's answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.execution.answer import SubgraphError
from gateway.execution.compiled import is_internal_key
from gateway.execution.paths import Json, JsonObject, Path, find_places, prefix_of
from gateway.execution.representations import Batch
from gateway.execution.undo import undo_path
from gateway.plan.nodes import AliasUndo, EntityCall, FetchNode

__all__ = ["ExecutionError", "entity_errors", "root_errors"]

#: One error of an entity becomes one per object that the entity stands for, up to this many.
MAX_COPIES: Final = 100


@dataclass(frozen=True, slots=True)
class ExecutionError:
    """An error of the answer. Without a path it concerns the answer as a whole."""

    message: str
    path: Path | None
    extensions: Mapping[str, Json] = field(default_factory=dict)


def root_errors(node: FetchNode, errors: tuple[SubgraphError, ...], root: JsonObject) -> list[ExecutionError]:
    """Errors of a root fetch: the same path, below the place where the answer is merged."""
    prefix: Path = ()
    if node.path:
        places = find_places(root, node.path)
        prefix = places[0][0] if places else prefix_of(node.path)
    found = []
    for error in errors:
        if error.path:
            path: Path | None = (*prefix, *_client_path(error.path, node.undo))
        else:
            path = prefix or None
        found.append(ExecutionError(error.message, path, error.extensions))
    return found


def entity_errors(
    node: FetchNode, errors: tuple[SubgraphError, ...], batches: Mapping[str, Batch], root: JsonObject
) -> list[ExecutionError]:
    """Errors of an entity fetch: one per object behind the representation that an error names."""
    calls = {call.key: call for call in node.calls}
    found: list[ExecutionError] = []
    for error in errors:
        paths = list(_entity_paths(error, calls, batches, root))
        found += [ExecutionError(error.message, path, error.extensions) for path in paths[:MAX_COPIES]]
        if not paths:
            prefix = prefix_of(node.calls[0].targets[0].path)
            found.append(ExecutionError(error.message, prefix or None, error.extensions))
    return found


def _entity_paths(
    error: SubgraphError, calls: Mapping[str, EntityCall], batches: Mapping[str, Batch], root: JsonObject
) -> Iterator[Path]:
    path = error.path
    if not path or len(path) < 2 or not isinstance(path[0], str) or not isinstance(path[1], int):
        return
    call = calls.get(path[0])
    if call is None:
        return
    rest = _client_path(path[2:], call.undo)
    for target, owners in zip(call.targets, batches[call.key].owners, strict=True):
        objects = {id(item) for item in owners.get(path[1], ())}
        if objects:
            yield from (
                (*place, *rest) for place, item in find_places(root, target.path) if id(item) in objects
            )


def _client_path(path: list[Json], undo: tuple[AliasUndo, ...]) -> Path:
    """The path in the client's response keys; cut off where it enters what only the plan asked for."""
    kept: list[str | int] = []
    for segment in undo_path(path, undo):
        if isinstance(segment, str) and is_internal_key(segment):
            break
        if isinstance(segment, (str, int)):
            kept.append(segment)
    return tuple(kept)
