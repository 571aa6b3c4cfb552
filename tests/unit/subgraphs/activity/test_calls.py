"""Retrying and translating what Elasticsearch answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import elasticsearch
import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError, ConflictError, NotFoundError

from subgraphs.activity.store import calls
from subgraphs.activity.store.calls import Refused, called
from subgraphs.activity.store.port import StoreUnavailable


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are zero seconds long."""
    monkeypatch.setattr(calls, "_PAUSE_SECONDS", 0.0)


def failure(status: int, kind: type[ApiError] = ApiError) -> ApiError:
    node = NodeConfig("http", "127.0.0.1", 9200)
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.0, node)
    return kind("es_rejected_execution_exception", meta, {"password": "hunter2"})


class Server:
    """Answers with these, one after the other; an exception is raised."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self) -> Any:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    "trouble",
    [
        failure(429),
        failure(502),
        failure(503),
        failure(504),
        elasticsearch.ConnectionError("refused"),
        elasticsearch.ConnectionTimeout("late"),
    ],
    ids=repr,
)
async def test_what_may_pass_is_tried_again(trouble: Exception) -> None:
    """Overload, a restarting node, a broken connection."""
    server = Server(trouble, trouble, "answer")
    assert await called(server, 5) == "answer"
    assert server.asked == 3


@pytest.mark.parametrize("trouble", [failure(503), elasticsearch.ConnectionError("refused")], ids=repr)
async def test_trying_ends(trouble: Exception) -> None:
    """After four attempts the store is unavailable, and the caller may come again later."""
    server = Server(*[trouble] * 10)
    with pytest.raises(StoreUnavailable) as raised:
        await called(server, 5)
    assert server.asked == 4
    assert raised.value.extensions == {"code": "SERVICE_UNAVAILABLE", "retriable": True}


async def test_a_missing_index_is_an_unavailable_store() -> None:
    """Somebody has to migrate; asking again at once would not help."""
    server = Server(failure(404, NotFoundError))
    with pytest.raises(StoreUnavailable):
        await called(server, 5)
    assert server.asked == 1


async def test_a_refused_request_is_our_bug() -> None:
    """Never repeated, and told without its content."""
    server = Server(failure(400))
    with pytest.raises(Refused, match="400") as raised:
        await called(server, 5)
    assert server.asked == 1
    assert "hunter2" not in str(raised.value)


async def test_a_conflict_is_an_answer() -> None:
    """The caller decides what it means."""
    with pytest.raises(ConflictError):
        await called(Server(failure(409, ConflictError)), 5)


async def test_the_time_limit_holds_over_all_attempts() -> None:
    """A server that never answers does not hold the caller."""

    async def never() -> None:
        await asyncio.Event().wait()

    request: Callable[[], Awaitable[None]] = never
    with pytest.raises(StoreUnavailable):
        await called(request, 0.01)
