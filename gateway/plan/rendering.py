"""Selection trees → the text of a subgraph request. Compact and deterministic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.operation.normalise import NormalisedOperation
from gateway.plan.aliases import Aliases, find_aliases
from gateway.plan.local import LocalTypes
from gateway.plan.nodes import AliasUndo
from gateway.plan.trees import Tree

__all__ = ["RenderedSelection", "Rendering"]

_ENTITIES = "_Entity"


@dataclass(frozen=True, slots=True)
class RenderedSelection:
    """A selection set as text, with what belongs to it."""

    text: str
    undo: tuple[AliasUndo, ...]


@dataclass(slots=True)
class Rendering:
    """Renders selections of one request; collects the client's variables used in them."""

    types: LocalTypes
    graph: str
    variables: set[str] = field(default_factory=set)

    def directives(self, operation: NormalisedOperation, kind: str) -> str:
        """What the client put on its operation, for a request of the same kind."""
        if kind != operation.kind:
            return ""
        self.variables |= operation.directives.variables
        return operation.directives.text

    def selection(self, tree: Tree) -> RenderedSelection:
        """The selection set of a tree, braces included."""
        aliases = find_aliases(self.types, self.graph, tree)
        return RenderedSelection(self._render(tree, aliases), tuple(aliases.undo))

    def declarations(self, declared: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """The client's variables that are used, each with its definition (`$a: Int`)."""
        return tuple((name, text) for name, text in declared.items() if name in self.variables)

    def _render(self, tree: Tree, aliases: Aliases) -> str:
        parts = ["__typename"] if tree.typename else []
        for key, item in tree.fields.items():
            sent = aliases.sent.get((id(tree), key), key) if aliases.sent else key
            text = item.name if sent == item.name else f"{sent}: {item.name}"
            if item.arguments.text:
                text += item.arguments.text
                self.variables |= item.arguments.variables
            if item.child is not None:
                text += f" {self._render(item.child, aliases)}"
            parts.append(text)
        for name, cast in tree.casts.items():
            if cast.fields or cast.casts or cast.typename or tree.type == _ENTITIES:
                parts.append(f"... on {name} {self._render(cast, aliases)}")
        return f"{{ {' '.join(parts) or '__typename'} }}"
