"""What a caller must have to see an element: the three access directives as one comparable value."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.composition.merge.directives import Alternatives, alternatives, conjunction
from gateway.composition.merge.state import NOWHERE
from gateway.composition.model import Applied, Element

__all__ = ["NOTHING", "Demand", "demand_of", "set_demand"]

_FREE: Alternatives = ((),)


@dataclass(frozen=True, slots=True)
class Demand:
    """Authentication, and scopes and policies as "any of all of"; `((),)` asks for nothing."""

    authenticated: bool = False
    scopes: Alternatives = _FREE
    policies: Alternatives = _FREE

    def __and__(self, other: Demand) -> Demand:
        """Both demands at once."""
        if other == NOTHING:
            return self
        return Demand(
            self.authenticated or other.authenticated,
            conjunction([self.scopes, other.scopes]),
            conjunction([self.policies, other.policies]),
        )

    def implies(self, other: Demand) -> bool:
        """Whether everybody who meets this demand meets the other one."""
        return (
            (self.authenticated or not other.authenticated)
            and _implies(self.scopes, other.scopes)
            and _implies(self.policies, other.policies)
        )


NOTHING = Demand()


def _implies(strict: Alternatives, lax: Alternatives) -> bool:
    return all(any(set(b) <= set(a) for b in lax) for a in strict)


def demand_of(element: Element) -> Demand:
    """Read the element's access directives."""
    scopes, policies = element.first("requiresScopes"), element.first("policy")
    return Demand(
        element.has("authenticated"),
        alternatives(scopes.arguments.get("scopes")) if scopes else _FREE,
        alternatives(policies.arguments.get("policies")) if policies else _FREE,
    )


def set_demand(element: Element, demand: Demand) -> None:
    """Replace the element's access directives."""
    for name in ("authenticated", "requiresScopes", "policy"):
        element.drop(name)
    if demand.authenticated:
        element.directives.append(Applied("authenticated", {}, NOWHERE, known=True))
    if demand.scopes != _FREE:
        element.directives.append(Applied("requiresScopes", {"scopes": demand.scopes}, NOWHERE, known=True))
    if demand.policies != _FREE:
        element.directives.append(Applied("policy", {"policies": demand.policies}, NOWHERE, known=True))
