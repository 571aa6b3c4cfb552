"""Aliases that one subgraph's schema makes necessary, and how to undo them.

Subgraphs may type a field differently (`ID` here, `ID!` there, or on this type and on that one). The
client's operation is valid against the API schema, but printed for a subgraph the same selections may
break the rule that fields of one response key merge (GraphQL specification, 5.3.2), also deep below
two equal keys. The later one of a conflicting pair is then asked under an alias of the gateway's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.plan.local import LocalTypes
from gateway.plan.nodes import AliasUndo, Key
from gateway.plan.trees import Tree, TreeField

__all__ = ["Aliases", "find_aliases"]


@dataclass(slots=True)
class Aliases:
    """What to print instead of a response key, and what to rename afterwards."""

    #: (identity of the tree, response key) → the key to send.
    sent: dict[tuple[int, str], str] = field(default_factory=dict)
    #: Paths speak of keys as they were sent, so the deepest are undone first.
    undo: list[AliasUndo] = field(default_factory=list)


@dataclass(slots=True)
class _Bucket:
    """Fields that can stand under one key together."""

    sent: str
    shape: tuple[str, bool]
    meaning: tuple[str, str]
    children: list[Tree]


@dataclass(slots=True)
class _Layer:
    """All selections that stand on one response object."""

    path: tuple[Key, ...]
    #: Response keys and aliases in use.
    taken: set[str]
    buckets: dict[str, list[_Bucket]] = field(default_factory=dict)


def find_aliases(types: LocalTypes, graph: str, tree: Tree) -> Aliases:
    """The aliases that a request of this tree to this subgraph needs."""
    search = _Search(types, graph)
    search.layer([tree], ())
    return search.aliases


class _Search:
    def __init__(self, types: LocalTypes, graph: str) -> None:
        self._types = types
        self._graph = graph
        self.aliases = Aliases()

    def layer(self, trees: Sequence[Tree], path: tuple[Key, ...]) -> None:
        """Check all selections that stand on one response object, whatever its type."""
        scopes = [scope for tree in trees for scope in _scopes(tree)]
        if len(scopes) == 1:
            for key, item in scopes[0].fields.items():
                if item.child is not None:
                    self.layer([item.child], (*path, Key(key)))
            return
        layer = _Layer(path, {key for scope in scopes for key in scope.fields})
        for scope in scopes:
            for key, item in scope.fields.items():
                self._place(scope, key, item, layer)
        for alternatives in layer.buckets.values():
            for bucket in alternatives:
                if bucket.children:
                    self.layer(bucket.children, (*path, Key(bucket.sent)))

    def _place(self, scope: Tree, key: str, item: TreeField, layer: _Layer) -> None:
        type_ref = self._types.type_ref(self._graph, scope.type, item.name)
        # Composite fields must agree in their wrappers, leaves in their whole type.
        shape = (type_ref.shape, True) if item.child is not None else (type_ref.text, False)
        meaning = (item.name, item.arguments.text) if self._overlaps(scope) else ("", "")
        buckets = layer.buckets.setdefault(key, [])
        for bucket in buckets:
            if bucket.shape == shape and (
                not meaning[0] or not bucket.meaning[0] or bucket.meaning == meaning
            ):
                break
        else:
            bucket = _Bucket(_free_alias(key, layer.taken) if buckets else key, shape, meaning, [])
            buckets.append(bucket)
            if bucket.sent != key:
                layer.taken.add(bucket.sent)
                self.aliases.undo.append(AliasUndo(layer.path, bucket.sent, key))
        if bucket.sent != key:
            self.aliases.sent[id(scope), key] = bucket.sent
        if item.child is not None:
            bucket.children.append(item.child)

    def _overlaps(self, scope: Tree) -> bool:
        """Objects of one type are never another's, but an interface's selections apply to all."""
        table = self._types.supergraph.types.get(scope.type)
        return table is not None and table.abstract


def _scopes(tree: Tree) -> Iterator[Tree]:
    """The selections on one object: the tree's own and those under type conditions, at any depth."""
    yield tree
    for cast in tree.casts.values():
        yield from _scopes(cast)


def _free_alias(key: str, taken: set[str]) -> str:
    number = 0
    while f"_m{number}_{key}" in taken:
        number += 1
    return f"_m{number}_{key}"
