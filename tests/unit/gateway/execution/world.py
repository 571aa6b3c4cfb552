"""Runs plans made by hand against clients that answer by a script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, cast

import orjson

from gateway.execution.answer import SubgraphAnswer, read_answer
from gateway.execution.client import Fetch, SubgraphClient
from gateway.execution.compiled import compile_plan
from gateway.execution.executor import Call, Outcome, execute
from gateway.execution.headers import HeaderRules
from gateway.plan.nodes import QueryPlan
from tests.kit.gateway import json_answer

__all__ = ["Script", "ScriptedClient", "run"]

#: The variables of a request → the answer, or a wait for it.
Script = Callable[[dict[str, Any]], Any]


class ScriptedClient:
    """Answers by a script, which gets the request's variables."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.headers = HeaderRules()
        #: Variables and operations of the requests, in order.
        self.sent: list[dict[str, Any]] = []
        self.operations: list[str] = []

    async def fetch(self, fetch: Fetch) -> SubgraphAnswer:
        """Answer one request."""
        request = orjson.loads(fetch.body)
        self.sent.append(request["variables"])
        self.operations.append(request["query"])
        document = self._script(request["variables"])
        if isinstance(document, Awaitable):
            document = await document
        return read_answer(json_answer(document), "s")


async def run(plan: QueryPlan, clients: Mapping[str, ScriptedClient], **variables: object) -> Outcome:
    """Execute the plan."""
    encoded = {name: orjson.dumps(value) for name, value in variables.items()}
    call = Call(encoded, {}, monotonic() + 60)
    return await execute(compile_plan(plan), cast("Mapping[str, SubgraphClient]", clients), call)
