"""Directives that appear in the supergraph: how applications from several subgraphs become one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TypeVar

from gateway.composition.codes import HintCode
from gateway.composition.merge.state import NOWHERE, Merge, listed
from gateway.composition.model import Applied, Element
from gateway.composition.values import Const

__all__ = [
    "BUILT_IN_DIRECTIVES",
    "MERGED_SPECIFICATIONS",
    "Alternatives",
    "alternatives",
    "conjunction",
    "merge_directives",
]

E = TypeVar("E", bound=Element)

# Directives of specifications that the supergraph carries, in the order of their @link.
MERGED_SPECIFICATIONS = (
    "tag",
    "inaccessible",
    "authenticated",
    "requiresScopes",
    "policy",
    "cost",
    "listSize",
)
BUILT_IN_DIRECTIVES = ("deprecated", "specifiedBy", "oneOf")

Alternatives = tuple[tuple[str, ...], ...]


def merge_directives(merge: Merge, coordinate: str, elements: Sequence[tuple[str, E]]) -> list[Applied]:
    """The directives of the merged element.

    `@tag` and repeatable custom directives: all different applications. `@inaccessible` and
    `@authenticated`: when any has it. Scopes and policies: every subgraph's demand must be met.
    `@cost`: the highest. Others: the application that most subgraphs have, with a hint.
    """
    names: dict[tuple[bool, str], list[tuple[str, Applied]]] = {}
    for subgraph, element in elements:
        for applied in element.directives:
            names.setdefault((applied.known, applied.name), []).append((subgraph, applied))
    merged: list[Applied] = []
    for (known, name), applications in sorted(names.items()):
        if known and name in MERGED_SPECIFICATIONS:
            merged += _merge_specification(merge, coordinate, name, applications)
        elif not known and name in BUILT_IN_DIRECTIVES:
            merged += _merge_custom(merge, coordinate, name, applications, repeatable=False)
        elif not known and name in merge.composed:
            composing = [(s, a) for s, a in applications if s in merge.composed[name]]
            repeatable = merge.merged.directives[name].repeatable
            merged += _merge_custom(merge, coordinate, name, composing, repeatable=repeatable)
    return merged


def _merge_specification(
    merge: Merge, coordinate: str, name: str, applications: list[tuple[str, Applied]]
) -> list[Applied]:
    distinct = _distinct([a for _, a in applications])
    if name == "tag":
        return [_copy(applied) for applied in distinct]
    if len(distinct) == 1:
        return [_copy(distinct[0])]
    merge.report.hint(
        HintCode.MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
        f'Directive @{name} has different arguments on "{coordinate}" in'
        f" {listed(s for s, _ in applications)}:"
        f" the supergraph combines them ({_HOW[name]}).",
        (a.location for _, a in applications),
    )
    return [Applied(name, _COMBINE[name](distinct), NOWHERE, known=True)]


def _merge_custom(
    merge: Merge, coordinate: str, name: str, applications: list[tuple[str, Applied]], *, repeatable: bool
) -> list[Applied]:
    distinct = _distinct([a for _, a in applications])
    if repeatable or not distinct:
        return [_copy(applied) for applied in distinct]
    counts = [sum(a.arguments == d.arguments for _, a in applications) for d in distinct]
    best = distinct[counts.index(max(counts))]
    if len(distinct) > 1:
        chosen = next(subgraph for subgraph, a in applications if a.arguments == best.arguments)
        merge.report.hint(
            HintCode.INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
            f'Non-repeatable directive @{name} has different arguments on "{coordinate}":'
            f' the supergraph uses those of "{chosen}".',
            (a.location for _, a in applications),
        )
    return [_copy(best)]


def _distinct(applications: list[Applied]) -> list[Applied]:
    result: list[Applied] = []
    for applied in applications:
        if not any(applied.arguments == other.arguments for other in result):
            result.append(applied)
    return result


def _copy(applied: Applied) -> Applied:
    return Applied(applied.name, dict(applied.arguments), NOWHERE, known=applied.known)


def alternatives(value: Const) -> Alternatives:
    """`[["a", "b"], ["c"]]` as a sorted disjunction of sorted conjunctions."""
    groups = {
        tuple(sorted({item for item in group if isinstance(item, str)}))
        for group in (value if isinstance(value, tuple) else ())
        if isinstance(group, tuple)
    }
    return _minimal(groups)


def conjunction(demands: Sequence[Alternatives]) -> Alternatives:
    """The disjunction of conjunctions that holds exactly when each of the demands holds."""
    groups = {tuple(sorted({item for part in choice for item in part})) for choice in product(*demands)}
    return _minimal(groups)


def _minimal(groups: set[tuple[str, ...]]) -> Alternatives:
    """Without the alternatives that ask for more than another one."""
    sets = {group: frozenset(group) for group in groups}
    return tuple(sorted(g for g in groups if not any(sets[other] < sets[g] for other in groups)))


def _scopes(applications: list[Applied]) -> dict[str, Const]:
    return {"scopes": conjunction([alternatives(a.arguments.get("scopes")) for a in applications])}


def _policies(applications: list[Applied]) -> dict[str, Const]:
    return {"policies": conjunction([alternatives(a.arguments.get("policies")) for a in applications])}


def _cost(applications: list[Applied]) -> dict[str, Const]:
    weights = [w for a in applications if isinstance(w := a.arguments.get("weight"), int)]
    return {"weight": max(weights)}


def _list_size(applications: list[Applied]) -> dict[str, Const]:
    merged: dict[str, Const] = {}
    sizes = [s for a in applications if isinstance(s := a.arguments.get("assumedSize"), int)]
    if sizes:
        merged["assumedSize"] = max(sizes)
    for name in ("slicingArguments", "sizedFields"):
        given = [v for a in applications if isinstance(v := a.arguments.get(name), tuple)]
        if given:
            merged[name] = tuple(dict.fromkeys(item for value in given for item in value))
    if any("requireOneSlicingArgument" in a.arguments for a in applications):
        required = [a.arguments.get("requireOneSlicingArgument", True) is not False for a in applications]
        merged["requireOneSlicingArgument"] = all(required)
    return merged


_COMBINE = {"requiresScopes": _scopes, "policy": _policies, "cost": _cost, "listSize": _list_size}
_HOW = {
    "requiresScopes": "every subgraph's scopes are needed",
    "policy": "every subgraph's policies must hold",
    "cost": "the highest weight",
    "listSize": "the largest size, all slicing arguments and sized fields",
}
