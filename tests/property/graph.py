"""A world composed and served: the gateway's whole pipeline on one side, one server on the other."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import ExecutionResult, lexicographic_sort_schema, print_schema

from gateway.composition import SubgraphInput, compose
from gateway.engine import Engine, EngineRules
from gateway.execution.client import FetchRules, SubgraphClient
from gateway.execution.headers import HeaderRules
from gateway.operation.limits import OperationLimits
from gateway.operation.variables import VariableLimits
from gateway.pipeline import Pipeline
from gateway.plan import PlanBudget
from gateway.supergraph import load
from gateway.web.endpoint import Caller
from gateway.web.exposure import Exposure
from gateway.web.persisted import DocumentStore
from gateway.web.request import GraphQLRequest
from tests.property.model import World
from tests.property.operations import RandomOperation, draw_operation
from tests.property.sdl import subgraph_sdl
from tests.property.servers import SingleServer, SubgraphServers, Truth
from tests.property.world import FURTHER_SHARE, make_world

__all__ = ["OPERATIONS_A_WORLD", "Graph", "check", "make_graph", "run_world"]

OPERATIONS_A_WORLD = 20
Path = tuple[str | int, ...]
_CALLER = Caller(principal=None, headers={}, log={})  # type: ignore[arg-type]  # any mapping will do
_LIMITS = OperationLimits(max_depth=100, max_aliases=10_000, max_directives=10_000, max_selections=1_000_000)
#: On a busy machine no plan may fail for want of time.
_BUDGET = PlanBudget(seconds=30.0)


@dataclass
class Graph:
    """One world, composed and served."""

    world: World
    supergraph_sdl: str
    single: SingleServer
    servers: SubgraphServers
    pipeline: Pipeline


def make_graph(world: World, workers: Executor) -> Graph | None:
    """Compose and serve a world; None when keys do not connect its subgraphs (nothing else may be wrong)."""
    inputs = [
        SubgraphInput(each.name, f"http://{each.name}", subgraph_sdl(world, each)) for each in world.subgraphs
    ]
    composed = compose(inputs)
    if composed.supergraph_sdl is None:
        assert {str(error.code) for error in composed.errors} == {"SATISFIABILITY_ERROR"}, composed.errors
        return None
    supergraph = load(composed.supergraph_sdl)
    truth = Truth(world)
    single, servers = SingleServer(world, truth), SubgraphServers(world, truth)
    public = print_schema(lexicographic_sort_schema(supergraph.api_schema))
    assert public == print_schema(lexicographic_sort_schema(single.schema))
    clients = {
        each.name: SubgraphClient(each.name, f"http://{each.name}", servers, FetchRules(), HeaderRules())
        for each in world.subgraphs
    }
    rules = EngineRules(
        limits=_LIMITS, budget=_BUDGET, guarded=False, introspection=True, labels=world.labels
    )
    engine = Engine(supergraph, clients, rules, workers, Random(0))
    pipeline = Pipeline(engine, DocumentStore({}), VariableLimits(), Exposure(), 60.0)
    return Graph(world, composed.supergraph_sdl, single, servers, pipeline)


async def check(graph: Graph, operation: RandomOperation, where: str) -> None:
    """The gateway's answer equals the oracle's: data in the order of its keys, and errors by their paths."""
    expected = graph.single.execute(operation.document, operation.variables, None)
    graph.servers.faults.clear()
    graph.servers.mutations.clear()
    request = GraphQLRequest(operation.text, variables=operation.variables)
    answer = json.loads((await graph.pipeline.answer(request, _CALLER)).body)
    story = f"{where}\n{operation.text}\nvariables {json.dumps(operation.variables)}\n"
    assert not graph.servers.faults, story + "\n".join(graph.servers.faults)
    assert json.dumps(answer.get("data")) == json.dumps(expected.data), story + _difference(answer, expected)
    errors = answer.get("errors") or []
    assert bool(errors) == bool(expected.errors), story + _difference(answer, expected)
    told = [tuple(error.get("path") or ()) for error in errors]
    for error in expected.errors or ():
        place = tuple(error.path or ())
        assert _covered(place, _nulled(expected.data, place), told), story + _difference(answer, expected)
    if expected.data is not None:  # Otherwise a server may stop, or may not (specification, 6.2.2).
        assert graph.servers.mutations == graph.single.mutations, story


def _covered(path: Path, nulled: Path, told: Iterable[Path]) -> bool:
    """Does an error tell of this place, of one that it is in, or of why all of it is null?

    A server may stop at the first of several errors that null one object, and any of them may be the first.
    """
    return any(path[: len(other)] == other or other[: len(nulled)] == nulled for other in told)


def _nulled(data: Any, path: Path) -> Path:
    """How far down the path there is data: the place where the error's null came to rest."""
    for length, key in enumerate(path):
        if data is None:
            return path[:length]
        data = data[key]
    return path


def _difference(answer: dict[str, Any], expected: ExecutionResult) -> str:
    return f"gateway  {json.dumps(answer)}\nexpected {json.dumps(expected.formatted)}"


async def run_world(seed: int, workers: Executor, *, further: float = FURTHER_SHARE) -> int:
    """Compare a world's operations; the number compared. `further`: see `make_world`."""
    graph = make_graph(make_world(seed, further=further), workers)
    if graph is None:
        return 0
    random = Random(seed)
    for number in range(OPERATIONS_A_WORLD):
        operation = draw_operation(graph.single.schema, random)
        await check(graph, operation, f"seed {seed}, operation {number}")
    return OPERATIONS_A_WORLD
