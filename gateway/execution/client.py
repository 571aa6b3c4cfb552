"""One subgraph's client: time limit, retry, circuit breaker, and one request for equal ones in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

import prometheus_client

from gateway.errors import ErrorCode
from gateway.execution.answer import SubgraphAnswer, failure, read_answer
from gateway.execution.breaker import BreakerRules, CircuitBreaker
from gateway.execution.headers import HeaderRules
from gateway.execution.transport import AnswerTooLarge, HttpAnswer, HttpRequest, Transport, TransportFault
from kernel.telemetry import get_logger

__all__ = ["Fetch", "FetchRules", "SubgraphClient"]

_FETCHES = prometheus_client.Counter(
    "gateway_fetches", "Subgraph requests by outcome.", ["subgraph", "outcome"]
)
_OPEN = prometheus_client.Gauge(
    "gateway_breaker_open", "1 while the subgraph is not asked, or by one request at a time.", ["subgraph"]
)


@dataclass(frozen=True, slots=True)
class FetchRules:
    """How one subgraph is asked."""

    #: Seconds for one fetch, retry included.
    timeout_seconds: float = 3.0
    #: More attempts after a fault that left no answer; for queries only.
    retries: int = 1
    #: Bytes of an answer: bounds the memory that one fetch can take.
    max_answer_bytes: int = 8 * 1024 * 1024
    #: Share one request among equal queries of equal callers that are in flight together.
    share_in_flight: bool = True
    breaker: BreakerRules = field(default_factory=BreakerRules)


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request to the subgraph."""

    body: bytes
    is_mutation: bool
    #: Depend on the caller alone (`HeaderRules.apply`).
    caller_headers: Mapping[str, str]
    #: Differ for each request: trace and request id.
    trace_headers: Mapping[str, str]
    #: Monotonic time at which the client request must have its answer.
    ends_at: float


class SubgraphClient:
    """Asks one subgraph over HTTP. Never raises but when cancelled: every fault becomes an answer."""

    def __init__(
        self, name: str, url: str, transport: Transport, rules: FetchRules, headers: HeaderRules
    ) -> None:
        self.name = name
        self.url = url
        self.headers = headers
        self.breaker = CircuitBreaker(rules.breaker, monotonic)
        self._open = _OPEN.labels(name)
        self._rules = rules
        self._transport = transport
        self._in_flight: dict[
            tuple[object, ...], list[asyncio.Future[HttpAnswer | SubgraphAnswer | None]]
        ] = {}
        self._log = get_logger()

    async def fetch(self, fetch: Fetch) -> SubgraphAnswer:
        """The subgraph's answer; each caller gets containers of its own, which it may change."""
        if fetch.is_mutation or not self._rules.share_in_flight:
            outcome = await self._send(fetch)
        else:
            outcome = await self._share(fetch)
        self._open.set(self.breaker.is_open)
        return outcome if isinstance(outcome, SubgraphAnswer) else read_answer(outcome, self.name)

    async def _share(self, fetch: Fetch) -> HttpAnswer | SubgraphAnswer:
        """Send, or wait for an equal request that is being sent.

        What is shared is the undecoded answer. If the sender is cancelled its followers take over.
        """
        key = (fetch.body, *fetch.caller_headers.items())
        while (followers := self._in_flight.get(key)) is not None:
            future: asyncio.Future[HttpAnswer | SubgraphAnswer | None] = (
                asyncio.get_running_loop().create_future()
            )
            followers.append(future)
            try:
                async with asyncio.timeout(max(0.0, fetch.ends_at - monotonic())):
                    shared = await future
            except TimeoutError:
                return self._too_late()
            if shared is not None:
                return shared
        followers = self._in_flight[key] = []
        outcome: HttpAnswer | SubgraphAnswer | None = None
        try:
            outcome = await self._send(fetch)
            return outcome
        finally:
            del self._in_flight[key]
            for follower in followers:
                if not follower.done():
                    follower.set_result(outcome)

    async def _send(self, fetch: Fetch) -> HttpAnswer | SubgraphAnswer:
        breaker = self.breaker
        if not breaker.admit():
            _FETCHES.labels(self.name, "rejected").inc()
            message = f'The subgraph "{self.name}" is not asked now: it failed repeatedly.'
            return failure(ErrorCode.SUBGRAPH_CIRCUIT_BREAKER_REJECTED, message, self.name)
        left = min(self._rules.timeout_seconds, fetch.ends_at - monotonic())
        try:
            async with asyncio.timeout(max(0.0, left)):
                answer = await self._attempt(fetch)
        except asyncio.CancelledError:
            breaker.abandoned()
            raise
        except TimeoutError:
            breaker.failed()
            return self._too_late(outcome_unknown=fetch.is_mutation)
        except TransportFault as fault:
            breaker.failed()
            return self._unreachable(fault, fetch.is_mutation)
        if answer.status >= 500:
            breaker.failed()
            _FETCHES.labels(self.name, "server_error").inc()
        else:
            breaker.succeeded()
            _FETCHES.labels(self.name, "answered").inc()
        return answer

    async def _attempt(self, fetch: Fetch) -> HttpAnswer:
        request = HttpRequest(
            url=self.url,
            body=fetch.body,
            headers={**fetch.caller_headers, **fetch.trace_headers},
            max_answer_bytes=self._rules.max_answer_bytes,
            idempotent=not fetch.is_mutation,
        )
        attempts_left = self._rules.retries
        while True:
            try:
                return await self._transport.post(request)
            except AnswerTooLarge:
                raise  # It would be as large again.
            except TransportFault:
                if fetch.is_mutation or attempts_left <= 0:
                    raise
                attempts_left -= 1

    def _too_late(self, *, outcome_unknown: bool = False) -> SubgraphAnswer:
        _FETCHES.labels(self.name, "timeout").inc()
        self._log.warning("gateway.fetch_timed_out", subgraph=self.name)
        message = f'The subgraph "{self.name}" did not answer in time.{_UNKNOWN if outcome_unknown else ""}'
        return failure(
            ErrorCode.SUBGRAPH_REQUEST_TIMEOUT, message, self.name, outcome_unknown=outcome_unknown
        )

    def _unreachable(self, fault: TransportFault, is_mutation: bool) -> SubgraphAnswer:
        _FETCHES.labels(self.name, "unreachable").inc()
        self._log.warning("gateway.fetch_failed", subgraph=self.name, reason=str(fault))
        if isinstance(fault, AnswerTooLarge):
            message = f'The subgraph "{self.name}" answered with more bytes than are accepted.'
            return failure(ErrorCode.SUBREQUEST_MALFORMED_RESPONSE, message, self.name)
        unknown = is_mutation and not fault.unsent
        message = f'The subgraph "{self.name}" could not be reached.{_UNKNOWN if unknown else ""}'
        return failure(ErrorCode.SUBREQUEST_HTTP_ERROR, message, self.name, outcome_unknown=unknown)


_UNKNOWN = " Whether the mutation was applied is unknown; find out before you send it again."
