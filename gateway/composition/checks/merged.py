"""All rules for the merged schema, in the order in which their errors are told."""

from __future__ import annotations

from gateway.composition.checks.inaccessible import check_inaccessible
from gateway.composition.codes import Code
from gateway.composition.merge.access import check_transitive_access
from gateway.composition.merge.directives import MERGED_SPECIFICATIONS
from gateway.composition.merge.naming import applications
from gateway.composition.merge.state import Merge
from gateway.composition.wellformed import check_type_system

__all__ = ["check_merged"]


def check_merged(merge: Merge) -> None:
    """Report everything that is wrong with the merged schema as a schema."""
    query = merge.merged.types.get("Query")
    if query is None or not query.fields:
        merge.report.error(
            Code.NO_QUERIES, "No subgraph has a query: a supergraph needs at least one field on Query."
        )
    _check_directive_names(merge)
    check_transitive_access(merge)
    check_inaccessible(merge.merged, merge.report)
    if not merge.report.has_errors():
        check_type_system(merge.merged, merge.report)


def _check_directive_names(merge: Merge) -> None:
    """A subgraph's own directive must not have the name of a specification's that is in use."""
    used = {a.name for a in applications(merge.merged) if a.known} & set(MERGED_SPECIFICATIONS)
    for name in sorted(used & set(merge.merged.directives)):
        merge.report.error(
            Code.DIRECTIVE_COMPOSITION_ERROR,
            f'"@{name}" is a directive of its own in one subgraph and a specification\'s in another:'
            f" rename it.",
            (s.directives[name].location for s in merge.subgraphs if name in s.directives),
        )
