"""A GraphQL request, whatever way it came in over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Answer", "GraphQLRequest"]

Json = object


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of GraphQL over HTTP, decoded but not yet understood."""

    #: The document's text; None when only an id or a hash was sent.
    query: str | None
    operation_name: str | None = None
    variables: Mapping[str, Json] = field(default_factory=dict)
    extensions: Mapping[str, Json] = field(default_factory=dict)
    #: Id of a trusted document (`documentId`).
    document_id: str | None = None
    method: Literal["GET", "POST"] = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the pipeline hands back: a body, and what HTTP has to know about it."""

    body: bytes
    outcome: Literal["complete", "partial", "refused", "malformed"]
    #: Queries may be answered conditionally; a mutation's answer never is.
    kind: Literal["query", "mutation"] | None = None
    #: A status that has its own meaning (405 …); None: by outcome and media type.
    status: int | None = None
    #: Whether the answer depends on who asked.
    private: bool = True
