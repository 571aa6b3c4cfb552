"""Strawberry's federation decorators with the types that a strict checker needs.

`strawberry.federation.field` used as a decorator is typed Any, which would leave every resolver unchecked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from strawberry.federation import field as federation_field
from strawberry.federation import mutation as federation_mutation

__all__ = ["field", "mutation"]

F = TypeVar("F", bound=Callable[..., Any])

_Scopes = Sequence[Sequence[str]]


def field(  # noqa: PLR0913 - keywords of the SDL
    *,
    name: str | None = None,
    description: str | None = None,
    authenticated: bool = False,
    inaccessible: bool = False,
    requires: Sequence[str] = (),
    requires_scopes: _Scopes = (),
) -> Callable[[F], F]:
    """Make the method the resolver of a field; `requires` lists fields of other subgraphs that it needs."""
    decorator = federation_field(
        name=name,
        description=description,
        authenticated=authenticated,
        inaccessible=inaccessible,
        # Strawberry tells "none" by None only; an empty list would print an empty directive.
        **_given(requires=requires, requires_scopes=requires_scopes),
    )
    return cast("Callable[[F], F]", decorator)


def mutation(
    *,
    name: str | None = None,
    description: str | None = None,
    authenticated: bool = False,
    inaccessible: bool = False,
    requires_scopes: _Scopes = (),
) -> Callable[[F], F]:
    """Make the method the resolver of a mutation."""
    decorator = federation_mutation(
        name=name,
        description=description,
        authenticated=authenticated,
        inaccessible=inaccessible,
        **_given(requires_scopes=requires_scopes),
    )
    return cast("Callable[[F], F]", decorator)


def _given(**lists: Sequence[Any]) -> dict[str, Any]:
    return {name: value for name, value in lists.items() if value}
