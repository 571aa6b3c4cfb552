"""Composition from end to end: read, upgrade, validate, merge, check, print."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLSyntaxError, parse

from gateway.composition.codes import Code
from gateway.composition.facts import gather_facts
from gateway.composition.merge.graph_names import graph_names
from gateway.composition.merge.merger import merge_subgraphs
from gateway.composition.reader import Subgraph, read_subgraph
from gateway.composition.result import CompositionResult, Location, Report, SubgraphInput
from gateway.composition.supergraph import print_supergraph

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
    if report.failed:
        return _refusal(report)
    facts = {subgraph.name: gather_facts(subgraph) for subgraph in read}
    merge = merge_subgraphs(read, facts, report)
    if report.failed:
        return _refusal(report)
    return CompositionResult(print_supergraph(merge.merged, read, {}), (), tuple(report.hints))


def _refusal(report: Report) -> CompositionResult:
    return CompositionResult(None, tuple(report.errors), tuple(report.hints))


def _read(inputs: Sequence[SubgraphInput], report: Report) -> list[Subgraph]:
    graphs = graph_names(item.name for item in inputs)
    read: list[Subgraph] = []
    for item in sorted(inputs, key=lambda item: item.name):
        try:
            document = parse(item.sdl)
        except GraphQLSyntaxError as error:
            places = [Location(item.name, place.line, place.column) for place in error.locations or ()]
            report.error(Code.INVALID_GRAPHQL, error.message, places)
            continue
        subgraph = read_subgraph(document, item.name, item.url, report)
        subgraph.graph = graphs[item.name]
        read.append(subgraph)
    return read
