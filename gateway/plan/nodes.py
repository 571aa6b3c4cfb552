"""The query plan: what the planner hands to the executor. Frozen, printable, free of I/O.

A plan is a DAG of fetches. Root fetches ask a subgraph for root fields; entity fetches send
representations to `_entities` (Federation subgraph specification) and merge the answer into
the objects they were made from. Conditions (`@skip`, `@include`) are decided before planning,
so a plan has no condition nodes; they are part of the plan-cache key instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.plan.entitytext import EntityText

__all__ = [
    "AliasUndo",
    "ContextValue",
    "EntityCall",
    "EntityTarget",
    "FetchNode",
    "Key",
    "OnTypes",
    "PathSegment",
    "QueryPlan",
    "RepresentationField",
    "RepresentationSpec",
]


@dataclass(frozen=True, slots=True)
class Key:
    """Step into a response key. A list found there is flattened, at any depth."""

    name: str
    #: How many lists the field's type declares: for printing (`@`), not for execution.
    lists: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class OnTypes:
    """Go on only for objects whose `__typename` (in the merged data) is one of these.

    An object without `__typename` does not match: its runtime type is unknown.
    """

    names: frozenset[str]


PathSegment = Key | OnTypes


@dataclass(frozen=True, slots=True)
class RepresentationField:
    """One field of a representation: read `key` of the merged object, send it as `name`."""

    name: str
    key: str
    #: Only for objects of these runtime types (a fragment in a `@requires`); None: always.
    on: frozenset[str] | None = None
    #: The sub-selection of a composite field; empty for a leaf.
    fields: tuple[RepresentationField, ...] = ()


@dataclass(frozen=True, slots=True)
class RepresentationSpec:
    """How to make a representation out of a merged object at an entity target."""

    #: Runtime types that this spec is for; None: any object at the path, even of unknown type.
    on: frozenset[str] | None
    #: The `__typename` to send: an interface's name when jumping into an interface (object);
    #: None: the object's own runtime type.
    typename: str | None
    #: All of them must be present (null is present), else the entity is left out.
    fields: tuple[RepresentationField, ...]


@dataclass(frozen=True, slots=True)
class EntityTarget:
    """Where in the merged data the entities of a call are. Its specs never overlap in `on`."""

    path: tuple[PathSegment, ...]
    specs: tuple[RepresentationSpec, ...]


@dataclass(frozen=True, slots=True)
class AliasUndo:
    """A response key that was aliased for one subgraph only (FieldsInSetCanMerge across types).

    `path` holds keys alone, as they were sent (relative to the answer's root or to the entity), so the
    deepest aliases are undone first. An alias is used for nothing else at its level, on any type.
    """

    path: tuple[PathSegment, ...]
    sent: str
    key: str


@dataclass(frozen=True, slots=True)
class ContextValue:
    """A value that comes from an object above the entities (`@fromContext`)."""

    #: The variable's type.
    type: str
    #: How many segments of the target's path lead to that object.
    depth: int
    #: What to read there: one leaf for each runtime type. Absent or of another type: null.
    fields: tuple[RepresentationField, ...]


@dataclass(frozen=True, slots=True)
class EntityCall:
    """One `_entities` field of a request. Entities of several places, and of several types, share a
    call when they are asked the same, so one representation may be due to objects of many targets."""

    #: Response key: `_entities`, or `_e0`, `_e1` … when several calls share a request.
    key: str
    #: Name of the variable that carries the representations.
    variable: str
    targets: tuple[EntityTarget, ...]
    undo: tuple[AliasUndo, ...] = ()
    #: With contexts there is one target, and the call is made once per distinct tuple of their values.
    contexts: tuple[ContextValue, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchNode:
    """One request to one subgraph."""

    id: int
    subgraph: str
    #: The printed operation, constant for the plan.
    operation: str
    kind: Literal["query", "mutation"]
    #: Client variables to pass on, by name (value sent only when the client gave one).
    variables: tuple[str, ...] = ()
    #: Ids of fetches that must have ended before this one starts.
    depends_on: tuple[int, ...] = ()
    #: Root fetches: where the answer's `data` is merged; () is the root of the response.
    path: tuple[PathSegment, ...] = ()
    #: Entity fetches: the calls of this request; () makes it a root fetch.
    calls: tuple[EntityCall, ...] = ()
    #: Root fetches: aliases to undo before merging.
    undo: tuple[AliasUndo, ...] = ()
    #: Fetches with contexts: how to print the operation with calls repeated; `operation` has each once.
    repeated: EntityText | None = None


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What to fetch, in which order. `fetches` are sorted so that dependencies come first."""

    kind: Literal["query", "mutation"]
    fetches: tuple[FetchNode, ...] = ()
    #: Figures of the planning itself, for the log and for budgets.
    statistics: dict[str, int] = field(default_factory=dict, compare=False)
