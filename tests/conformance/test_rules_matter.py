"""Ablation: with any one rule of the planner switched off, some conformance case goes wrong.

So each rule is needed, and each is watched by a case. Nothing here is about how a rule is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.execution.compiled import CompiledPlan, compile_plan
from gateway.plan import assembly, batching, contexts, opening, options, planner, pricing, rendering, routes
from gateway.plan.aliases import Aliases
from gateway.plan.local import LocalTypes
from gateway.plan.mutations import in_series
from gateway.plan.nodes import QueryPlan
from gateway.plan.offers import ExplodedOffer, LeafOffer, Offer
from gateway.plan.opening import Opening
from gateway.plan.positions import Place, Position
from gateway.plan.pricing import Pricing
from gateway.plan.session import Session
from gateway.plan.states import Reach, State
from gateway.plan.trees import Step
from gateway.plan.views import Views
from gateway.supergraph.join import FieldIn, Key
from gateway.supergraph.model import Supergraph
from gateway.supergraph.values import TypeRef
from tests.conformance.ablation import Switch, first_broken_case
from tests.kit import federation as kit_federation


def _no_external(patch: pytest.MonkeyPatch) -> None:
    def resolvable(self: FieldIn, labels: frozenset[str]) -> bool:
        return not self.used_overridden and (
            self.override_label is None or self.override is None or not labels
        )

    patch.setattr(FieldIn, "resolvable", resolvable)


def _no_used_overridden(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FieldIn, "resolvable", lambda self, _labels: not self.external)


def _no_labels(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner, "_types_for", lambda supergraph, _labels: LocalTypes(supergraph, frozenset()))


def _no_closed_keys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("gateway.supergraph.tables.Key", lambda fields, _resolvable=True: Key(fields))


def _no_own_types(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("gateway.supergraph.tables.type_ref", lambda _text: None)


def _no_intersection(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(routes, "is_dropped", lambda _reach, _name: False)


def _no_single_option(patch: pytest.MonkeyPatch) -> None:
    def mixed(session: Session, here: Reach, ask: Callable[[Reach], Offer | None]) -> ExplodedOffer | None:
        position = here.position
        if position.is_cast or session.types.supergraph.types[position.type].kind != "interface":
            return None
        names = {name for state in here.states for name in state.local.runtime_types}
        parts = [ask(session.reaching.explore(position.cast(name), here)) for name in sorted(names)]
        found = [part for part in parts if part is not None]
        whole = ExplodedOffer(sum(part.cost for part in found), tuple(found))
        return whole if found and len(found) == len(parts) else None

    patch.setattr(routes, "explode", mixed)
    patch.setattr(pricing, "explode", mixed)


def _no_implementer_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LocalTypes, "_all_resolve", lambda *_: True)


def _no_interface_level(patch: pytest.MonkeyPatch) -> None:
    def follow(session: Session, here: Reach, links: tuple[routes.Link, ...], index: int) -> Offer | None:
        exploded = options.explode(session, here, lambda reach: original(session, reach, links, index))
        return exploded if exploded is not None else original(session, here, links, index)

    original = routes._follow
    patch.setattr(routes, "_follow", follow)


def _no_provides(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Views, "of", lambda _self, _provides: None)


def _typename_from_anyone(patch: pytest.MonkeyPatch) -> None:
    def cheapest(_self: Pricing, here: Reach, item: object) -> LeafOffer | None:
        state: State | None = min(here.states, key=lambda candidate: candidate.cost, default=None)
        return None if state is None else LeafOffer(state.cost, here.position, "", item, state)  # type: ignore[arg-type] # as given

    patch.setattr(Pricing, "_typename", cheapest)


def _no_internal_aliases(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Place, "internal_key", lambda _self, name, _arguments: name)


def _no_mismatch_aliases(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rendering, "find_aliases", lambda *_: Aliases())


def _no_joining(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Opening, "_joinable", lambda *_: None)


def _no_clash_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "clashes", lambda *_: False)


def _no_merging(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assembly, "merge_steps", lambda steps, *_: steps)
    patch.setattr(batching, "_levels", lambda steps: {step.id: step.id for step in steps})


def _no_batching(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batching, "_levels", lambda steps: {step.id: step.id for step in steps})


def _no_series(patch: pytest.MonkeyPatch) -> None:
    def together(branches: list[object]) -> list[Step]:
        steps = in_series(branches)  # type: ignore[arg-type] # passed on
        for step in steps:
            if step.kind == "root":
                step.after = step.ancestors = 0
        return steps

    patch.setattr(planner, "in_series", together)


def _no_closure(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LocalTypes, "entrances", lambda *_: ())


def _no_rank(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LocalTypes, "alternatives", lambda *_: 1)


def _no_wrapper_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TypeRef, "shape", property(lambda _self: "_"))


def _no_nearest_context(patch: pytest.MonkeyPatch) -> None:
    def topmost(supergraph: Supergraph, position: Position, context: str) -> Position | None:
        found = contexts.find_setter(supergraph, position, context)
        return None if found is None else topmost(supergraph, found, context) or found

    patch.setattr(pricing, "find_setter", topmost)


def _no_copies_for_contexts(patch: pytest.MonkeyPatch) -> None:
    def sharing(plan: QueryPlan) -> CompiledPlan:
        return replace(compile_plan(plan), shares=True)

    patch.setattr(kit_federation, "compile_plan", sharing)


def _no_doubt_about_setters(patch: pytest.MonkeyPatch) -> None:
    sets = contexts._sets

    def any_type(supergraph: Supergraph, name: str, names: frozenset[str]) -> bool:
        return any(sets(supergraph, possible, names) for possible in (name, *supergraph.possible_types(name)))

    patch.setattr(contexts, "_sets", any_type)


_SWITCHES: dict[str, Switch] = {
    "external": _no_external,
    "usedOverridden": _no_used_overridden,
    "override labels": _no_labels,
    "resolvable: false": _no_closed_keys,
    "join__field(type:)": _no_own_types,
    "R1, intersection of runtime types": _no_intersection,
    "R2, explosion from one option": _no_single_option,
    "implementers checked on interface edges": _no_implementer_check,
    "interface level before explosion": _no_interface_level,
    "provides": _no_provides,
    "no __typename from interface objects": _typename_from_anyone,
    "internal aliases": _no_internal_aliases,
    "aliases for types that differ": _no_mismatch_aliases,
    "wrappers count for aliases": _no_wrapper_check,
    "joining entity steps": _no_joining,
    "clashing requirements apart": _no_clash_check,
    "merging": _no_merging,
    "batching": _no_batching,
    "mutations in series": _no_series,
    "entity jumps": _no_closure,
    "fewest alternatives first": _no_rank,
    "the nearest object gives a context": _no_nearest_context,
    "nothing shared below contexts": _no_copies_for_contexts,
    "types that may or may not set a context": _no_doubt_about_setters,
}


@pytest.mark.parametrize("rule", _SWITCHES)
def test_without_the_rule_a_case_goes_wrong(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some case gives other data, other errors or other fetches, or its requests are invalid."""
    assert first_broken_case(_SWITCHES[rule], monkeypatch) is not None
