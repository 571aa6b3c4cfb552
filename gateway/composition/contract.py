"""Contracts: the part of a supergraph that some clients may see, chosen by `@tag`.

What is filtered out becomes `@inaccessible`: it still routes, but is not in the API schema. The tag
of an object or interface type counts for each of its fields; exclusion wins over inclusion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.composition.checks.inaccessible import is_hidden
from gateway.composition.merge.state import NOWHERE
from gateway.composition.model import Applied, Element, Kind, Schema, TypeDef

__all__ = ["TagNameProblem", "apply_contract"]

_TAG_NAME = re.compile(r"[A-Za-z0-9_/-]{1,128}\Z")


class TagNameProblem(ValueError):
    """The filter names something that no `@tag` can be called."""


def apply_contract(schema: Schema, include: Sequence[str], exclude: Sequence[str]) -> None:
    """Hide what the contract leaves out, in place.

    With included tags, a union and a field of an object or interface stays only with one of them;
    excluded tags remove anything that has one. A type with nothing left is hidden too.
    Raises TagNameProblem.
    """
    for name in (*include, *exclude):
        if not _TAG_NAME.match(name):
            raise TagNameProblem(
                f'"{name}" cannot be a tag: use letters, digits, "-", "_" and "/", at most 128'
            )
    included, excluded = frozenset(include), frozenset(exclude)
    if not included and not excluded:
        return
    for found in schema.types.values():
        _filter(found, included, excluded)
    for found in schema.types.values():
        if found.name != "Query" and _is_emptied(schema, found):
            _hide(found)


def _tags(element: Element) -> frozenset[str]:
    return frozenset(tag.text("name") for tag in element.all("tag"))


def _hide(element: Element) -> None:
    if not is_hidden(element):
        element.directives.append(Applied("inaccessible", {}, NOWHERE, known=True))


def _filter(found: TypeDef, included: frozenset[str], excluded: frozenset[str]) -> None:
    own = _tags(found)
    if own & excluded or (found.kind is Kind.UNION and included and not own & included):
        _hide(found)
    by_field = found.kind in (Kind.OBJECT, Kind.INTERFACE)
    for field in found.fields.values():
        tags = _tags(field) | own if by_field else _tags(field)
        if tags & excluded or (by_field and included and not tags & included):
            _hide(field)
        for argument in field.arguments.values():
            if _tags(argument) & excluded:
                _hide(argument)
    for value in found.values.values():
        if _tags(value) & excluded:
            _hide(value)


def _is_emptied(schema: Schema, found: TypeDef) -> bool:
    children = [is_hidden(child) for child in (*found.fields.values(), *found.values.values())]
    children += [is_hidden(schema.types[member]) for member in found.members if member in schema.types]
    return bool(children) and all(children)
