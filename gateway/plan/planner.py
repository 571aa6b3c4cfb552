"""The position/state planner: normalised operation × supergraph → query plan. Pure.

Theory of operation. There is no query graph and no enumeration of plans. Each leaf of the operation
is attached by the cheapest way there is, given what is planned already, and leaves with the fewest
ways come first (`tasks`). A way is found over *positions* (where in the response) and *states* (how to
stand there inside a subgraph; `reaching`, `pricing`, `routes`, `options`), and taken by `opening`,
which grows steps: requests with selection trees, representations and dependencies. What comes out
is a DAG already; `merging` and `batching` unite steps that can share a request, and `assembly` prints
them. Nothing is repaired afterwards.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from gateway.errors import ErrorCode
from gateway.operation.normalise import NormalisedOperation
from gateway.operation.selection import SelectionSet
from gateway.plan.assembly import assemble
from gateway.plan.budget import DEFAULT_BUDGET, Meter, PlanBudget
from gateway.plan.local import LocalTypes
from gateway.plan.mutations import Branch, in_series
from gateway.plan.nodes import QueryPlan
from gateway.plan.positions import Place, Position
from gateway.plan.problems import PlanProblem
from gateway.plan.routes import Task, find_route
from gateway.plan.session import Session
from gateway.plan.tasks import read_tasks
from gateway.plan.trees import Step
from gateway.supergraph.model import Supergraph

__all__ = ["plan"]

#: Label sets whose look-up tables are kept per supergraph. Labels that are drawn per request
#: (`percent(x)`) make few sets; beyond that the oldest go.
_KEPT_LABEL_SETS = 64

_local_types: WeakKeyDictionary[Supergraph, dict[frozenset[str], LocalTypes]] = WeakKeyDictionary()


def plan(
    supergraph: Supergraph,
    normalised: NormalisedOperation,
    labels: frozenset[str] = frozenset(),
    budget: PlanBudget = DEFAULT_BUDGET,
) -> QueryPlan:
    """Plan an operation; `labels` are the active labels of progressive overrides.

    Raises `PlanProblem`: QUERY_PLAN_NOT_FOUND when some field cannot be resolved (its `Type.field` and
    response path are in the message), QUERY_PLAN_TOO_COMPLEX when the budget is used up,
    UNSUPPORTED_OPERATION for subscriptions.
    """
    if normalised.kind == "subscription":
        raise PlanProblem.unsupported("Subscriptions are not supported.")
    types = _types_for(supergraph, labels & supergraph.override_labels)
    meter = Meter(budget)
    if normalised.kind == "mutation":
        steps = in_series(_mutation_branches(types, meter, normalised.selection))
    else:
        steps = _plan_selection(Session(types, meter), normalised.selection)
    return assemble(types, normalised, steps, meter)


def _types_for(supergraph: Supergraph, labels: frozenset[str]) -> LocalTypes:
    known = _local_types.setdefault(supergraph, {})
    found = known.get(labels)
    if found is None:
        if len(known) >= _KEPT_LABEL_SETS:
            del known[next(iter(known))]
        found = known[labels] = LocalTypes(supergraph, labels)
    return found


def _plan_selection(session: Session, selection: SelectionSet) -> list[Step]:
    root = Position(Place(), selection.type)
    for task in read_tasks(session, root, selection):
        offer = find_route(session, root, task)
        if offer is None:
            raise _not_found(session, task)
        session.opening.take(offer)
    return session.steps


def _mutation_branches(types: LocalTypes, meter: Meter, selection: SelectionSet) -> list[Branch]:
    """Every root field on its own, from one subgraph as a whole: a mutation must run only once."""
    branches = []
    for scope, item in selection.fields():
        if item.name.startswith("__"):
            continue
        single = SelectionSet(selection.type, {scope: {item.key: item}})
        best: list[Step] | None = None
        problem: PlanProblem | None = None
        for graph in sorted(types.supergraph.types[selection.type].graphs):
            if types.get(graph, selection.type).edge(item.name, None) is None:
                continue
            try:
                steps = _plan_selection(Session(types, meter, only=graph), single)
            except PlanProblem as failed:
                if failed.code is not ErrorCode.QUERY_PLAN_NOT_FOUND:
                    raise
                problem = problem or failed
                continue
            if best is None or len(steps) < len(best):
                best = steps
        if best is None:
            raise problem or PlanProblem.not_found(f"{selection.type}.{item.name}", (item.key,))
        branches.append(Branch(best))
    return branches


def _not_found(session: Session, task: Task) -> PlanProblem:
    item = task.links[-1].item
    keys = [link.item.key for link in task.links]
    reason = ""
    for link in task.links:
        table = session.types.supergraph.types[link.item.parent]
        known = table.fields.get(link.item.name)
        if known is not None and any(joined.context_arguments for joined in known.graphs.values()):
            reason = (
                f"{table.name}.{known.name} takes an argument from a context: is it set on the way there?"
            )
    return PlanProblem.not_found(f"{item.parent}.{item.name}", keys, reason)
