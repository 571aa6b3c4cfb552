"""`@external` copies: they do not merge, but must look like the field that they stand for."""

from __future__ import annotations

from gateway.composition.codes import Code
from gateway.composition.merge.override import Copy
from gateway.composition.merge.state import Merge
from gateway.composition.merge.subtyping import is_subtype
from gateway.composition.model import Field, Missing

__all__ = ["check_externals"]


def check_externals(merge: Merge, coordinate: str, merged: Field, copies: list[Copy]) -> None:
    """Compare every external copy's type and arguments with the merged field's."""
    agreed = all(c.field.type == merged.type for c in copies if not c.external)
    for copy in copies:
        if not copy.external:
            continue
        name, field = copy.subgraph.name, copy.field
        # Where the resolving subgraphs differ themselves, the external copy may follow any of them.
        if field.type != merged.type and (agreed or not is_subtype(merge.merged, field.type, merged.type)):
            merge.report.error(
                Code.EXTERNAL_TYPE_MISMATCH,
                f'Type of field "{coordinate}" is incompatible across subgraphs (where marked'
                " @external): it has"
                f' type "{merged.type}" in the supergraph but "{field.type}" in "{name}".',
                field.location,
            )
        _check_arguments(merge, coordinate, merged, copy)


def _check_arguments(merge: Merge, coordinate: str, merged: Field, copy: Copy) -> None:
    name, field = copy.subgraph.name, copy.field
    for argument in merged.arguments.values():
        own = field.arguments.get(argument.name)
        label = f"{coordinate}({argument.name}:)"
        if own is None:
            merge.report.error(
                Code.EXTERNAL_ARGUMENT_MISSING,
                f'Field "{coordinate}" is missing argument "{label}" in "{name}" where it is marked'
                " @external:"
                " declare it there too.",
                field.location,
            )
        elif not is_subtype(merge.merged, argument.type, own.type):
            merge.report.error(
                Code.EXTERNAL_ARGUMENT_TYPE_MISMATCH,
                f'Type of argument "{label}" is incompatible where marked @external: it is'
                f' "{argument.type}" in'
                f' the supergraph but "{own.type}" in "{name}".',
                own.location,
            )
        elif _differs(argument.default, own.default):
            merge.report.error(
                Code.EXTERNAL_ARGUMENT_DEFAULT_MISMATCH,
                f'Argument "{label}" has another default value in "{name}", where it is marked @external.',
                own.location,
            )


def _differs(merged: object, own: object) -> bool:
    if isinstance(merged, Missing) or isinstance(own, Missing):
        return isinstance(merged, Missing) != isinstance(own, Missing)
    return merged != own
