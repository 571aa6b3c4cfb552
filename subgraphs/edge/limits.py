"""How large an operation may be, counted before it is validated.

Counts are those of the *expanded* operation: a fragment counts once for each spread. They are computed from
per-fragment sums with a memo, so a document of 1.3 KB whose fragments double 25 times is refused in
microseconds although it expands to 10^8 selections. Nothing here recurses: 500 chained fragments would
exhaust the interpreter's stack. Cycles count as empty; validation names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from subgraphs.edge.errors import BadUserInput, ErrorCode, LimitExceeded

__all__ = ["Limits", "check_operation", "check_variables"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Each limit's default has the reason beside it; the error code of each names it."""

    #: Lexical tokens of a document. The gateway's own largest documents have about 600.
    max_tokens: int = 4_000
    #: Characters of a document, comments included.
    max_document_length: int = 100_000
    #: Nested fields, below the 43 at which graphql-core's executor can run out of stack.
    max_depth: int = 15
    #: The same for `__schema` and `__type`, whose standard query nests about 15 deep.
    max_introspection_depth: int = 25
    max_aliases: int = 50
    max_directives: int = 50
    max_root_fields: int = 20
    #: Fields of the expanded operation: bounds the work of validation and execution.
    max_selections: int = 10_000
    #: Nesting and number of JSON values of the variables; 1,000 representations with five fields are 7,000.
    max_variable_depth: int = 32
    max_variable_nodes: int = 20_000
    #: Characters of one string; free texts of the domain are below 500.
    max_string_length: int = 10_000
    #: Validation errors reported.
    max_validation_errors: int = 20


@dataclass(slots=True)
class _Size:
    """What a selection set holds, spreads apart (`own`) or included (the totals)."""

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    root_fields: int = 0
    depth: int = 0
    introspection_depth: int = 0
    #: Name of the fragment, fields around the spread, whether it stands in an introspection field.
    spreads: list[tuple[str, int, bool]] = field(default_factory=list)


def check_operation(document: DocumentNode, limits: Limits) -> None:
    """Raise `LimitExceeded` for the first limit that an operation of `document` exceeds when expanded."""
    fragments: dict[str, _Size] = {}
    operations: list[_Size] = []
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            size = _measured(definition.selection_set)
            size.directives += len(definition.directives or ())
            fragments[definition.name.value] = size
        elif isinstance(definition, OperationDefinitionNode):
            size = _measured(definition.selection_set)
            size.directives += len(definition.directives or ())
            operations.append(size)
    totals = _totals(fragments)
    for operation in operations:
        _compare(_expanded(operation, totals), limits)


def check_variables(variables: Mapping[str, Any], limits: Limits) -> None:
    """Raise `LimitExceeded` or `BadUserInput` when values are too many, too deep or bad text."""
    nodes = 0
    level: list[Any] = [variables]
    for _ in range(limits.max_variable_depth + 1):
        following: list[Any] = []
        for value in level:
            if isinstance(value, str):
                check_text(value, limits)
            elif isinstance(value, Mapping):
                for key in value:
                    check_text(key, limits)
                following.extend(value.values())
            elif isinstance(value, list):
                following.extend(value)
        nodes += len(following)
        if nodes > limits.max_variable_nodes:
            limit = limits.max_variable_nodes
            raise LimitExceeded(ErrorCode.MAX_VARIABLES_LIMIT, "values in its variables", limit)
        if not following:
            return
        level = following
    raise LimitExceeded(ErrorCode.MAX_VARIABLES_LIMIT, "levels in its variables", limits.max_variable_depth)


def check_text(text: str, limits: Limits) -> None:
    """Raise `BadUserInput` for a string that is too long or holds a null byte, which no store takes."""
    if len(text) > limits.max_string_length:
        raise BadUserInput(f"A string has at most {limits.max_string_length} characters.")
    if "\0" in text:
        raise BadUserInput("A string must not contain the character U+0000.")


def _measured(selection_set: SelectionSetNode) -> _Size:
    """The selection set's own size, inline fragments included, spreads noted."""
    size = _Size()
    stack: list[tuple[SelectionSetNode, int, bool]] = [(selection_set, 0, False)]
    while stack:
        current, depth, introspection = stack.pop()
        for selection in current.selections:
            size.directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                inside = introspection or selection.name.value in ("__schema", "__type")
                _count_field(size, selection, depth + 1, inside)
                if selection.selection_set is not None:
                    stack.append((selection.selection_set, depth + 1, inside))
            elif isinstance(selection, InlineFragmentNode):
                stack.append((selection.selection_set, depth, introspection))
            elif isinstance(selection, FragmentSpreadNode):
                size.spreads.append((selection.name.value, depth, introspection))
    return size


def _count_field(size: _Size, node: FieldNode, depth: int, introspection: bool) -> None:
    size.fields += 1
    size.aliases += node.alias is not None
    size.root_fields += depth == 1
    if introspection:
        size.introspection_depth = max(size.introspection_depth, depth)
    else:
        size.depth = max(size.depth, depth)


def _totals(fragments: Mapping[str, _Size]) -> dict[str, _Size]:
    """The expanded size of each fragment: spread fragments first, each once, on an explicit stack."""
    totals: dict[str, _Size] = {}
    entered: set[str] = set()
    for start in fragments:
        stack = [start]
        while stack:
            name = stack[-1]
            if name in totals:
                stack.pop()
                continue
            waiting = [
                spread
                for spread, _, _ in fragments[name].spreads
                if spread in fragments and spread not in totals and spread not in entered
            ]
            entered.add(name)
            if waiting:
                stack.extend(waiting)
            else:
                totals[name] = _expanded(fragments[name], totals)
                stack.pop()
    return totals


def _expanded(own: _Size, totals: Mapping[str, _Size]) -> _Size:
    """`own` with its spreads replaced by the fragments' totals; unknown and cyclic ones count as empty."""
    result = _Size(
        own.fields, own.aliases, own.directives, own.root_fields, own.depth, own.introspection_depth
    )
    for name, depth, introspection in own.spreads:
        total = totals.get(name)
        if total is None:
            continue
        result.fields += total.fields
        result.aliases += total.aliases
        result.directives += total.directives
        if depth == 0:
            result.root_fields += total.root_fields
        below = depth + total.depth if total.depth else 0
        below_introspection = depth + total.introspection_depth if total.introspection_depth else 0
        if introspection:
            result.introspection_depth = max(result.introspection_depth, below, below_introspection)
        else:
            result.depth = max(result.depth, below)
            result.introspection_depth = max(result.introspection_depth, below_introspection)
    return result


def _compare(size: _Size, limits: Limits) -> None:
    for actual, limit, code, what in (
        (size.fields, limits.max_selections, ErrorCode.MAX_SELECTIONS_LIMIT, "selections"),
        (size.depth, limits.max_depth, ErrorCode.MAX_DEPTH_LIMIT, "levels of fields"),
        (
            size.introspection_depth,
            limits.max_introspection_depth,
            ErrorCode.MAX_DEPTH_LIMIT,
            "levels of introspection fields",
        ),
        (size.aliases, limits.max_aliases, ErrorCode.MAX_ALIASES_LIMIT, "aliases"),
        (size.directives, limits.max_directives, ErrorCode.MAX_DIRECTIVES_LIMIT, "directives"),
        (size.root_fields, limits.max_root_fields, ErrorCode.MAX_ROOT_FIELDS_LIMIT, "root fields"),
    ):
        if actual > limit:
            raise LimitExceeded(code, what, limit)
