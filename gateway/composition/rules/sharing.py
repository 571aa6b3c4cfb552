"""`@shareable`: on fields of objects, once a declaration."""

from __future__ import annotations

from gateway.composition.codes import Code
from gateway.composition.model import Applied, Kind
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report

__all__ = ["check_sharing_usage"]


def check_sharing_usage(subgraph: Subgraph, report: Report) -> None:
    """Report @shareable on interface fields, and twice on the same field or declaration."""
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for applied in _repeated(owner.all("shareable")):
            report.error(
                Code.INVALID_SHAREABLE_USAGE,
                f'@shareable is twice on the same declaration of "{owner.name}": remove one.',
                applied.location,
            )
        for field in owner.fields.values():
            written = [a for a in field.all("shareable") if not a.inherited]
            if owner.kind is Kind.INTERFACE and written:
                report.error(
                    Code.INVALID_SHAREABLE_USAGE,
                    f'@shareable cannot be on "{owner.name}.{field.name}": only fields of objects are'
                    " resolved.",
                    written[0].location,
                )
            elif len(written) > 1:
                report.error(
                    Code.INVALID_SHAREABLE_USAGE,
                    f'@shareable is twice on field "{owner.name}.{field.name}": remove one.',
                    written[1].location,
                )


def _repeated(applications: list[Applied]) -> list[Applied]:
    """Applications that follow another one of the same declaration."""
    seen: set[int] = set()
    repeated = []
    for applied in applications:
        if applied.block in seen:
            repeated.append(applied)
        seen.add(applied.block)
    return repeated
