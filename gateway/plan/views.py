"""Views: what a `@provides` makes resolvable below one path, beyond what its subgraph resolves anyway.

A view is a tree beside the selection: fields that are provided, and branches per type condition.
States carry views along; two states with different views are different states. Views are interned,
so identity is equality.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphql.language import ast

from gateway.supergraph.fieldsets import FieldSet

__all__ = ["View", "Views"]


class View:
    """An interned view; build with `Views` only."""

    __slots__ = ("fields", "on")

    def __init__(self, fields: Mapping[str, View | None], on: Mapping[str, View]) -> None:
        #: Provided field → the view below it (None below a leaf).
        self.fields = fields
        #: Type condition → what is provided in addition for objects that meet it.
        self.on = on


class Views:
    """Makes and combines views."""

    def __init__(self) -> None:
        self._interned: dict[tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]], View] = {}
        self._joined: dict[tuple[int, int], View] = {}
        self._narrowed: dict[tuple[int, str], View | None] = {}

    def of(self, provides: FieldSet | None) -> View | None:
        """The view that a field's `provides` gives below the field."""
        return None if provides is None else self._of(provides.selection_set.selections)

    def join(self, left: View | None, right: View | None) -> View | None:
        """What either provides."""
        if left is None or left is right:
            return right
        if right is None:
            return left
        known = self._joined.get((id(left), id(right)))
        if known is None:
            fields = dict(left.fields)
            for name, view in right.fields.items():
                fields[name] = self.join(fields.get(name), view)
            on = dict(left.on)
            for name, branch in right.on.items():
                on[name] = self.join(on.get(name), branch) or branch
            known = self._joined[id(left), id(right)] = self._intern(fields, on)
        return known

    def narrow(self, view: View | None, name: str, interfaces: Iterable[str]) -> View | None:
        """The view for objects of type `name`: what holds for all, for it, and for its interfaces."""
        if view is None or not view.on:
            return view
        key = (id(view), name)
        if key not in self._narrowed:
            result = self._intern(dict(view.fields), {}) if view.fields else None
            for condition in (name, *sorted(interfaces)):
                branch = view.on.get(condition)
                result = self.join(result, self.narrow(branch, name, interfaces))
            self._narrowed[key] = result
        return self._narrowed[key]

    def _of(self, selections: Iterable[ast.SelectionNode]) -> View | None:
        result: View | None = None
        for node in selections:
            inner = getattr(node, "selection_set", None)
            below = self._of(inner.selections) if inner is not None else None
            if isinstance(node, ast.FieldNode):
                result = self.join(result, self._intern({node.name.value: below}, {}))
            elif isinstance(node, ast.InlineFragmentNode) and below is not None:
                condition = node.type_condition
                branch = below if condition is None else self._intern({}, {condition.name.value: below})
                result = self.join(result, branch)
        return result

    def _intern(self, fields: Mapping[str, View | None], on: Mapping[str, View]) -> View:
        key = (
            tuple(sorted((name, id(view)) for name, view in fields.items())),
            tuple(sorted((name, id(view)) for name, view in on.items())),
        )
        known = self._interned.get(key)
        if known is None:
            known = self._interned[key] = View(fields, on)
        return known
