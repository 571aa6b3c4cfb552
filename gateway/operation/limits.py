"""What an operation would expand to, counted before anything expands it.

A document of 1 KB whose fragments spread each other twice, 25 deep, is valid GraphQL and expands to
10^8 selections. Each fragment is therefore summed up once and its sums are reused wherever it is
spread, so counting is linear in the size of the document whatever it would expand to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.errors import ClientProblem, ErrorCode, Refusal
from gateway.operation.document import fragments_of, operations_of

__all__ = ["OperationLimits", "enforce_limits"]


@dataclass(frozen=True, slots=True)
class OperationLimits:
    """Bounds of one operation, fragments expanded. Each bound is a setting of the same name."""

    #: Tokens of a document: bounds parsing (4,000 tokens take about 15 ms) and everything after it.
    max_tokens: int = 4_000
    #: Nesting of fields; hand-written operations stay under 10.
    max_depth: int = 15
    #: Nesting below `__schema` and `__type`; the explorer's own query nests about 15 deep.
    max_introspection_depth: int = 20
    #: Aliases: the cheap way to ask one expensive field many times.
    max_aliases: int = 50
    max_root_fields: int = 20
    max_directives: int = 50
    #: Selections after expansion: bounds normalising, planning and projecting.
    max_selections: int = 10_000
    #: Validation stops at that many errors.
    max_validation_errors: int = 20


@dataclass(slots=True)
class _Sum:
    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    directives: int = 0
    root_fields: int = 0
    selections: int = 0


@dataclass(frozen=True, slots=True)
class _Spread:
    """Where a fragment is spread: how deep, and whether below an introspection field."""

    name: str
    depth: int
    introspection: bool


def enforce_limits(document: DocumentNode, limits: OperationLimits) -> None:
    """Raise `Refusal` when an operation of the document exceeds a bound or spreads a fragment in itself."""
    fragments = fragments_of(document)
    sums: dict[str, _Sum] = {}
    for operation in operations_of(document).values():
        total, spreads = _local(operation)
        for name in dict.fromkeys(spread.name for spread in spreads):
            _sum_up(name, fragments, sums)
        _add_spreads(total, spreads, sums)
        _check(total, limits)


def _check(total: _Sum, limits: OperationLimits) -> None:
    for code, name, amount, limit in (
        (ErrorCode.MAX_ROOT_FIELDS_LIMIT, "max_root_fields", total.root_fields, limits.max_root_fields),
        (ErrorCode.MAX_DEPTH_LIMIT, "max_depth", total.depth, limits.max_depth),
        (
            ErrorCode.MAX_DEPTH_LIMIT,
            "max_introspection_depth",
            total.introspection_depth,
            limits.max_introspection_depth,
        ),
        (ErrorCode.MAX_ALIASES_LIMIT, "max_aliases", total.aliases, limits.max_aliases),
        (ErrorCode.MAX_DIRECTIVES_LIMIT, "max_directives", total.directives, limits.max_directives),
        (ErrorCode.MAX_SELECTIONS_LIMIT, "max_selections", total.selections, limits.max_selections),
    ):
        if amount > limit:
            what = name.removeprefix("max_").replace("_", " ")
            raise Refusal(
                ClientProblem(code, f"The operation exceeds the limit on {what}: {limit} ({name}).")
            )


def _sum_up(
    name: str,
    fragments: Mapping[str, FragmentDefinitionNode],
    sums: dict[str, _Sum],
) -> None:
    """Sum up a fragment and all it reaches, depth first.

    With an explicit stack: a chain of hundreds of fragments must not meet Python's recursion limit.
    """
    if name in sums or name not in fragments:
        return
    total, spreads = _local(fragments[name])
    stack: list[tuple[str, _Sum, list[_Spread], Iterator[_Spread]]] = [(name, total, spreads, iter(spreads))]
    open_names = {name: None}
    while stack:
        current, total, spreads, pending = stack[-1]
        spread = next(pending, None)
        if spread is None:
            _add_spreads(total, spreads, sums)
            sums[current] = total
            stack.pop()
            del open_names[current]
        elif spread.name in open_names:
            raise Refusal(_cycle(spread.name, [*open_names]))
        elif spread.name not in sums and spread.name in fragments:
            child, child_spreads = _local(fragments[spread.name])
            stack.append((spread.name, child, child_spreads, iter(child_spreads)))
            open_names[spread.name] = None


def _cycle(name: str, trail: list[str]) -> ClientProblem:
    via = trail[trail.index(name) + 1 :][:5]
    route = f" via {', '.join(_quoted(step) for step in via)}" if via else ""
    return ClientProblem(
        ErrorCode.GRAPHQL_VALIDATION_FAILED, f"Cannot spread fragment {_quoted(name)} within itself{route}."
    )


def _quoted(name: str) -> str:
    """A name as GraphQL's own messages show it."""
    return f'"{name}"'


def _add_spreads(total: _Sum, spreads: list[_Spread], sums: Mapping[str, _Sum]) -> None:
    for spread in spreads:
        part = sums.get(spread.name)
        if part is None:
            continue  # An unknown fragment; validation names it.
        total.aliases += part.aliases
        total.directives += part.directives
        total.selections += part.selections
        if spread.introspection:
            deepest = spread.depth + max(part.depth, part.introspection_depth)
            total.introspection_depth = max(total.introspection_depth, deepest)
            continue
        total.depth = max(total.depth, spread.depth + part.depth)
        if part.introspection_depth:
            total.introspection_depth = max(total.introspection_depth, part.introspection_depth)
        if spread.depth == 0:
            total.root_fields += part.root_fields


def _local(definition: OperationDefinitionNode | FragmentDefinitionNode) -> tuple[_Sum, list[_Spread]]:
    """What a definition holds itself, and the fragments that it spreads. Depths count from its root."""
    total = _Sum(directives=len(definition.directives or ()))
    spreads: list[_Spread] = []
    stack: list[tuple[SelectionSetNode, int, bool]] = [(definition.selection_set, 0, False)]
    while stack:
        selection_set, depth, introspection = stack.pop()
        for selection in selection_set.selections:
            total.selections += 1
            total.directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                spreads.append(_Spread(selection.name.value, depth, introspection))
            elif isinstance(selection, InlineFragmentNode):
                stack.append((selection.selection_set, depth, introspection))
            elif isinstance(selection, FieldNode):
                stack.extend(_count_field(selection, total, depth, introspection))
    return total, spreads


def _count_field(
    node: FieldNode, total: _Sum, depth: int, introspection: bool
) -> Iterator[tuple[SelectionSetNode, int, bool]]:
    if node.alias is not None:
        total.aliases += 1
    if depth == 0:
        total.root_fields += 1
        if node.name.value in ("__schema", "__type"):
            introspection = True
    if introspection:
        total.introspection_depth = max(total.introspection_depth, depth + 1)
    else:
        total.depth = max(total.depth, depth + 1)
    if node.selection_set is not None:
        yield node.selection_set, depth + 1, introspection
