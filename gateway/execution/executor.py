"""Running a plan: each fetch starts when those it depends on have ended, not when a wave has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from gateway.errors import ErrorCode
from gateway.execution.answer import SubgraphAnswer, SubgraphError, failure
from gateway.execution.client import Fetch, SubgraphClient
from gateway.execution.compiled import MAX_REPEATED_CALLS, CompiledFetch, CompiledPlan
from gateway.execution.errors import ExecutionError, entity_errors, root_errors
from gateway.execution.merge import copy_object, has_structure, merge_object
from gateway.execution.paths import Json, JsonObject, find_objects
from gateway.execution.representations import Batch
from gateway.execution.undo import undo_aliases
from gateway.execution.walks import Walks
from gateway.plan.nodes import FetchNode
from kernel.telemetry import trace_headers
from kernel.tracing import span

__all__ = ["Call", "Outcome", "execute"]

#: Position of a call in its fetch, values of its contexts, and its representations.
_DueCall = tuple[int, Sequence[bytes], Batch]
_NO_CONTEXTS: Mapping[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, with which values, and until when."""

    #: The client's variables, each encoded once.
    variables: Mapping[str, bytes]
    #: The client's headers, lower-case.
    headers: Mapping[str, str]
    #: Monotonic time at which fetches must have ended.
    ends_at: float


@dataclass(slots=True)
class Outcome:
    """The merged data, and what went wrong on the way."""

    data: JsonObject = field(default_factory=dict)
    errors: list[ExecutionError] = field(default_factory=list)
    #: Names of the subgraphs asked, one per request sent.
    asked: list[str] = field(default_factory=list)


async def execute(plan: CompiledPlan, clients: Mapping[str, SubgraphClient], call: Call) -> Outcome:
    """Run the plan. Raises nothing but cancellation, which ends all of its fetches too."""
    run = _Run(plan, clients, call)
    if len(plan.fetches) == 1:
        await run.fetch(0)  # The commonest plan needs no task.
    elif plan.fetches:
        async with asyncio.TaskGroup() as tasks:
            run.start(plan.first, tasks)
    return run.outcome


class _Run:
    def __init__(self, plan: CompiledPlan, clients: Mapping[str, SubgraphClient], call: Call) -> None:
        self.outcome = Outcome()
        self._plan = plan
        self._clients = clients
        self._call = call
        self._walks = Walks(plan.places, self.outcome.data)
        self._waiting_for = [fetch.dependencies for fetch in plan.fetches]
        #: After a mutation of unknown outcome nothing more is written.
        self._halted = False

    def start(self, positions: tuple[int, ...], tasks: asyncio.TaskGroup) -> None:
        """Start fetches whose dependencies have ended."""
        for position in positions:
            tasks.create_task(self._fetch_then_dependants(position, tasks), name=f"fetch-{position}")

    async def _fetch_then_dependants(self, position: int, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self.fetch(position)
            ready = self._release(position)
            if not ready:
                return
            # One dependant goes on in this task: a chain of fetches costs one task, not one each.
            position = ready[0]
            self.start(ready[1:], tasks)

    def _release(self, position: int) -> tuple[int, ...]:
        ready = []
        for dependant in self._plan.fetches[position].dependants:
            self._waiting_for[dependant] -= 1
            if self._waiting_for[dependant] == 0:
                ready.append(dependant)
        return tuple(ready)

    async def fetch(self, position: int) -> None:
        """Do one fetch and merge its answer."""
        fetch = self._plan.fetches[position]
        node = fetch.node
        if node.kind == "mutation" and self._halted:
            self._take_root(node, failure(ErrorCode.GATEWAY_TIMEOUT, _NOT_RUN, node.subgraph))
        elif node.repeated is not None:
            await self._fetch_by_contexts(fetch)
        elif fetch.calls:
            await self._fetch_entities(fetch)
        elif not node.path or find_objects(self.outcome.data, node.path):
            answer = await self._ask(fetch, {})
            self._halted |= answer.outcome_unknown
            self._take_root(node, answer)

    async def _fetch_entities(self, fetch: CompiledFetch) -> None:
        batches = {call.key: recipe.collect(self._walks) for call, recipe in fetch.calls}
        if not any(batch.encoded for batch in batches.values()):
            return  # Nothing is there to ask about: an upstream null or failure, told already.
        representations = {call.variable: batches[call.key].encoded for call, _ in fetch.calls}
        answer = await self._ask(fetch, representations)
        self._take_entities(fetch.node, answer, batches)

    async def _fetch_by_contexts(self, fetch: CompiledFetch) -> None:
        """Make each call once per distinct tuple of the values that it takes from contexts."""
        due: list[_DueCall] = []
        for position, (contextual, (_, recipe)) in enumerate(zip(fetch.contextual, fetch.calls, strict=True)):
            if contextual is not None:
                due += ((position, values, batch) for values, batch in contextual.collect(self._walks))
            elif (batch := recipe.collect(self._walks)).encoded:
                due.append((position, (), batch))
        async with asyncio.TaskGroup() as tasks:
            for start in range(0, len(due), MAX_REPEATED_CALLS):
                some = due[start : start + MAX_REPEATED_CALLS]
                tasks.create_task(self._fetch_repeated(fetch, some), name=f"fetch-contexts-{start}")

    async def _fetch_repeated(self, fetch: CompiledFetch, due: Sequence[_DueCall]) -> None:
        repeated = fetch.repeat([position for position, _, _ in due])
        calls = repeated.node.calls
        given = [value for _, values, _ in due for value in values]
        names = repeated.node.variables[-len(given) :] if given else ()
        contexts = dict(zip(names, given, strict=True))
        batches = {call.key: batch for call, (_, _, batch) in zip(calls, due, strict=True)}
        representations = {call.variable: batches[call.key].encoded for call in calls}
        answer = await self._ask(repeated, representations, contexts)
        self._take_entities(repeated.node, answer, batches)

    async def _ask(
        self,
        fetch: CompiledFetch,
        representations: Mapping[str, list[bytes]],
        contexts: Mapping[str, bytes] = _NO_CONTEXTS,
    ) -> SubgraphAnswer:
        node = fetch.node
        client = self._clients[node.subgraph]
        variables = {**self._call.variables, **contexts} if contexts else self._call.variables
        self.outcome.asked.append(node.subgraph)
        with span("fetch", "client", {"subgraph.name": node.subgraph}) as mark:
            answer = await client.fetch(
                Fetch(
                    body=fetch.body(variables, representations),
                    is_mutation=node.kind == "mutation",
                    caller_headers=client.headers.apply(self._call.headers),
                    trace_headers=trace_headers(),
                    ends_at=self._call.ends_at,
                )
            )
            if answer.errors and mark.recording:
                mark.fail(str(answer.errors[0].extensions.get("code")))
            return answer

    def _take_root(self, node: FetchNode, answer: SubgraphAnswer) -> None:
        data = self.outcome.data
        if answer.errors:
            self.outcome.errors += root_errors(node, answer.errors, data)
        if answer.data is None:
            return
        undo_aliases(answer.data, node.undo)
        self._walks.forget()
        for number, target in enumerate(find_objects(data, node.path)):
            merge_object(target, answer.data if number == 0 else copy_object(answer.data))

    def _take_entities(self, node: FetchNode, answer: SubgraphAnswer, batches: Mapping[str, Batch]) -> None:
        errors = answer.errors
        if answer.data is not None:
            for call in node.calls:
                entities = answer.data.get(call.key)
                if entities is None and errors:
                    continue  # The subgraph nulled the whole list, and said why.
                batch = batches[call.key]
                if not _fits(entities, batch):
                    errors += _misfit(node.subgraph)
                    continue
                if call.undo:
                    for entity in entities:
                        if entity is not None:
                            undo_aliases(entity, call.undo)
                if _merge_entities(entities, batch, share=self._plan.shares):
                    self._walks.forget()
        if errors:
            self.outcome.errors += entity_errors(node, errors, batches, self.outcome.data)


def _fits(entities: Json, batch: Batch) -> TypeGuard[list[JsonObject | None]]:
    return (
        isinstance(entities, list)
        and len(entities) == len(batch.encoded)
        and all(entity is None or isinstance(entity, dict) for entity in entities)
    )


def _misfit(service: str) -> tuple[SubgraphError, ...]:
    message = f'The subgraph "{service}" did not answer with the entities that were asked for.'
    return failure(ErrorCode.SUBREQUEST_MALFORMED_RESPONSE, message, service).errors


def _merge_entities(entities: list[JsonObject | None], batch: Batch, *, share: bool) -> bool:
    """Merge each entity into the objects that stand for it; whether any may have changed what is where.

    Objects at one target may share what they adopt: the same entity with the same selection stays the
    same whatever is merged later. Between targets the selections below may differ, so those get copies;
    so does everybody without `share`.
    """
    structured = False
    adopted: set[int] = set()
    for owners in batch.owners:
        for index, items in owners.items():
            entity = entities[index]
            if entity is None:
                continue
            if has_structure(entity):
                structured = True
                if index in adopted:
                    entity = copy_object(entity)
                adopted.add(index)
            elif None not in entity.values():
                for item in items:
                    item.update(entity)  # Leaves that are not null always win.
                continue
            merge_object(items[0], entity)
            for item in items[1:]:
                merge_object(item, entity if share else copy_object(entity))
    return structured


_NOT_RUN = "Not executed, because whether the mutation before it was applied is unknown."
