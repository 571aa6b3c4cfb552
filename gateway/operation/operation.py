"""An operation ready to be asked: everything about it that does not depend on the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from graphql import OperationDefinitionNode, OperationType

from gateway.errors import ClientProblem, ErrorCode, Refusal
from gateway.operation.authorise import AccessGates, find_gates
from gateway.operation.document import Document, select_operation
from gateway.operation.introspection import Introspection, find_introspection
from gateway.operation.normalise import condition_variables
from gateway.operation.variables import VariablesCheck, compile_variables
from gateway.supergraph import AuthRequirements, Supergraph

__all__ = ["Operation", "operation_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a document. Compared by identity, like its document."""

    document: Document = field(repr=False)
    node: OperationDefinitionNode = field(repr=False)
    kind: Literal["query", "mutation"]
    name: str | None
    #: SHA-256 of the document's text, abbreviated: what the log says instead of the text.
    digest: str
    variables: VariablesCheck = field(repr=False)
    #: Names of the variables that decide `@skip` and `@include`.
    condition_names: tuple[str, ...]
    gates: AccessGates = field(repr=False)
    introspection: Introspection | None = field(repr=False)

    def conditions(self, variables: Mapping[str, object]) -> tuple[bool, ...]:
        """The values of the conditions, in step with their names; raises `Refusal` for a null one."""
        values = []
        for name in self.condition_names:
            value = self.variables.with_default(name, variables)
            if not isinstance(value, bool):
                message = f'Variable "${name}" decides a @skip or @include and must be true or false.'
                raise Refusal(ClientProblem(ErrorCode.BAD_USER_INPUT, message))
            values.append(value)
        return tuple(values)


def operation_of(supergraph: Supergraph, document: Document, name: str | None, *, guarded: bool) -> Operation:
    """The named operation of a document (None: its only one), compiled on first use; raises `Refusal`.

    Without `guarded` nothing is asked of the caller: access is the subgraphs' matter then.
    """
    known = document.compiled.get(name)
    if isinstance(known, Operation):
        return known
    node = select_operation(document, name)
    requirements = supergraph.requirements if guarded else AuthRequirements()
    operation = Operation(
        document=document,
        node=node,
        # Subscriptions were refused with the document.
        kind="mutation" if node.operation is OperationType.MUTATION else "query",
        name=node.name.value if node.name else None,
        digest=sha256(document.text.encode("utf-8", "replace")).hexdigest()[:16],
        variables=compile_variables(supergraph.api_schema, node),
        condition_names=tuple(sorted(condition_variables(document.node, node))),
        gates=find_gates(supergraph.api_schema, requirements, document, node),
        introspection=find_introspection(supergraph.api_schema, document, node),
    )
    document.compiled[name] = operation
    return operation
