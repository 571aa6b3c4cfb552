"""What a PromQL expression asks for, and what the processes have to tell."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import promql_parser
from prometheus_client import REGISTRY

__all__ = ["MODULES", "OURS", "Asked", "asked", "exported", "families"]

#: Where our metrics are made; a module that is not here would leave its metrics unknown.
MODULES = (
    "kernel.asgi",
    "gateway.engine",
    "gateway.execution.client",
    "router.metrics",
    "subgraphs.customer.publishing.metrics",
    "subgraphs.customer.store.engine",
    "subgraphs.rating.inbox",
)
#: How the names of our metrics begin; the others are the client library's own.
OURS = ("http_", "gateway_", "router_", "outbox_", "relay_", "customer_", "rating_", "activity_")
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
#: Put on every series by Prometheus.
_TARGET = frozenset({"job", "instance"})
#: What no process of ours tells: Prometheus itself, and the collector (connector span_metrics).
_SPAN = frozenset({"service_name", "span_name", "span_kind", "status_code"})
_FOREIGN: Mapping[str, frozenset[str]] = {
    "up": frozenset(),
    "traces_span_metrics_calls_total": _SPAN,
    "traces_span_metrics_duration_milliseconds_bucket": _SPAN | {"le"},
}


@dataclass
class Asked:
    """Metrics of an expression with the labels that are matched, labels grouped by, (label, value) wanted."""

    matched: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    grouped: set[str] = field(default_factory=set)
    values: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The metrics."""
        return {name for name, _ in self.matched}


def asked(expression: str) -> Asked:
    """Read an expression, as Prometheus or the dashboard has it; raises ValueError when it is none."""
    found = Asked()

    def visit(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            matchers = node.matchers.matchers
            found.matched.append((str(node.name), frozenset(each.name for each in matchers)))
            found.values += [(each.name, each.value) for each in matchers if str(each.op).endswith("Equal")]
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            found.grouped.update(node.modifier.labels)
        return True

    promql_parser.walk(promql_parser.parse(expression.replace("$__rate_interval", "5m")), visit)
    return found


@cache
def families() -> dict[str, tuple[str, frozenset[str]]]:
    """Our metrics by their name in the code: type and labels."""
    for module in MODULES:
        importlib.import_module(module)
    return {
        family.name: (family.type, frozenset(labels))
        for family, labels in _families()
        if family.name.startswith(OURS)
    }


@cache
def exported() -> dict[str, frozenset[str]]:
    """Every series by its name in /metrics: the labels that it has when Prometheus has read it."""
    families()
    names: dict[str, frozenset[str]] = {name: labels | _TARGET for name, labels in _FOREIGN.items()}
    for family, labels in _families():
        for suffix in _SUFFIXES.get(family.type, ()):
            extra = {"le"} if suffix == "_bucket" else set()
            names[family.name + suffix] = frozenset(labels) | _TARGET | extra
    return names


def _families() -> Iterator[tuple[Any, tuple[str, ...]]]:
    for family in REGISTRY.collect():
        collector: Any = REGISTRY._names_to_collectors.get(family.name)
        yield family, tuple(getattr(collector, "_labelnames", ()))
