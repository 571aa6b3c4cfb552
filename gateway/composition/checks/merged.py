"""All rules for the merged schema, in the order in which their errors are told."""

from __future__ import annotations

from gateway.composition.checks.inaccessible import check_inaccessible
from gateway.composition.codes import Code
from gateway.composition.merge.access import check_transitive_access
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
    check_transitive_access(merge)
    check_inaccessible(merge.merged, merge.report)
    if not merge.report.has_errors():
        check_type_system(merge.merged, merge.report)
