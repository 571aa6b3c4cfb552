"""Which contexts are set on the way to a field, and which the field's arguments need."""

from __future__ import annotations

from gateway.composition.contextfield import parse_context_reference
from gateway.composition.merge.state import Merge
from gateway.composition.model import Kind
from gateway.composition.reader import Subgraph

__all__ = ["ContextTable", "Contexts"]

# (subgraph, context name): a context is known to the subgraph that sets it only.
Contexts = frozenset[tuple[str, str]]


class ContextTable:
    """Looked up while walking; empty, and free, without `@fromContext`."""

    def __init__(self, merge: Merge) -> None:
        self._needs: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._sets: dict[str, set[tuple[str, str]]] = {}
        for subgraph in merge.subgraphs:
            self._read(subgraph)

    def _read(self, subgraph: Subgraph) -> None:
        for owner in subgraph.types.values():
            for field in owner.fields.values():
                for argument in field.arguments.values():
                    for applied in argument.all("fromContext"):
                        reference = parse_context_reference(applied.text("field"))
                        if reference is not None:
                            needs = self._needs.setdefault((owner.name, field.name), [])
                            needs.append((subgraph.name, reference.context))
        for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE, Kind.UNION):
            for applied in owner.all("context"):
                for target in subgraph.runtime_types(owner.name):
                    self._sets.setdefault(target, set()).add((subgraph.name, applied.text("name")))

    def set_by(self, type_name: str) -> Contexts:
        """Contexts that an object of the type sets for everything below it."""
        return frozenset(self._sets.get(type_name, ())) if self._needs else frozenset()

    def unset(self, type_name: str, field_name: str, contexts: Contexts) -> frozenset[str]:
        """Subgraphs that cannot resolve the field here, for want of a context."""
        needs = self._needs.get((type_name, field_name), ())
        return frozenset(need[0] for need in needs if need not in contexts)
