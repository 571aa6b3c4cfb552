"""One subgraph's client: what is tried again, when it is left alone, what becomes of its answers."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import orjson
import pytest
from prometheus_client import REGISTRY

from gateway.execution.answer import read_answer
from gateway.execution.breaker import BreakerRules, CircuitBreaker
from gateway.execution.client import Fetch, FetchRules, SubgraphClient
from gateway.execution.headers import HeaderRules
from gateway.execution.transport import AnswerTooLarge, HttpAnswer, HttpRequest, TransportFault
from tests.kit.gateway import json_answer

_Act = HttpAnswer | Exception


class _Scripted:
    """Does these things in turn."""

    def __init__(self, *acts: _Act) -> None:
        self._acts = list(acts)
        self.requests: list[HttpRequest] = []

    async def post(self, request: HttpRequest) -> HttpAnswer:
        self.requests.append(request)
        act = self._acts.pop(0)
        if isinstance(act, Exception):
            raise act
        return act

    async def close(self) -> None:
        """Nothing is open."""


GOOD = json_answer({"data": {"a": 1}})


def _client(transport: _Scripted, rules: FetchRules | None = None) -> SubgraphClient:
    return SubgraphClient("rating", "http://rating.test", transport, rules or FetchRules(), HeaderRules())


def _fetch(*, mutation: bool = False) -> Fetch:
    return Fetch(b"{}", mutation, {}, {}, monotonic() + 60)


async def test_a_query_is_tried_once_more_after_a_lost_connection() -> None:
    """A kept-alive connection may have been closed meanwhile: the second attempt answers."""
    transport = _Scripted(TransportFault("closed"), GOOD)
    answer = await _client(transport).fetch(_fetch())
    assert answer.data == {"a": 1}
    assert len(transport.requests) == 2


async def test_a_mutation_is_never_tried_again() -> None:
    """Its outcome is unknown, and the answer says so; unless it cannot have been sent."""
    lost = await _client(_Scripted(TransportFault("closed"))).fetch(_fetch(mutation=True))
    assert lost.outcome_unknown
    assert lost.errors[0].extensions["outcome"] == "UNKNOWN"
    unsent = await _client(_Scripted(TransportFault("refused", unsent=True))).fetch(_fetch(mutation=True))
    assert not unsent.outcome_unknown
    assert "outcome" not in unsent.errors[0].extensions


async def test_an_answer_that_is_too_large_is_not_asked_for_again() -> None:
    """It would be as large."""
    transport = _Scripted(AnswerTooLarge("9 MiB"))
    answer = await _client(transport).fetch(_fetch())
    assert [error.extensions["code"] for error in answer.errors] == ["SUBREQUEST_MALFORMED_RESPONSE"]
    assert len(transport.requests) == 1


async def test_the_breaker_stops_asking_a_dead_subgraph() -> None:
    """After so many failures in a row nothing is sent, and the error has its own code."""
    transport = _Scripted(*[TransportFault("refused")] * 2)
    client = _client(transport, FetchRules(retries=0, breaker=BreakerRules(failures=2, open_seconds=60)))
    for _ in range(2):
        await client.fetch(_fetch())
    answer = await client.fetch(_fetch())
    assert answer.errors[0].extensions["code"] == "SUBGRAPH_CIRCUIT_BREAKER_REJECTED"
    assert len(transport.requests) == 2


async def test_operators_see_whether_a_breaker_is_open() -> None:
    """One time series a subgraph: 0 while it is asked, 1 while it is not."""

    def shown() -> float | None:
        return REGISTRY.get_sample_value("gateway_breaker_open", {"subgraph": "rating"})

    rules = FetchRules(retries=0, breaker=BreakerRules(failures=1, open_seconds=0))
    client = _client(_Scripted(GOOD, TransportFault("refused"), GOOD), rules)
    seen = []
    for _ in range(3):
        await client.fetch(_fetch())
        seen.append(shown())
    assert seen == [0, 1, 0]


def _breaker() -> tuple[CircuitBreaker, Callable[[float], None]]:
    now = [0.0]
    breaker = CircuitBreaker(BreakerRules(failures=2, open_seconds=5), lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return breaker, wait


def test_an_open_breaker_lets_one_try_through_after_its_time() -> None:
    """Success closes it, failure keeps it open for another period."""
    breaker, wait = _breaker()
    for _ in range(2):
        assert breaker.admit()
        breaker.failed()
    assert not breaker.admit()
    wait(5)
    assert breaker.admit()
    assert not breaker.admit(), "one at a time"
    breaker.failed()
    assert not breaker.admit()
    wait(5)
    assert breaker.admit()
    breaker.succeeded()
    assert breaker.admit()
    assert breaker.admit()


def test_single_failures_and_abandoned_requests_do_not_open_it() -> None:
    """A success in between starts the count anew; what a client gave up says nothing."""
    breaker, _ = _breaker()
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
        breaker.abandoned()
    assert breaker.admit()


def _codes(status: int, body: bytes, content_type: str = "application/json") -> list[object]:
    answer = read_answer(HttpAnswer(status, content_type, body), "rating")
    return [error.extensions["code"] for error in answer.errors]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"<html>", "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b"", "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b"[]", "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b"{}", "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b'{"data":null}', "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b'{"data":[1]}', "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b'{"data":{},"errors":"x"}', "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b'{"data":{"a":NaN}}', "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b'{"data":{"a":"\xff"}}', "SUBREQUEST_MALFORMED_RESPONSE"),
        (200, b"[" * 100_000, "SUBREQUEST_MALFORMED_RESPONSE"),
        (502, b"<html>bad gateway at 10.0.0.1</html>", "SUBREQUEST_HTTP_ERROR"),
        (302, b"", "SUBREQUEST_HTTP_ERROR"),
        (500, b'{"data":{"a":1}}', "SUBREQUEST_HTTP_ERROR"),
        (401, b'{"errors":[{"message":"m","extensions":{"code":"UNAUTHENTICATED"}}]}', "UNAUTHENTICATED"),
        (500, b'{"errors":[{"message":"m"}]}', "DOWNSTREAM_SERVICE_ERROR"),
        (200, b'{"errors":[7]}', "DOWNSTREAM_SERVICE_ERROR"),
        (200, b'{"errors":[{"message":{},"path":[{}],"extensions":{"code":3}}]}', "DOWNSTREAM_SERVICE_ERROR"),
    ],
)
def test_whatever_comes_back_is_an_answer_or_one_coded_error(status: int, body: bytes, code: str) -> None:
    """No text of a proxy or a library is passed on."""
    assert _codes(status, body) == [code]
    answer = read_answer(HttpAnswer(status, "application/json", body), "rating")
    assert answer.data is None
    assert all("10.0.0.1" not in error.message for error in answer.errors)


def test_a_subgraphs_own_errors_pass_without_its_innards() -> None:
    """Message, code and other extensions stay; stack traces do not; the service is named."""
    error = {"message": "m", "path": ["a", 0], "extensions": {"code": "X", "hint": 1, "stacktrace": ["at"]}}
    answer = read_answer(json_answer({"data": {"a": [None]}, "errors": [error]}), "rating")
    assert answer.data == {"a": [None]}
    (told,) = answer.errors
    assert (told.message, told.path) == ("m", ["a", 0])
    assert told.extensions == {"code": "X", "hint": 1, "service": "rating"}
    assert orjson.dumps(dict(told.extensions))
