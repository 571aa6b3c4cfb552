"""Field sets: the strings in `key`, `requires` and `provides` (a selection set without braces)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from graphql import GraphQLError, parse
from graphql.language import ast

from gateway.errors import SupergraphProblem

__all__ = ["FieldSet", "field_set"]


@dataclass(frozen=True, slots=True)
class FieldSet:
    """A parsed field set; equal texts are equal field sets, and usually one object."""

    text: str

    @property
    def selection_set(self) -> ast.SelectionSetNode:
        """The selections, with nested ones, arguments and inline fragments."""
        return _parse(self.text)


def field_set(text: str, place: str) -> FieldSet:
    """Check that `text` parses as a selection set; `place` says where it stands, for the refusal."""
    try:
        _parse(text)
    except GraphQLError as problem:
        raise SupergraphProblem(f"{place}: {text!r} is not a field set: {problem.message}") from problem
    return FieldSet(text)


@lru_cache(maxsize=16_384)
def _parse(text: str) -> ast.SelectionSetNode:
    document = parse(f"{{{text}\n}}", no_location=True)
    (operation,) = document.definitions
    return cast("ast.OperationDefinitionNode", operation).selection_set
