"""`@override`: moving a field from one subgraph to another, at once or by label."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from gateway.composition.codes import Code, HintCode
from gateway.composition.merge.state import Merge
from gateway.composition.model import Field
from gateway.composition.reader import Subgraph

__all__ = ["Copy", "apply_overrides"]


@dataclass(slots=True)
class Copy:
    """One subgraph's version of the field being merged."""

    subgraph: Subgraph
    owner: str
    field: Field
    external: bool
    overridden: bool = False
    used_overridden: bool = False
    label: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the subgraph's resolver will never be called, and nothing else there needs the field."""
        return self.overridden and self.label is None and not self.used_overridden

    @property
    def resolves(self) -> bool:
        """Whether the subgraph resolves the field by itself, at least sometimes."""
        return not self.external and not (self.overridden and self.label is None)


def apply_overrides(merge: Merge, coordinate: str, copies: list[Copy]) -> None:
    """Mark the copies that another one overrides; report overrides that make no sense."""
    by_name = {copy.subgraph.name: copy for copy in copies}
    for copy in copies:
        directive = copy.field.first("override")
        if directive is None:
            continue
        source_name = directive.text("from")
        if source_name == copy.subgraph.name:
            merge.report.error(
                Code.OVERRIDE_FROM_SELF_ERROR,
                f'Source and destination subgraphs "{source_name}" are the same for overridden field'
                f' "{coordinate}".',
                directive.location,
            )
        elif not any(s.name == source_name for s in merge.subgraphs):
            _hint_unknown(merge, coordinate, copy, source_name)
        elif source_name not in by_name:
            merge.report.hint(
                HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                f'Field "{coordinate}" no longer exists in source subgraph "{source_name}": the @override'
                " directive can be removed.",
                directive.location,
            )
        else:
            _override(merge, coordinate, copy, by_name[source_name])


def _hint_unknown(merge: Merge, coordinate: str, copy: Copy, source_name: str) -> None:
    near = difflib.get_close_matches(
        source_name, [s.name for s in merge.subgraphs if s is not copy.subgraph], 1
    )
    advice = f' Did you mean "{near[0]}"?' if near else ""
    merge.report.hint(
        HintCode.FROM_SUBGRAPH_DOES_NOT_EXIST,
        f'Source subgraph "{source_name}" for field "{coordinate}" on subgraph "{copy.subgraph.name}" does'
        f" not exist.{advice}",
        copy.field.location,
    )


def _override(merge: Merge, coordinate: str, target: Copy, source: Copy) -> None:
    directive = target.field.first("override")
    assert directive is not None
    if source.field.has("override"):
        merge.report.error(
            Code.OVERRIDE_SOURCE_HAS_OVERRIDE,
            f'Field "{coordinate}" on subgraph "{target.subgraph.name}" is also marked with @override in'
            f' subgraph "{source.subgraph.name}": only one may override the other.',
            directive.location,
            source.field.location,
        )
        return
    for name in ("requires", "provides"):
        if source.field.has(name):
            merge.report.error(
                Code.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
                f'@override cannot be used on field "{coordinate}" on subgraph "{target.subgraph.name}" since'
                f' "{coordinate}" on "{source.subgraph.name}" is marked with directive "@{name}".',
                directive.location,
                source.field.location,
            )
            return
    if source.external:
        merge.report.hint(
            HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
            f'Field "{coordinate}" on subgraph "{target.subgraph.name}" is not resolved anymore by the from'
            f' subgraph (it is marked "@external" in "{source.subgraph.name}"): the @override directive'
            " can be"
            " removed.",
            directive.location,
        )
        return
    source.overridden = True
    label = directive.text("label")
    used = (source.owner, source.field.name) in merge.facts[source.subgraph.name].used
    source.used_overridden = used
    merge.moved[(source.subgraph.name, source.owner, source.field.name)] = label or None
    if label:
        merge.taken[(target.subgraph.name, target.owner, target.field.name)] = label
        source.label = target.label = label
        merge.report.hint(
            HintCode.OVERRIDE_MIGRATION_IN_PROGRESS,
            f'Field "{coordinate}" is currently being migrated from "{source.subgraph.name}" to'
            f' "{target.subgraph.name}" by label "{label}": once done, drop the label and the old field.',
            directive.location,
        )
        return
    still = "is still needed there by a key, @requires, @provides or interface" if used else "can be removed"
    merge.report.hint(
        HintCode.OVERRIDDEN_FIELD_CAN_BE_REMOVED,
        f'Field "{coordinate}" on subgraph "{source.subgraph.name}" is overridden by'
        f' "{target.subgraph.name}": it {still}.',
        source.field.location,
    )
