"""Parsed and validated documents, remembered by their text: refused ones as well.

Parsing and validating a small query takes a millisecond of CPU, ten times its execution; the gateway sends
the same few hundred texts over and over. The memory is bounded by entries and by characters of text (a
syntax tree is some fifty times its text).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)

from subgraphs.edge.errors import ErrorCode, LimitExceeded, formatted, problem
from subgraphs.edge.limits import Limits, check_operation, check_text
from subgraphs.edge.root_fields import root_fields

__all__ = ["DocumentCache", "Prepared"]

_ENTRIES = 1_000
_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to execute, or the errors that refuse it."""

    document: DocumentNode | None
    operations: Mapping[str | None, OperationType] = field(default_factory=dict)
    errors: Sequence[Mapping[str, Any]] = ()
    #: By operation name: what it asks for (`root_fields`).
    root_fields: Mapping[str | None, Sequence[str]] = field(default_factory=dict)


class DocumentCache:
    """`prepare` is a dictionary look-up for every text but the first of its kind."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._introspection = introspection
        self._known: OrderedDict[str, Prepared] = OrderedDict()
        self._characters = 0

    def prepare(self, text: str) -> Prepared:
        """The document of `text`; its `errors` are not empty when it must be refused. Never raises."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        prepared = self._prepared(text)
        self._remember(text, prepared)
        return prepared

    def _remember(self, text: str, prepared: Prepared) -> None:
        self._known[text] = prepared
        self._characters += len(text)
        while len(self._known) > _ENTRIES or self._characters > _CHARACTERS:
            oldest, _ = self._known.popitem(last=False)
            self._characters -= len(oldest)

    def _prepared(self, text: str) -> Prepared:
        try:
            document = _parsed(text, self._limits)
            check_operation(document, self._limits)
            if '"' in text:
                visit(document, _TextCheck(self._limits))
        except GraphQLError as error:
            return Prepared(None, errors=[formatted(error, ErrorCode.GRAPHQL_PARSE_FAILED)])
        errors = self._validation_errors(document)
        if errors:
            return Prepared(None, errors=errors)
        nodes = {
            node.name.value if node.name else None: node
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        operations = {name: node.operation for name, node in nodes.items()}
        if OperationType.SUBSCRIPTION in operations.values():
            refusal = problem(ErrorCode.UNSUPPORTED_OPERATION, "Subscriptions are not served here.")
            return Prepared(None, errors=[refusal])
        asked = {name: root_fields(document, node) for name, node in nodes.items()}
        return Prepared(document, operations, root_fields=asked)

    def _validation_errors(self, document: DocumentNode) -> list[dict[str, Any]]:
        if not self._introspection:
            # On its own first, so that its code is not mixed with other faults of the same document.
            found = validate(self._schema, document, [NoSchemaIntrospectionCustomRule], max_errors=1)
            if found:
                return [problem(ErrorCode.INTROSPECTION_DISABLED, "Introspection is disabled.")]
        found = validate(
            self._schema,
            document,
            specified_rules,
            max_errors=self._limits.max_validation_errors,
            hide_suggestions=not self._introspection,
        )
        return [formatted(error, ErrorCode.GRAPHQL_VALIDATION_FAILED) for error in found]


def _parsed(text: str, limits: Limits) -> DocumentNode:
    """The syntax tree; raises `LimitExceeded` or a syntax error of graphql-core."""
    if len(text) > limits.max_document_length:
        raise LimitExceeded(ErrorCode.MAX_TOKENS_LIMIT, "characters", limits.max_document_length)
    try:
        # `max_tokens` counts comments too; `max_lexical_tokens` would not.
        return parse(text, max_tokens=limits.max_tokens)
    except GraphQLError as error:
        # graphql-core has no class of its own for these two.
        if f"more than {limits.max_tokens} tokens" in error.message:
            raise LimitExceeded(ErrorCode.MAX_TOKENS_LIMIT, "tokens", limits.max_tokens) from None
        if "nest" in error.message:
            raise LimitExceeded(ErrorCode.MAX_DEPTH_LIMIT, "levels of fields", limits.max_depth) from None
        raise


class _TextCheck(Visitor):
    """Strings written into the document obey the same rules as those in variables."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def enter_string_value(self, node: StringValueNode, *_place: object) -> None:
        """Raise `BadUserInput` for a bad string, out of `visit`."""
        check_text(node.value, self._limits)
