"""`@override` within one subgraph: where it may stand, and what labels look like."""

from __future__ import annotations

import re

from gateway.composition.codes import Code
from gateway.composition.model import Kind
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report

__all__ = ["check_overrides"]

_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_\-:./]*\Z")
_PERCENT = re.compile(r"percent\((\d{1,2}(\.\d{1,8})?|100)\)\Z")


def check_overrides(subgraph: Subgraph, report: Report) -> None:
    """Report overrides on interfaces, interface objects and external fields, and unusable labels."""
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for field in owner.fields.values():
            applied = field.first("override")
            if applied is None:
                continue
            coordinate = f"{owner.name}.{field.name}"
            if owner.kind is Kind.INTERFACE:
                report.error(
                    Code.OVERRIDE_ON_INTERFACE,
                    f'@override cannot be on "{coordinate}": only the fields of objects are resolved.',
                    applied.location,
                )
            elif owner.is_interface_object:
                report.error(
                    Code.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
                    f'@override cannot be on "{coordinate}", a field of an @interfaceObject.',
                    applied.location,
                )
            if field.has("external"):
                report.error(
                    Code.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
                    f'@override cannot be on "{coordinate}", which is marked @external: to take the'
                    " field over,"
                    " the subgraph must resolve it.",
                    applied.location,
                )
            label = applied.arguments.get("label")
            if isinstance(label, str) and not (_LABEL.match(label) or _PERCENT.match(label)):
                report.error(
                    Code.OVERRIDE_LABEL_INVALID,
                    f'Invalid @override label "{label}" on "{coordinate}": use a name of letters, digits and'
                    ' "_-:./" that begins with a letter, or "percent(x)" with x from 0 to 100.',
                    applied.location,
                )
