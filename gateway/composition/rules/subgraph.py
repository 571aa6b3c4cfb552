"""All rules for one subgraph, in the order in which their errors are told."""

from __future__ import annotations

from gateway.composition.facts import gather_facts
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report
from gateway.composition.rules.access import check_access
from gateway.composition.rules.contexts import check_contexts
from gateway.composition.rules.costs import check_costs
from gateway.composition.rules.externals import check_externals
from gateway.composition.rules.field_sets import check_field_sets
from gateway.composition.rules.interfaces import check_interfaces
from gateway.composition.rules.overrides import check_overrides
from gateway.composition.rules.sharing import check_sharing_usage

__all__ = ["check_subgraph"]


def check_subgraph(subgraph: Subgraph, report: Report) -> None:
    """Report everything that is wrong with the (upgraded) subgraph whatever the others say."""
    facts = gather_facts(subgraph)
    check_field_sets(subgraph, facts, report)
    check_externals(subgraph, facts, report)
    check_sharing_usage(subgraph, report)
    check_overrides(subgraph, report)
    check_interfaces(subgraph, report)
    check_access(subgraph, report)
    check_costs(subgraph, report)
    check_contexts(subgraph, report)
