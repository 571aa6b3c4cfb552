"""The subgraphs as the router calls them: one mutation, one answer, a breaker before each."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import orjson

from kernel.telemetry import get_logger, trace_headers
from router import metrics
from router.breaker import Breaker, State
from router.config import TargetConfig
from router.decide import Answer, Applied, Failed, Refused, Request, Unavailable, Verdict, judge
from router.tokens import Tokens, TokenUnavailable

__all__ = ["Target", "new_session"]

log = get_logger()

#: Bytes of an answer that are read; those of our mutations have a hundred.
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


class Target:
    """One subgraph. Used by one event loop."""

    def __init__(self, config: TargetConfig, session: aiohttp.ClientSession, tokens: Tokens) -> None:
        self.config = config
        self._session = session
        self._tokens = tokens
        self._slots = asyncio.Semaphore(config.concurrency)
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
        async with self._slots:
            # Asked here, since it may have opened while this message waited for its turn.
            if self._breaker.state is State.OPEN:
                return Unavailable("BREAKER_OPEN")
            answer = await self._send(request)
        verdict = judge(answer, request.call)
        self._learn(verdict)
        return verdict

    async def _send(self, request: Request) -> Answer:
        try:
            token = await self._tokens.current()
        except TokenUnavailable as problem:
            log.warning("router.token_missing", target=self.config.name, problem=str(problem))
            return Answer(None, problem="NO_TOKEN")
        try:
            async with self._session.post(
                self.config.url,
                data=orjson.dumps(request.body()),
                headers={
                    "content-type": "application/json",
                    "accept": "application/graphql-response+json, application/json",
                    "authorization": f"Bearer {token}",
                    **trace_headers(),
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
