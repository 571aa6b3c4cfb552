"""What goes into composition and what comes out: inputs, located errors, hints, the result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.composition.codes import Code, HintCode

__all__ = ["CompositionError", "CompositionResult", "Hint", "Location", "Report", "SubgraphInput"]


class Location(NamedTuple):
    """A place in a subgraph's SDL; line and column count from 1 (0: the subgraph as a whole)."""

    subgraph: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`subgraph:line:column`, as editors and terminals understand it."""
        return f"{self.subgraph}:{self.line}:{self.column}" if self.line else self.subgraph


@dataclass(frozen=True, slots=True)
class SubgraphInput:
    """One subgraph as its owners publish it."""

    name: str
    url: str
    sdl: str


@dataclass(frozen=True, slots=True)
class CompositionError:
    """A reason why there is no supergraph; the message also says what to do about it."""

    code: Code
    message: str
    locations: tuple[Location, ...] = ()

    def __str__(self) -> str:
        """One readable line per error, locations last."""
        places = f" ({', '.join(map(str, self.locations))})" if self.locations else ""
        return f"{self.code}: {self.message}{places}"


@dataclass(frozen=True, slots=True)
class Hint:
    """Something composition decided for the authors that they may want to look at."""

    code: HintCode
    message: str
    locations: tuple[Location, ...] = ()

    def __str__(self) -> str:
        """One readable line per hint, its level first."""
        places = f" ({', '.join(map(str, self.locations))})" if self.locations else ""
        return f"{self.code.level} {self.code}: {self.message}{places}"


@dataclass(frozen=True, slots=True)
class CompositionResult:
    """Either a supergraph (`errors` empty) or the errors (`supergraph_sdl` None); hints in any case."""

    supergraph_sdl: str | None
    errors: tuple[CompositionError, ...] = ()
    hints: tuple[Hint, ...] = ()
    api_sdl: str | None = None


@dataclass(slots=True)
class Report:
    """Collects errors and hints on the way, so that many can be told at once."""

    errors: list[CompositionError] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)

    def error(self, code: Code, message: str, *places: Location | Iterable[Location]) -> None:
        """Record an error; the same sentence about the same places is kept once."""
        entry = CompositionError(code, message, _flat(places))
        if entry not in self.errors:
            self.errors.append(entry)

    def hint(self, code: HintCode, message: str, *places: Location | Iterable[Location]) -> None:
        """Record a hint."""
        self.hints.append(Hint(code, message, _flat(places)))

    def has_errors(self) -> bool:
        """Whether composition must stop at the end of the stage."""
        return bool(self.errors)


def _flat(places: tuple[Location | Iterable[Location], ...]) -> tuple[Location, ...]:
    flat: list[Location] = []
    for place in places:
        if isinstance(place, Location):
            flat.append(place)
        else:
            flat.extend(place)
    return tuple(dict.fromkeys(flat))
