"""Walking the supergraph from its roots with the set of states that are possible at each type."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from gateway.composition.checks.inaccessible import is_hidden
from gateway.composition.codes import Code, HintCode
from gateway.composition.merge.state import Merge, listed
from gateway.composition.model import ROOT_NAMES, Field
from gateway.composition.reach.closure import Closure, States
from gateway.composition.reach.contexts import Contexts, ContextTable
from gateway.composition.reach.explain import Step, explain
from gateway.composition.reach.world import State, World
from gateway.composition.result import CompositionError, Report
from gateway.composition.typeref import named_type

__all__ = ["MAX_VISITS", "check_satisfiability"]

# Visits (type × set of states) of one world. A real graph needs a few per type; beyond this the
# composition would take minutes, and somebody should look at the graph.
MAX_VISITS = 500_000


def check_satisfiability(merge: Merge) -> None:
    """Report every field that some query can reach but no subgraph can then resolve.

    Progressive overrides are checked with no label active, with each one alone, and with all.
    """
    labels = sorted(set(merge.taken.values()))
    worlds = [frozenset[str](), *(frozenset({label}) for label in labels)]
    if len(labels) > 1:
        worlds.append(frozenset(labels))
    reported: set[tuple[str, str]] = set()
    for active in worlds:
        _Walk(merge, World(merge, active), reported).run()


@dataclass(frozen=True, slots=True)
class _Visit:
    type: str
    states: States
    contexts: Contexts
    path: Step | None


class _Walk:
    """One walk through one world."""

    def __init__(self, merge: Merge, world: World, reported: set[tuple[str, str]]) -> None:
        self._merge = merge
        self._world = world
        self._closure = Closure(world)
        self._reported = reported
        self._contexts = ContextTable(merge)
        self._seen: dict[str, list[tuple[States, Contexts]]] = {}
        self._queue: deque[_Visit] = deque()

    def run(self) -> None:
        """Visit everything that can be reached."""
        for name in ROOT_NAMES.values():
            if name in self._merge.merged.types:
                self._enqueue(name, self._world.roots(name), frozenset(), None)
        self._drain()
        if not self._merge.report.has_errors():
            self._check_shared_mutations()

    def _drain(self) -> None:
        visits = 0
        while self._queue:
            visits += 1
            if visits > MAX_VISITS:
                self._merge.report.error(
                    Code.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED,
                    f"Checking that all queries can be resolved took more than {MAX_VISITS} steps: the"
                    " types are"
                    " reachable in too many different ways.",
                )
                return
            self._visit(self._queue.popleft())

    def _enqueue(self, name: str, states: States, contexts: Contexts, path: Step | None) -> None:
        """A visit is needless when the type was fine with fewer states and contexts than these."""
        contexts |= self._contexts.set_by(name)
        seen = self._seen.setdefault(name, [])
        if any(had_states <= states and had_contexts <= contexts for had_states, had_contexts in seen):
            return
        seen.append((states, contexts))
        self._queue.append(_Visit(name, states, contexts, path))

    def _visit(self, visit: _Visit) -> None:
        owner = self._merge.merged.types[visit.type]
        for field in owner.fields.values():
            if is_hidden(field):
                continue
            position = self._merge.merged.types.get(named_type(field.type))
            composite = position is not None and position.kind.is_composite
            unset = self._contexts.unset(visit.type, field.name, visit.contexts)
            step = Step(visit.path, visit.type, field)
            if not composite and not unset:
                if not self._closure.resolves(visit.type, field.name, visit.states):
                    self._unsatisfied(visit, step)
                continue
            found = self._closure.field(visit.type, field.name, visit.states)
            found = frozenset(s for s in found if self._world.name(s.graph) not in unset)
            if not found:
                self._unsatisfied(visit, step)
            elif position is not None and composite:
                self._compare_runtime_types(visit.type, field, found)
                self._arrive(position.name, found, visit.contexts, step)

    def _arrive(self, position: str, states: States, contexts: Contexts, step: Step) -> None:
        for target, closed in self._closure.runtime(position, states).items():
            if not is_hidden(self._merge.merged.types[target]):
                self._enqueue(target, closed, contexts, step)
        known = self._closure.of_interface(position, states)
        if self._merge.merged.runtime_types(position) and all(map(self._world.is_interface_object, known)):
            coordinate = (position, "__typename")
            if coordinate not in self._reported:
                self._reported.add(coordinate)
                told = "; ".join(sorted({self._world.name(s.graph) for s in states}))
                self._merge.report.error(
                    Code.SATISFIABILITY_ERROR,
                    explain(
                        self._merge.merged,
                        Step(step, position, None),
                        [
                            f'subgraph "{told}" knows "{position}" as an @interfaceObject only, and no'
                            " subgraph that"
                            " knows its types can be entered by a key from there."
                        ],
                    ),
                )

    def _check_shared_mutations(self) -> None:
        """A mutation runs once, so one of the subgraphs that share it must do with what keys can add."""
        name = ROOT_NAMES["mutation"]
        owner = self._merge.merged.types.get(name)
        for field in owner.fields.values() if owner is not None else ():
            states = [s for s in self._world.roots(name) if self._world.edge(s, field.name) is not None]
            if is_hidden(field) or len(states) < 2:
                continue
            trials = [self._try_alone(Step(None, name, field), state) for state in states]
            if all(trials) and (name, field.name) not in self._reported:
                self._reported.add((name, field.name))
                self._merge.report.error(
                    Code.SATISFIABILITY_ERROR,
                    f'No subgraph can serve all of "{name}.{field.name}" alone, and a mutation must run once'
                    " only. Give its result a @key, or to one subgraph all fields.\n"
                    + "\n".join(trial[0].message for trial in trials),
                )

    def _try_alone(self, step: Step, state: State) -> list[CompositionError]:
        """The errors if this field is served by this one root."""
        trial = _Walk(replace(self._merge, report=Report()), self._world, set())
        # What was fine from here on still is.
        trial._seen = {name: list(seen) for name, seen in self._seen.items()}
        trial._closure = self._closure
        if step.field is not None:
            position = self._merge.merged.types.get(named_type(step.field.type))
            if position is not None and position.kind.is_composite:
                found = self._closure.field(state.type, step.field.name, frozenset({state}))
                trial._arrive(position.name, found, frozenset(), step)
        trial._drain()
        return trial._merge.report.errors

    def _unsatisfied(self, visit: _Visit, step: Step) -> None:
        field = step.field
        if field is None or (visit.type, field.name) in self._reported:
            return
        self._reported.add((visit.type, field.name))
        reasons = self._reasons(visit, field)
        self._merge.report.error(
            Code.SATISFIABILITY_ERROR,
            explain(self._merge.merged, step, reasons),
            (
                s.type.fields[field.name].location
                for s in self._merge.sources[visit.type]
                if field.name in s.type.fields
            ),
        )

    def _reasons(self, visit: _Visit, field: Field) -> list[str]:
        """Why none of the subgraphs that one stands in, or could go to, resolves the field."""
        here = {state.graph for state in visit.states}
        reasons = []
        coordinate = f"{visit.type}.{field.name}"
        for state in sorted(visit.states, key=lambda s: s.graph):
            name = self._world.name(state.graph)
            own = self._world.edge(state, field.name)
            if name in self._contexts.unset(visit.type, field.name, visit.contexts):
                reasons.append(
                    f'from subgraph "{name}": no context for an argument of "{coordinate}" is set.'
                )
            elif own is None:
                known = self._world.type_in(state)
                external = known is not None and field.name in known.fields
                why = " (it is external or overridden there)" if external else ""
                reasons.append(f'from subgraph "{name}": cannot find field "{coordinate}"{why}.')
            else:
                reasons.append(
                    f'from subgraph "{name}": cannot satisfy @requires of "{coordinate}", or come back'
                    " by a key."
                )
        for number, subgraph in enumerate(self._merge.subgraphs):
            if number in here or subgraph.field(visit.type, field.name) is None:
                continue
            keys = [k for k in self._world.interface_keys(visit.type) if k.opens.graph == number]
            why = (
                f'type "{visit.type}" has no resolvable @key there'
                if not keys
                else "the fields of none of its keys can be had from where one stands"
            )
            reasons.append(
                f'cannot move to subgraph "{subgraph.name}", which has field "{coordinate}": {why}.'
            )
        return reasons

    def _compare_runtime_types(self, owner: str, field: Field, found: States) -> None:
        """Subgraphs that share a field must be able to answer with a common type."""
        if len(found) < 2 or any(self._world.is_interface_object(s) for s in found):
            return
        by_graph = {self._world.name(s.graph): self._world.runtime_types(s) for s in found}
        kinds = set(by_graph.values())
        coordinate = f"{owner}.{field.name}"
        if len(kinds) < 2 or (owner, f"={field.name}") in self._reported:
            return
        self._reported.add((owner, f"={field.name}"))
        told = "; ".join(f'{listed(types)} in "{name}"' for name, types in sorted(by_graph.items()))
        places = [
            s.type.fields[field.name].location
            for s in self._merge.sources[owner]
            if field.name in s.type.fields and s.subgraph.name in by_graph
        ]
        if not frozenset.intersection(*kinds):
            self._merge.report.error(
                Code.SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES,
                f'Shared field "{coordinate}" has no runtime type that all its subgraphs know ({told}),'
                " so they"
                " cannot resolve it the same way.",
                places,
            )
            return
        self._merge.report.hint(
            HintCode.INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN,
            f'Shared field "{coordinate}" has different possible runtime types across subgraphs'
            f" ({told}): only"
            " those that all know should be answered.",
            places,
        )
