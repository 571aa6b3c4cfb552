"""The subgraphs as the router calls them: mutations that wait go together, a breaker before each subgraph."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import orjson

from kernel.telemetry import bind_trace, get_logger, trace_headers
from router import metrics
from router.breaker import Breaker, State
from router.bundle import body_of, judge_each, next_bundle
from router.config import TargetConfig
from router.decide import Answer, Applied, Failed, Refused, Request, Unavailable, Verdict
from router.tokens import Tokens, TokenUnavailable

__all__ = ["Target", "new_session"]

log = get_logger()

#: Bytes of an answer that are read; those of our mutations have a hundred for each event.
MAX_ANSWER_BYTES = 1_048_576
#: Seconds for the question whether a target is well.
READY_TIMEOUT = 2.0
#: Longest `Retry-After` that is listened to, seconds.
MAX_RETRY_AFTER = 300.0


def new_session() -> aiohttp.ClientSession:
    """Connections to all targets: kept open, without cookies, proxies or redirects."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    )


@dataclass(eq=False, slots=True)
class _Waiting:
    """A mutation that is to be sent, and where its verdict is waited for."""

    request: Request
    #: The headers of the event's own trace.
    trace: Mapping[str, str]
    verdict: asyncio.Future[Verdict]

    def tell(self, verdict: Verdict) -> None:
        if not self.verdict.done():
            self.verdict.set_result(verdict)


class Target:
    """One subgraph. Used by one event loop.

    Mutations that are asked for in the same turn of the loop, or while as many as may be are under way, are
    sent as one request. Nothing waits for company.
    """

    def __init__(self, config: TargetConfig, session: aiohttp.ClientSession, tokens: Tokens) -> None:
        self.config = config
        self._session = session
        self._tokens = tokens
        self._waiting: list[_Waiting] = []
        self._free = config.concurrency
        self._sending: set[asyncio.Task[None]] = set()
        self._woken = False
        self._breaker = Breaker(config.breaker_failures, config.breaker_cooldown)
        self._asking = asyncio.Lock()
        self._timeout = aiohttp.ClientTimeout(total=config.timeout)

    @property
    def state(self) -> State:
        """The breaker's state."""
        return self._breaker.state

    async def available(self) -> None:
        """Return when messages may be received for it; asks it how it is when its breaker is open."""
        async with self._asking:
            while self.state is State.OPEN:
                await asyncio.sleep(max(0.0, self._breaker.ask_at - time.monotonic()))
                if await self.well():
                    self._breaker.well()
                    self._show_state()
                else:
                    self._breaker.unwell(time.monotonic())

    async def well(self) -> bool:
        """Whether it says that it is ready to work."""
        try:
            async with self._session.get(
                self.config.ready_url,
                timeout=aiohttp.ClientTimeout(total=READY_TIMEOUT),
                allow_redirects=False,
            ) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def apply(self, request: Request) -> Verdict:
        """Send the mutation and say what its answer means; never raises for what a target or network does."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(request, trace_headers(), verdict))
        self._wake()
        return await verdict

    def _wake(self) -> None:
        """Send what waits, after everybody whose turn it is has asked."""
        if not self._woken:
            self._woken = True
            asyncio.get_running_loop().call_soon(self._send_waiting)

    def _send_waiting(self) -> None:
        self._woken = False
        self._waiting = [each for each in self._waiting if not each.verdict.done()]
        while self._waiting and self._free > 0:
            # Asked here, since it may have opened while this message waited for its turn.
            if self._breaker.state is State.OPEN:
                for each in self._waiting:
                    each.tell(Unavailable("BREAKER_OPEN"))
                self._waiting.clear()
                return
            most = min(self._free, self.config.bundle)
            count = next_bundle([each.request for each in self._waiting[:most]], most)
            bundle, self._waiting = self._waiting[:count], self._waiting[count:]
            self._free -= count
            task = asyncio.create_task(self._deliver(bundle), name=f"bundle for {self.config.name}")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, bundle: Sequence[_Waiting]) -> None:
        """Give each its verdict."""
        parts: list[Sequence[_Waiting]] = [bundle]
        try:
            while parts:
                part = parts.pop()
                left = await self._sent(part)
                if len(left) == len(part):
                    # One of them is to blame for all, and the answer does not say which.
                    parts += [[each] for each in left]
                elif left:
                    parts.append(left)
        except Exception as error:  # noqa: BLE001 - told to those who wait
            for each in bundle:
                if not each.verdict.done():
                    each.verdict.set_exception(error)
        finally:
            for each in bundle:
                each.verdict.cancel()  # of nobody who has got an answer
            self._free += len(bundle)
            self._wake()

    async def _sent(self, bundle: Sequence[_Waiting]) -> list[_Waiting]:
        """Send once; answers those of which nothing is known afterwards, none when it is one alone."""
        requests = [each.request for each in bundle]
        if len(bundle) == 1:
            answer = await self._send(requests, [bundle[0].trace], bundle[0].trace)
        else:
            with bind_trace(None, None):
                answer = await self._send(requests, [each.trace for each in bundle], trace_headers())
        left = []
        for each, verdict in zip(bundle, judge_each(answer, requests), strict=True):
            if verdict is None:
                left.append(each)
            else:
                self._learn(verdict)
                each.tell(verdict)
        return left

    async def _send(
        self, requests: Sequence[Request], traces: Sequence[Mapping[str, str]], trace: Mapping[str, str]
    ) -> Answer:
        try:
            token = await self._tokens.current()
        except TokenUnavailable as problem:
            log.warning("router.token_missing", target=self.config.name, problem=str(problem))
            return Answer(None, problem="NO_TOKEN")
        try:
            async with self._session.post(
                self.config.url,
                data=orjson.dumps(body_of(requests, traces)),
                headers={
                    "content-type": "application/json",
                    "accept": "application/graphql-response+json, application/json",
                    "authorization": f"Bearer {token}",
                    **trace,
                },
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                answer = await _read(response)
        except TimeoutError:
            return Answer(None, problem="TIMEOUT")
        except aiohttp.ClientError as error:
            return Answer(None, problem=type(error).__name__)
        if answer.status in (401, 403):
            self._tokens.rejected(token)
        return answer

    def _learn(self, verdict: Verdict) -> None:
        before = self._breaker.state
        match verdict:
            case Applied() | Refused():
                self._breaker.succeeded()
            case Failed() | Unavailable():
                self._breaker.failed(time.monotonic())
        if self._breaker.state is not before:
            self._show_state()

    def _show_state(self) -> None:
        metrics.BREAKER.labels(self.config.name).set(self._breaker.state.value)
        log.warning("router.breaker_changed", target=self.config.name, state=self._breaker.state.name)


async def _read(response: aiohttp.ClientResponse) -> Answer:
    raw = await response.content.read(MAX_ANSWER_BYTES + 1)
    while not response.content.at_eof() and len(raw) <= MAX_ANSWER_BYTES:
        raw += await response.content.read(MAX_ANSWER_BYTES + 1 - len(raw))
    retry_after = _seconds(response.headers.get("retry-after"))
    try:
        body: object = orjson.loads(raw) if len(raw) <= MAX_ANSWER_BYTES else None
    except orjson.JSONDecodeError:
        body = None
    return Answer(response.status, body, retry_after=retry_after)


def _seconds(text: str | None) -> float | None:
    """The header's number of seconds; its form with a date is not used between services."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return min(float(text[:9]), MAX_RETRY_AFTER)
