"""Composition from end to end: read, upgrade, validate, merge, check, print."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.composition.api import print_api
from gateway.composition.checks.interfaces import check_merged_interfaces
from gateway.composition.checks.merged import check_merged
from gateway.composition.codes import Code
from gateway.composition.contract import TagNameProblem, apply_contract
from gateway.composition.definitions import check_definitions
from gateway.composition.document import parse_subgraph, validate_document
from gateway.composition.facts import gather_facts
from gateway.composition.link import read_links
from gateway.composition.merge.custom import custom_links
from gateway.composition.merge.graph_names import graph_names
from gateway.composition.merge.merger import merge_subgraphs
from gateway.composition.merge.naming import imported_names
from gateway.composition.reach.walk import check_satisfiability
from gateway.composition.reader import Subgraph, read_schema_directives, read_subgraph
from gateway.composition.result import CompositionResult, Location, Report, SubgraphInput
from gateway.composition.rules.subgraph import check_subgraph
from gateway.composition.supergraph import print_supergraph
from gateway.composition.upgrade import hint_upgrades, normalise_field_sets, upgrade_subgraphs
from gateway.composition.wellformed import check_type_system

__all__ = ["compose"]


def compose(
    subgraphs: Sequence[SubgraphInput],
    *,
    include_tags: Sequence[str] = (),
    exclude_tags: Sequence[str] = (),
) -> CompositionResult:
    """Compose subgraphs into a supergraph.

    The result is the same for any order of the inputs. Errors of one stage are reported together;
    a later stage runs only when the earlier ones found none.
    """
    report = Report()
    read = _read(subgraphs, report)
    if report.has_errors():
        return _refusal(report)
    upgrade_subgraphs(read, report)
    for subgraph in read:
        check_subgraph(subgraph, report)
    if report.has_errors():
        return _refusal(report)
    hint_upgrades(read, report)
    facts = {subgraph.name: gather_facts(subgraph) for subgraph in read}
    merge = merge_subgraphs(read, facts, report)
    check_merged_interfaces(merge)
    names = imported_names(read, report)
    if report.has_errors():
        return _refusal(report)
    try:
        apply_contract(merge.merged, include_tags, exclude_tags)
    except TagNameProblem as problem:
        report.error(Code.INVALID_GRAPHQL, str(problem))
    check_merged(merge)
    if report.has_errors():
        return _refusal(report)
    check_satisfiability(merge)
    if report.has_errors():
        return _refusal(report)
    api_sdl = print_api(merge.merged)
    sdl = print_supergraph(merge.merged, read, names, custom_links(merge))
    return CompositionResult(sdl, (), tuple(report.hints), api_sdl)


def _refusal(report: Report) -> CompositionResult:
    return CompositionResult(None, tuple(report.errors), tuple(report.hints))


def _read(inputs: Sequence[SubgraphInput], report: Report) -> list[Subgraph]:
    graphs = graph_names(item.name for item in inputs)
    if not inputs:
        report.error(Code.NO_QUERIES, "There is no subgraph to compose.")
    if len(graphs) < len(inputs):
        report.error(Code.INVALID_SUBGRAPH_NAME, "Two subgraphs have the same name: rename one of them.")
    read: list[Subgraph] = []
    for item in sorted(inputs, key=lambda item: item.name):
        if item.name in ("", "_"):
            report.error(
                Code.INVALID_SUBGRAPH_NAME,
                f'"{item.name}" cannot name a subgraph.',
                Location(item.name or "?"),
            )
            continue
        subgraph = _read_one(item, report)
        if subgraph is not None:
            subgraph.url, subgraph.graph = item.url, graphs[item.name]
            read.append(subgraph)
    return read


def _read_one(item: SubgraphInput, report: Report) -> Subgraph | None:
    """The subgraph; None when what was reported about it makes further rules meaningless."""
    own = Report()
    subgraph = None
    document = parse_subgraph(item.name, item.sdl, own)
    if document is not None:
        links = read_links(read_schema_directives(document, item.name), own)
        if not own.has_errors():
            check_definitions(item.name, document, links, own)
            validate_document(item.name, document, links, own)
            subgraph = read_subgraph(document, item.name, links, own)
            check_type_system(subgraph, own)
            normalise_field_sets(subgraph)
    report.errors += own.errors
    return None if own.has_errors() else subgraph
