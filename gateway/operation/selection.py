"""The normal form of a selection: fragments are gone, what is left hangs on types.

A `SelectionSet` at a position of static type S has one *scope* for S itself (`None`) and one for each
object type that fragments narrowed it to. Within a scope response keys are unique. This is what the
planner, authorisation and projection all work on, so that none of them meets a fragment again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.supergraph.values import TypeRef

__all__ = ["Field", "FieldArguments", "NoArguments", "SelectionSet", "typename_of"]


@dataclass(frozen=True, slots=True)
class FieldArguments:
    """Arguments as text, sorted by name: equal arguments are equal text.

    The client's own directives on the field come after them, because they too decide what the value is.
    """

    text: str = ""
    #: Names of the variables in them.
    variables: frozenset[str] = frozenset()
    #: The directives alone, as they end `text`.
    directives: str = ""

    @property
    def plain(self) -> str:
        """The arguments without the directives."""
        return self.text.removesuffix(self.directives)


NoArguments = FieldArguments()


@dataclass(slots=True, eq=False)
class Field:
    """One selected field in one scope; fields of equal response key are one field already."""

    #: Response key.
    key: str
    name: str
    arguments: FieldArguments
    #: The type it was selected on: the scope, or the static type of its selection set.
    parent: str
    #: The supergraph's type reference; None for `__typename` and introspection fields.
    type: TypeRef | None
    #: Rank of first appearance in the operation (CollectFields order).
    order: int
    #: None for a leaf. Introspection fields keep none: they are executed from the document.
    selection: SelectionSet | None = None


@dataclass(slots=True, eq=False)
class SelectionSet:
    """All that is selected at one position."""

    #: The static type.
    type: str
    #: Scope (object type; None for the static type itself) → response key → field.
    scopes: dict[str | None, dict[str, Field]] = field(default_factory=dict)

    def fields(self) -> Iterator[tuple[str | None, Field]]:
        """Every field with its scope, scope by scope."""
        for scope, fields in self.scopes.items():
            for item in fields.values():
                yield scope, item

    def collect(self, runtime_type: str | None) -> list[Field]:
        """What applies to an object of this type, in CollectFields order (spec section 6.3.2).

        None: the runtime type is not known, so only what holds for every type applies.
        """
        base = self.scopes.get(None, {})
        own = self.scopes.get(runtime_type, {}) if runtime_type is not None else {}
        if not own or own is base:
            return sorted(base.values(), key=_order)
        merged = dict(base)
        for key, item in own.items():
            merged[key] = _merge(merged[key], item) if key in merged else item
        return sorted(merged.values(), key=_order)


def typename_of(parent: str) -> Field:
    """`__typename`, asked by the gateway for itself."""
    return Field("__typename", "__typename", NoArguments, parent, None, 0)


def _order(item: Field) -> int:
    return item.order


def _merge(left: Field, right: Field) -> Field:
    first = left if left.order <= right.order else right
    selection = first.selection
    if left.selection is not None and right.selection is not None:
        selection = _merge_selections(left.selection, right.selection)
    return Field(first.key, first.name, first.arguments, first.parent, first.type, first.order, selection)


def _merge_selections(left: SelectionSet, right: SelectionSet) -> SelectionSet:
    merged = SelectionSet(left.type, {scope: dict(fields) for scope, fields in left.scopes.items()})
    for scope, fields in right.scopes.items():
        target = merged.scopes.setdefault(scope, {})
        for key, item in fields.items():
            target[key] = _merge(target[key], item) if key in target else item
    return merged
