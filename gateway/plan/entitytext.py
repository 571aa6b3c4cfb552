"""The text of an entity fetch, with each of its `_entities` calls once or several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["CallNames", "CallText", "EntityText"]


@dataclass(frozen=True, slots=True)
class CallText:
    """One call."""

    #: The selection set, cut where the stem of its context variables goes.
    pieces: tuple[str, ...]
    #: Types of the context variables.
    contexts: tuple[str, ...] = ()
    #: The client's variables that it uses.
    variables: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CallNames:
    """How one call is named within a request."""

    #: The response key.
    key: str
    #: The variable of the representations.
    variable: str
    #: What the names of its context variables begin with.
    stem: str

    def context(self, index: int) -> str:
        """The name of a context variable."""
        return f"{self.stem}_{index}"


@dataclass(frozen=True, slots=True)
class EntityText:
    """Prints the operation; constant for the plan but for how often each call is made."""

    #: What names of the gateway's variables begin with; no variable of the client's does.
    representations: str
    context: str
    #: The client's variables that are used, each with its definition (`$cpf: String!`).
    declarations: tuple[tuple[str, str], ...]
    #: The client's directives on the operation, with a space before each.
    directives: str
    calls: tuple[CallText, ...]
    #: The client's variables that the directives use.
    directive_variables: frozenset[str] = frozenset()

    def names(self, count: int) -> list[CallNames]:
        """The names of `count` calls in one request."""
        if count == 1:
            return [CallNames("_entities", self.representations, self.context)]
        return [
            CallNames(f"_e{number}", f"{self.representations}_{number}", f"{self.context}_{number}")
            for number in range(count)
        ]

    def variables(self, chosen: Sequence[int]) -> tuple[str, ...]:
        """The client's variables that the chosen calls use: a definition without use would be invalid."""
        used = self.directive_variables.union(*(self.calls[index].variables for index in chosen))
        return tuple(name for name, _ in self.declarations if name in used)

    def operation(self, chosen: Sequence[int]) -> str:
        """The operation that makes the chosen calls (indexes of `calls`), in this order."""
        declared: list[str] = []
        fields: list[str] = []
        for index, names in zip(chosen, self.names(len(chosen)), strict=True):
            call = self.calls[index]
            declared.append(f"${names.variable}: [_Any!]!")
            declared += [f"${names.context(i)}: {type_}" for i, type_ in enumerate(call.contexts)]
            alias = "" if len(chosen) == 1 else f"{names.key}: "
            selection = names.stem.join(call.pieces)
            fields.append(f"{alias}_entities(representations: ${names.variable}) {selection}")
        used = self.variables(chosen)
        declared += [text for name, text in self.declarations if name in used]
        declarations = ", ".join(declared)
        return f"query({declarations}){self.directives} {{ {' '.join(fields)} }}"
