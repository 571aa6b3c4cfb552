"""Contexts (`@context`, `@fromContext`): which object above a field gives a value to its argument.

It is the nearest object above the field's own whose type sets the context. Each entity has its own such
object, so the field is always asked by an entity fetch, with variables for the values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gateway.operation.selection import FieldArguments
from gateway.plan.trees import CONTEXT_STEM, ContextSource, Needs, Step, StepContext
from gateway.supergraph.join import ContextArgument
from gateway.supergraph.model import Supergraph

if TYPE_CHECKING:
    from gateway.plan.offers import ContextOffer
    from gateway.plan.positions import Position

__all__ = ["add_context", "contextual_arguments", "find_setter"]


def find_setter(supergraph: Supergraph, position: Position, context: str) -> Position | None:
    """The position of the object that sets the context for fields at `position`.

    None when no type on the way does, or when only some types of an abstract position do: whose value it
    is can be said for each of them only, so that position has to be exploded (R2).
    """
    names = supergraph.contexts.get(context, frozenset())
    current = position.base.parent
    while current is not None:
        if _sets(supergraph, current.type, names):
            return current
        if any(_sets(supergraph, name, names) for name in supergraph.possible_types(current.type)):
            return None
        current = current.base.parent
    return None


def _sets(supergraph: Supergraph, type_name: str, names: frozenset[str]) -> bool:
    table = supergraph.types[type_name]
    return (
        type_name in names
        or not table.interfaces.isdisjoint(names)
        or any(type_name in supergraph.types[name].members for name in names)
    )


def add_context(step: Step, offer: ContextOffer, needs: Needs) -> None:
    """Let the step take this value (once)."""
    argument = offer.argument
    source = _source(argument)
    if source not in step.contexts:
        index = len(step.contexts)
        step.contexts[source] = StepContext(index, argument.type, offer.selection.position, needs)


def contextual_arguments(
    step: Step, contexts: Iterable[ContextOffer], arguments: FieldArguments
) -> FieldArguments:
    """The client's arguments and those that the step takes from contexts."""
    texts = [arguments.plain[1:-1]] if arguments.plain else []
    for context in contexts:
        taken = step.contexts[_source(context.argument)]
        texts.append(f"{context.argument.name}: ${CONTEXT_STEM}_{taken.index}")
    if not texts:
        return arguments
    text = f"({', '.join(texts)}){arguments.directives}"
    return FieldArguments(text, arguments.variables, arguments.directives)


def _source(argument: ContextArgument) -> ContextSource:
    return argument.context, argument.selection.text, argument.type
