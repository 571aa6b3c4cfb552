"""Ablation beyond routing: what is sent, what is shown, and mutations, each with its rule switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gateway.execution import executor, representations
from gateway.execution.paths import JsonObject
from gateway.plan import opening, planner
from gateway.plan.pricing import Pricing
from gateway.plan.reaching import Reaching
from gateway.plan.session import Session
from gateway.response import collect
from gateway.response.shape import AbstractShape, AnyShape
from tests.conformance.ablation import Switch, first_broken_case


class _Lenient(dict[str, Any]):
    def __missing__(self, _key: str) -> None:
        return None


def _no_skipping(patch: pytest.MonkeyPatch) -> None:
    gather = representations._gather

    def all_of(key_of: Callable[[JsonObject], object], items: Iterable[JsonObject]) -> object:
        listed = list(items)
        found = gather(key_of, map(_Lenient, listed))
        return {key: [listed[0] for _ in bucket] for key, bucket in found.items()}

    patch.setattr(representations, "_gather", all_of)


def _no_filter_of_enums(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collect, "EnumShape", lambda _values: AnyShape())


def _no_filter_of_types(patch: pytest.MonkeyPatch) -> None:
    def any_type(by_type: dict[str, Any], unknown: Any) -> AbstractShape:
        names = {*by_type, "Bird", "Ghost"}  # The inaccessible types of the suite.
        first = next(iter(by_type.values()), unknown)
        return AbstractShape({name: by_type.get(name, first) for name in sorted(names)}, unknown)

    patch.setattr(collect, "AbstractShape", any_type)


def _split_mutations(patch: pytest.MonkeyPatch) -> None:
    def anywhere(types: Any, meter: Any, only: str | None = None) -> Session:
        return Session(types, meter)

    patch.setattr(planner, "Session", anywhere)


def _no_undoing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(executor, "undo_aliases", lambda *_: None)


def _no_requirements_of_requirements(patch: pytest.MonkeyPatch) -> None:
    requirement = Pricing.requirement

    def flat(self: Pricing, *given: Any) -> Any:
        return requirement(self, *given) if not self._guards else None

    patch.setattr(Pricing, "requirement", flat)


def _no_dependencies(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening.Opening, "_depend", lambda *_: None)


def _no_reentry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Reaching, "_reenter", lambda _self, reach, _best: reach)


_SWITCHES: dict[str, Switch] = {
    "entities that lack a key are left out": _no_skipping,
    "inaccessible enum values are nulled": _no_filter_of_enums,
    "inaccessible runtime types are nulled": _no_filter_of_types,
    "a mutation is whole in one subgraph": _split_mutations,
    "aliases for one subgraph are undone": _no_undoing,
    "requirements may have requirements": _no_requirements_of_requirements,
    "a fetch waits for what it needs": _no_dependencies,
    "a root type below a field is entered anew": _no_reentry,
}


@pytest.mark.parametrize("rule", _SWITCHES)
def test_without_the_rule_a_case_goes_wrong(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some case gives other data, other errors or other fetches, or its requests are invalid."""
    assert first_broken_case(_SWITCHES[rule], monkeypatch) is not None


def test_with_all_rules_no_case_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks above breaks because of the rule: with nothing switched off, every case holds."""
    assert first_broken_case(lambda _patch: None, monkeypatch) is None
