"""Strawberry's field decorators with their types kept: its own overloads turn a resolver into `Any`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

__all__ = ["field", "mutation"]

_R = TypeVar("_R", bound=Callable[..., Any])


def field(
    *,
    description: str | None = None,
    scopes: list[list[str]] | None = None,
    authenticated: bool = False,
    inaccessible: bool = False,
) -> Callable[[_R], _R]:
    """A field with a resolver; the other arguments become the directives that guard it."""
    guards: dict[str, Any] = {"inaccessible": True} if inaccessible else {}
    if scopes is not None:
        guards["requires_scopes"] = scopes
    if authenticated:
        guards["authenticated"] = True
    return cast("Callable[[_R], _R]", strawberry.federation.field(description=description, **guards))


def mutation(*, scopes: list[list[str]], description: str | None = None) -> Callable[[_R], _R]:
    """A root field of Mutation; there is none without a scope."""
    return field(description=description, scopes=scopes)
