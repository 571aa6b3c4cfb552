"""`@authenticated`, `@requiresScopes`, `@policy`: on what is resolved, never on interfaces.

An interface's requirements follow from its implementations (see `merge/access.py`); a requirement
written on the interface could be walked around through an implementation.
"""

from __future__ import annotations

from gateway.composition.codes import Code
from gateway.composition.model import Element, Kind
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report

__all__ = ["ACCESS_DIRECTIVES", "check_access"]

ACCESS_DIRECTIVES = ("authenticated", "requiresScopes", "policy")


def check_access(subgraph: Subgraph, report: Report) -> None:
    """Report access directives on interfaces, their fields, and interface objects."""
    for owner in subgraph.types.values():
        if owner.kind is Kind.INTERFACE:
            _refuse(owner, f'interface "{owner.name}"', report)
            for field in owner.fields.values():
                _refuse(field, f'interface field "{owner.name}.{field.name}"', report)
        elif owner.is_interface_object:
            _refuse(owner, f'interface object "{owner.name}"', report)


def _refuse(element: Element, title: str, report: Report) -> None:
    for name in ACCESS_DIRECTIVES:
        for applied in element.all(name):
            report.error(
                Code.AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE,
                f"@{name} cannot be on {title}: put it on the types that implement it; the interface takes"
                " their requirements.",
                applied.location,
            )
