"""What the planner promises beyond the conformance cases: refusals, bounds, purity."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, parse

from gateway.errors import ErrorCode, SupergraphProblem
from gateway.operation.normalise import NormalisedOperation, normalise
from gateway.plan import PlanBudget, PlanProblem, plan
from gateway.supergraph import Supergraph, load
from tests.kit.supergraphs import supergraph_sdl


def _operation(supergraph: Supergraph, query: str) -> NormalisedOperation:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return normalise(supergraph, document, operation, {})


def _wide(graphs: int, leaves: int) -> Supergraph:
    """One entity over many subgraphs with a few leaves in each."""
    names = [f"G{number}" for number in range(graphs)]
    keys = " ".join(f'@join__type(graph: {name}, key: "id")' for name in names)
    fields = " ".join(f"{name}_{n}: Int @join__field(graph: {name})" for name in names for n in range(leaves))
    return load(
        supergraph_sdl(
            f"type Query @join__type(graph: G0) {{ t: T }} type T {keys} {{ id: ID! {fields} }}",
            graphs=" ".join(names),
        )
    )


def test_an_operation_without_a_way_names_field_and_path() -> None:
    """The problem tells which field of which type, where in the response, and has its own code."""
    supergraph = load(
        supergraph_sdl(
            """
            type Query @join__type(graph: A) { me: C }
            type C @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", resolvable: false) { id: ID! score: Int @join__field(graph: B) }
            """
        )
    )
    with pytest.raises(PlanProblem) as caught:
        plan(supergraph, _operation(supergraph, "{ me { s: score } }"))
    assert caught.value.code is ErrorCode.QUERY_PLAN_NOT_FOUND
    assert caught.value.path == ("me", "s")
    assert "C.score" in caught.value.message
    assert "me.s" in caught.value.message


def test_subscriptions_are_refused() -> None:
    """A subscription is a valid operation that this gateway does not serve."""
    supergraph = load(
        supergraph_sdl(
            "type Query @join__type(graph: A) { a: Int } type Subscription @join__type(graph: A) { a: Int }",
            roots="query: Query subscription: Subscription",
        )
    )
    with pytest.raises(PlanProblem) as caught:
        plan(supergraph, _operation(supergraph, "subscription { a }"))
    assert caught.value.code is ErrorCode.UNSUPPORTED_OPERATION


def test_a_plan_depends_on_its_inputs_alone() -> None:
    """Planning twice gives equal plans: nothing is left over from the first time."""
    supergraph = _wide(5, 2)
    operation = _operation(supergraph, "{ t { G1_0 G2_1 G4_0 } }")
    assert plan(supergraph, operation) == plan(supergraph, operation)


def test_dependencies_come_first() -> None:
    """Fetches are sorted so that an executor may number them as they stand."""
    supergraph = _wide(4, 1)
    made = plan(supergraph, _operation(supergraph, "{ t { G3_0 G1_0 } }"))
    assert [fetch.id for fetch in made.fetches] == list(range(len(made.fetches)))
    assert all(other < fetch.id for fetch in made.fetches for other in fetch.depends_on)


def test_work_grows_no_faster_than_subgraphs_squared() -> None:
    """Twice the subgraphs and leaves cost at most about four times the states: no enumeration of plans."""

    def states(graphs: int) -> int:
        supergraph = _wide(graphs, 2)
        query = "{ t { " + " ".join(f"G{g}_{n}" for g in range(graphs) for n in range(2)) + " } }"
        budget = PlanBudget(seconds=60.0)
        return plan(supergraph, _operation(supergraph, query), budget=budget).statistics["states"]

    assert states(60) <= 5 * states(30)
    assert states(60) < PlanBudget().states / 10


def test_work_grows_with_the_depth_of_shared_fields() -> None:
    """A field that every subgraph resolves, nested deep, does not multiply the work (GHSA-fmj9-77q8-g6c4)."""
    names = [f"G{number}" for number in range(10)]
    keys = " ".join(f'@join__type(graph: {name}, key: "id")' for name in names)
    own = " ".join(f"{name}: Int @join__field(graph: {name})" for name in names)
    roots = " ".join(f"@join__type(graph: {name})" for name in names)
    supergraph = load(
        supergraph_sdl(
            f"type Query {roots} {{ t: T }} type T {keys} {{ id: ID! next: T {own} }}", graphs=" ".join(names)
        )
    )

    def states(depth: int) -> int:
        query = "{ t { " + " ".join(f"next {{ G{n % 10}" for n in range(depth)) + " }" * (depth + 1) + " }"
        return plan(supergraph, _operation(supergraph, query)).statistics["states"]

    assert states(28) <= 5 * states(14)


_CONTEXTS = """
    type Query @join__type(graph: A) {{ me: C rate: Rate }}
    type C @join__type(graph: A, key: "id") @context(name: "{setter}") {{ id: ID! city: String rate: Rate }}
    type Rate @join__type(graph: A, key: "id") {{
      id: ID!
      local: Int @join__field(graph: A, contextArguments: [
        {{ context: "a__here", name: "city", type: "String", selection: "{{ city }}" }}
      ])
      plain: Int
    }}
"""
_CONTEXT_LINK = '@link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)'


def test_a_field_with_a_contextual_argument_is_asked_by_an_entity_fetch() -> None:
    """Even where it is at hand, because the value is known only after the object above; other fields are not."""
    supergraph = load(supergraph_sdl(_CONTEXTS.format(setter="a__here"), links=_CONTEXT_LINK))
    assert supergraph.contexts == {"a__here": {"C"}}
    assert len(plan(supergraph, _operation(supergraph, "{ me { rate { plain } } }")).fetches) == 1
    first, second = plan(supergraph, _operation(supergraph, "{ me { rate { local plain } } }")).fetches
    assert first.operation == "{ me { rate { id plain } city } }"
    assert second.operation.startswith("query($representations: [_Any!]!, $context_0: String) ")
    assert "local(city: $context_0)" in second.operation


def test_a_field_whose_context_is_not_set_above_it_is_refused_clearly() -> None:
    """Rather no answer than one computed without the argument."""
    supergraph = load(supergraph_sdl(_CONTEXTS.format(setter="a__here"), links=_CONTEXT_LINK))
    with pytest.raises(PlanProblem, match=r"Rate\.local takes an argument from a context"):
        plan(supergraph, _operation(supergraph, "{ rate { local } }"))


def test_a_context_that_nobody_sets_is_refused_with_the_supergraph() -> None:
    """It is a supergraph that was composed wrongly, or cut."""
    with pytest.raises(SupergraphProblem, match="no type sets the context a__here"):
        load(supergraph_sdl(_CONTEXTS.format(setter="a__there"), links=_CONTEXT_LINK))
