"""Validation against the API schema: what clients see, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    validate,
)

from gateway.errors import ClientProblem, ErrorCode, Refusal

__all__ = ["refuse_unsupported", "validate_document"]


def validate_document(
    schema: GraphQLSchema, document: DocumentNode, *, max_errors: int, suggestions: bool
) -> None:
    """Raise `Refusal` with at most `max_errors` problems unless the document is valid.

    `suggestions` belongs to development: "Did you mean …" tells a stranger the names of a schema
    whose introspection is off.
    """
    try:
        errors = validate(
            schema,
            document,
            max_errors=max_errors,
            hide_suggestions=not suggestions,
            allow_empty_selection_sets=False,
        )
    except RecursionError as error:
        raise Refusal(
            ClientProblem(ErrorCode.GRAPHQL_VALIDATION_FAILED, "The document is nested too deeply.")
        ) from error
    if errors:
        raise Refusal(*(_problem(error) for error in errors[:max_errors]))


def _problem(error: GraphQLError) -> ClientProblem:
    locations = tuple((place.line, place.column) for place in error.locations or ())
    return ClientProblem(ErrorCode.GRAPHQL_VALIDATION_FAILED, error.message, locations=locations)


def refuse_unsupported(document: DocumentNode) -> None:
    """Raise `Refusal` (UNSUPPORTED_OPERATION) for subscriptions, `@defer` and `@stream`.

    Before validation: the API schema does not define them, and "unknown directive" would not tell
    that the gateway does not do this at all.
    """
    for definition in document.definitions:
        if (
            isinstance(definition, OperationDefinitionNode)
            and definition.operation is OperationType.SUBSCRIPTION
        ):
            raise _unsupported("Subscriptions are not supported; poll with If-None-Match instead.")
        if isinstance(definition, ExecutableDefinitionNode):
            for name in _directive_names(definition.selection_set):
                if name in ("defer", "stream"):
                    raise _unsupported(f"@{name} is not supported; every answer is complete.")


def _directive_names(selection_set: SelectionSetNode) -> Iterator[str]:
    stack = [selection_set]
    while stack:
        for selection in stack.pop().selections:
            for directive in selection.directives or ():
                yield directive.name.value
            if isinstance(selection, (FieldNode, InlineFragmentNode)) and selection.selection_set:
                stack.append(selection.selection_set)


def _unsupported(message: str) -> Refusal:
    return Refusal(ClientProblem(ErrorCode.UNSUPPORTED_OPERATION, message))
