"""How planning time grows with subgraphs, depth, width, key hops and conditions; what a cached plan costs.

Run: python -m bench.planning

Prints Markdown. Times are processor time of one thread, medians of several runs; the supergraph's tables are
warm, as they are after its first operations, unless a row says otherwise. Nothing is asked of a network.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, thread_time

import graphql
import psutil

from gateway.composition import SubgraphInput, compose
from gateway.engine import Engine, EngineRules
from gateway.operation.documents import read_document
from gateway.operation.limits import OperationLimits
from gateway.operation.normalise import normalise
from gateway.operation.operation import Operation, operation_of
from gateway.plan import PlanBudget, plan
from gateway.plan.nodes import QueryPlan
from gateway.supergraph import Supergraph, load

_DEMO = Path(__file__).parent / "gateway" / "subgraphs"
_LIMITS = OperationLimits(max_tokens=100_000, max_depth=200)
_BUDGET = PlanBudget(seconds=60, fetches=1_000, states=100_000_000)

_TYPICAL = """
query($first: Int) {
  topProducts(first: $first) {
    upc name price inStock shippingEstimate
    reviews { id body author { id username name } product { name weight } }
  }
  users { id name reviews { body product { name inStock } } }
}
"""


def main() -> None:
    """Measure everything and print it."""
    print(f"{_machine()}\n")
    print("| what grows | size | fetches | ms |\n|---|---|---|---|")
    for name, size, figure in _curves():
        print(f"| {name} | {size} | {figure[0]} | {figure[1]:.2f} |")
    print("\n| goal | limit | measured |\n|---|---|---|")
    for row in _goals():
        print(f"| {' | '.join(row)} |")


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Measured on {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB,"
        f" {platform.system()}, {platform.python_implementation()} {platform.python_version()},"
        f" graphql-core {graphql.__version__}."
    )


Figure = tuple[int, float]


def _curves() -> Iterator[tuple[str, int, Figure]]:
    for size in (10, 20, 40, 60, 80, 100):
        yield "subgraphs of one entity, 120 leaves", size, _measure(*_many_subgraphs(size, 120))
    for size in (10, 30, 100, 300, 1_000):
        yield "leaves of one entity in 4 subgraphs", size, _measure(*_many_subgraphs(4, size))
    for size in (5, 10, 20, 40):
        yield "levels of entities, each in another subgraph than the one above", size, _measure(*_deep(size))
    for size in (1, 3, 7, 11, 15):
        yield "hops from key to key", size, _measure(*_chain(size))
    for size in (0, 2, 5, 10):
        yield "conditions with variables, all true", size, _measure(*_conditional(size))


def _many_subgraphs(subgraphs: int, leaves: int) -> tuple[Supergraph, str]:
    graphs = [f"G{index}" for index in range(subgraphs)]
    joins = " ".join(f'@join__type(graph: {graph}, key: "id")' for graph in graphs)
    fields = " ".join(f"f{n}: Int @join__field(graph: {graphs[n % subgraphs]})" for n in range(leaves))
    query = f"type Query @join__type(graph: G0) {{ item: Item }} type Item {joins} {{ id: ID! {fields} }}"
    selected = " ".join(f"f{n}" for n in range(leaves))
    return _supergraph(query, graphs), f"{{ item {{ {selected} }} }}"


def _deep(levels: int) -> tuple[Supergraph, str]:
    graphs = [f"G{index}" for index in range(5)]
    joins = " ".join(f'@join__type(graph: {graph}, key: "id")' for graph in graphs)
    types = "".join(
        f"type T{n} {joins} {{ id: ID! v: Int @join__field(graph: {graphs[n % 5]})"
        f" next: T{(n + 1) % 5} @join__field(graph: {graphs[(n + 1) % 5]}) }} "
        for n in range(5)
    )
    query = f"type Query @join__type(graph: G0) {{ top: T0 }} {types}"
    return _supergraph(query, graphs), f"{{ top {{ v {'next { v ' * levels}{'}' * levels} }} }}"


def _chain(hops: int) -> tuple[Supergraph, str]:
    """Subgraph n has the keys n and n + 1, so the last one is reached through all the others."""
    graphs = [f"G{index}" for index in range(hops + 1)]
    joins = " ".join(
        f'@join__type(graph: {graph}, key: "k{n}") @join__type(graph: {graph}, key: "k{n + 1}")'
        for n, graph in enumerate(graphs)
    )
    keys = " ".join(
        f"k{n}: ID! {' '.join(f'@join__field(graph: {graph})' for graph in graphs[max(0, n - 1) : n + 1])}"
        for n in range(hops + 2)
    )
    last = f"last: Int @join__field(graph: {graphs[-1]})"
    query = f"type Query @join__type(graph: G0) {{ item: Item }} type Item {joins} {{ {keys} {last} }}"
    return _supergraph(query, graphs), "{ item { last } }"


def _conditional(conditions: int) -> tuple[Supergraph, str]:
    """A field under each condition, over four subgraphs."""
    supergraph, _ = _many_subgraphs(4, 20)
    names = [f"$c{n}: Boolean = true" for n in range(conditions)]
    fields = " ".join(f"f{n} @include(if: $c{n})" if n < conditions else f"f{n}" for n in range(20))
    declared = f"({', '.join(names)})" if names else ""
    return supergraph, f"query{declared} {{ item {{ {fields} }} }}"


def _supergraph(types: str, graphs: list[str]) -> Supergraph:
    values = " ".join(
        f'{g} @join__graph(name: "{g.lower()}", url: "http://{g.lower()}.test")' for g in graphs
    )
    links = (
        '@link(url: "https://specs.apollo.dev/link/v1.0")'
        ' @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)'
    )
    return load(f"schema {links} {{ query: Query }} enum join__Graph {{ {values} }} {types}")


def _operation(supergraph: Supergraph, query: str) -> Operation:
    document = read_document(supergraph.api_schema, query, _LIMITS, suggestions=False)
    return operation_of(supergraph, document, None, guarded=False)


def _plan(supergraph: Supergraph, operation: Operation, conditions: Mapping[str, bool]) -> QueryPlan:
    normalised = normalise(supergraph, operation.document.node, operation.node, conditions)
    return plan(supergraph, normalised, budget=_BUDGET)


def _measure(supergraph: Supergraph, query: str, seconds: float = 1.0) -> Figure:
    """Fetches, and the median of normalising and planning in milliseconds, over so many seconds at most."""
    operation = _operation(supergraph, query)
    conditions = dict.fromkeys(operation.condition_names, True)
    made = _plan(supergraph, operation, conditions)
    return len(made.fetches), 1000 * _median(lambda: _plan(supergraph, operation, conditions), seconds)


def _median(work: Callable[[], object], seconds: float) -> float:
    """The median of thread times over at least 5 and at most 500 runs."""
    times: list[float] = []
    end = perf_counter() + seconds
    while len(times) < 5 or (perf_counter() < end and len(times) < 500):
        start = thread_time()
        work()
        times.append(thread_time() - start)
    return median(times)


def _goals() -> Iterator[tuple[str, str, str]]:
    demo = _demo()
    fetches, typical = _measure(demo, _TYPICAL)
    yield (
        f"typical operation (24 fields, 4 subgraphs, {fetches} fetches), not cached, median",
        "1 ms",
        f"{typical:.2f} ms",
    )
    yield "the same, as the first operation after loading", "", f"{_first(demo.sdl):.2f} ms"
    yield "60 subgraphs × 120 leaves", "100 ms", f"{_measure(*_many_subgraphs(60, 120))[1]:.1f} ms"
    variants, slowest = _variants(10)
    yield f"10 conditions: slowest of all {variants} plans", "", f"{slowest:.2f} ms"
    whole, lookup = asyncio.run(_lookups(demo))
    yield "known operation → its plan", "5 µs", f"{lookup:.2f} µs"
    yield "text of a known document → operation → its plan", "", f"{whole:.2f} µs"


def _demo() -> Supergraph:
    inputs = [
        SubgraphInput(path.stem, f"http://{path.stem}.test", path.read_text(encoding="utf-8"))
        for path in sorted(_DEMO.glob("*.graphql"))
    ]
    sdl = compose(inputs).supergraph_sdl
    if sdl is None:
        raise RuntimeError("the demo does not compose")
    return load(sdl)


def _first(sdl: str) -> float:
    """Milliseconds of planning with a supergraph that was just loaded; median over loads."""
    times = []
    for _ in range(15):
        supergraph = load(sdl)
        operation = _operation(supergraph, _TYPICAL)
        start = thread_time()
        _plan(supergraph, operation, {})
        times.append(thread_time() - start)
    return 1000 * median(times)


def _variants(conditions: int) -> tuple[int, float]:
    """How many plans there are for so many conditions, and the milliseconds of the slowest one."""
    supergraph, query = _conditional(conditions)
    operation = _operation(supergraph, query)
    slowest = 0.0
    choices = list(product((False, True), repeat=conditions))
    for values in choices:
        given = dict(zip(operation.condition_names, values, strict=True))
        again = partial(_plan, supergraph, operation, given)
        slowest = max(slowest, min(_timed(again) for _ in range(3)))
    return len(choices), 1000 * slowest


def _timed(work: Callable[[], object]) -> float:
    start = thread_time()
    work()
    return thread_time() - start


async def _lookups(supergraph: Supergraph) -> tuple[float, float]:
    """Microseconds from a known text to its plan, and from a known operation."""
    with ThreadPoolExecutor(1) as workers:
        engine = Engine(supergraph, {}, EngineRules(), workers, Random(0))
        operation = await engine.operation(_TYPICAL, None)

        async def whole() -> None:
            await engine.prepare(await engine.operation(_TYPICAL, None), {}, None)

        async def lookup() -> None:
            await engine.prepare(operation, {}, None)

        return await _each(whole), await _each(lookup)


async def _each(work: Callable[[], Awaitable[None]]) -> float:
    """Microseconds a call; median over batches of 1,000, the coroutine that makes it included."""
    times = []
    for _ in range(50):
        start = thread_time()
        for _ in range(1_000):
            await work()
        times.append(thread_time() - start)
    return 1000 * median(times)


if __name__ == "__main__":
    main()
