"""The gateway's HTTP edge under raw bytes: refused, never misread, never down."""

from __future__ import annotations

import asyncio
import gzip
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.kit.gateway import until
from tests.kit.gateway_process import GatewayProcess, gateway_process, raw_exchange, subgraph

BODY = b'{"query":"{ __typename }"}'
GOOD = (
    b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GatewayProcess]:
    """One gateway with a short time for bodies: what one test does to it, the next must not feel."""
    folder = tmp_path_factory.mktemp("gateway")
    async with gateway_process(folder, environment={"BODY_TIMEOUT_SECONDS": "1"}) as running:
        yield running


def _head(*lines: bytes, method: bytes = b"POST", close: bool = True) -> bytes:
    fixed = [method + b" /graphql HTTP/1.1", b"host: x", b"content-type: application/json"]
    if close and not any(line.startswith(b"connection") for line in lines):
        fixed.append(b"connection: close")
    return b"\r\n".join([*fixed, *lines]) + b"\r\n\r\n"


MALFORMED = {
    "length and chunked": _head(b"content-length: 5", b"transfer-encoding: chunked", close=False)
    + b"0\r\n\r\n",
    "two lengths": _head(b"content-length: 5", b"content-length: 6", close=False) + b"{}   ",
    "a negative length": _head(b"content-length: -1", close=False),
    "a length in words": _head(b"content-length: five", close=False),
    "a folded header": _head(b"x: a\r\n b", b"content-length: 0", close=False),
    "a bad chunk": _head(b"transfer-encoding: chunked", close=False) + b"zz\r\n",
    "a space before the colon": _head(b"content-length : 0", close=False),
    "no version": b"POST /graphql\r\n\r\n",
    "noise": bytes(range(256)),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_framing_is_refused_and_nothing_after_it_is_read(
    gateway: GatewayProcess, data: bytes
) -> None:
    """At most one answer, the client's fault, though a good request follows it."""
    answers = await raw_exchange(gateway.port, data + GOOD)
    assert len(answers) <= 1
    assert all(400 <= answer.status < 500 for answer in answers)
    (healthy,) = await raw_exchange(gateway.port, GOOD)
    assert json.loads(healthy.body) == {"data": {"__typename": "Query"}}


async def test_a_body_that_trickles_is_cut_and_others_are_served(gateway: GatewayProcess) -> None:
    """408 after the time for bodies; a normal client beside it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(_head(b"content-length: 1000") + b"{")
    (beside,) = await raw_exchange(gateway.port, GOOD)
    assert beside.status == 200
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (_head(b"content-length: 99999999"), 413),
        (
            _head(b"transfer-encoding: chunked")
            + b"80000\r\n"
            + b" " * 0x80000
            + b"\r\n"
            + b"80001\r\n"
            + b" " * 0x80001,
            413,
        ),
        (_head(b"content-length: 2", b"x-large: " + b"a" * 40_000) + b"{}", 431),
        (_head(b"content-length: 2", *(b"x-%d: a" % n for n in range(200))) + b"{}", 431),
        (_head(b"content-encoding: gzip", b"content-length: 30") + gzip.compress(b"{}" * 10)[:30], 415),
    ],
)
async def test_what_is_too_large_or_compressed_is_refused(
    gateway: GatewayProcess, data: bytes, status: int
) -> None:
    """While it arrives, with the status that says why, as JSON."""
    answers = await raw_exchange(gateway.port, data)
    assert [answer.status for answer in answers] == [status]
    assert json.loads(answers[0].body)["errors"][0]["extensions"]["code"]


async def test_a_websocket_upgrade_is_refused(gateway: GatewayProcess) -> None:
    """There are no subscriptions by any transport."""
    upgrade = _head(
        b"connection: upgrade, close", b"upgrade: websocket", b"sec-websocket-version: 13", method=b"GET"
    )
    (answer,) = await raw_exchange(gateway.port, upgrade)
    assert answer.status in (400, 403, 415)


async def test_a_client_that_goes_away_takes_its_fetches_along(tmp_path: Path) -> None:
    """The subgraph sees its connection closed; the gateway serves on."""

    async def never(_: bytes) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async with (
        subgraph(never) as one,
        gateway_process(tmp_path, environment={"SUBGRAPH_URL_ONE": one.url}) as running,
    ):
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        body = b'{"query":"{ word }"}'
        writer.write(_head(b"content-length: %d" % len(body)) + body)
        await until(lambda: len(one.bodies) == 1)
        writer.close()
        await until(lambda: one.abandoned == 1)
        (healthy,) = await raw_exchange(running.port, GOOD)
        assert healthy.status == 200


async def test_a_term_signal_lets_requests_in_flight_finish(tmp_path: Path) -> None:
    """The answer comes after SIGTERM, then the process ends with exit code 0."""
    go = asyncio.Event()

    async def wait(_: bytes) -> bytes:
        await go.wait()
        return b'{"data":{"word":"late"}}'

    async with (
        subgraph(wait) as one,
        gateway_process(tmp_path, environment={"SUBGRAPH_URL_ONE": one.url}) as running,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        body = b'{"query":"{ word }"}'
        writer.write(_head(b"content-length: %d" % len(body)) + body)
        await until(lambda: len(one.bodies) == 1)
        running.process.send_signal(signal.SIGTERM)
        go.set()
        async with asyncio.timeout(10):
            answer = await reader.read(-1)
            assert answer.endswith(b'{"data":{"word":"late"}}')
            assert await running.process.wait() == 0
        writer.close()


async def test_no_log_line_holds_document_variables_or_token(tmp_path: Path) -> None:
    """Ids and counts only."""

    async def echo(_: bytes) -> bytes:
        return b'{"data":{"word":"segredo-na-resposta"}}'

    async with (
        subgraph(echo) as one,
        gateway_process(tmp_path, environment={"SUBGRAPH_URL_ONE": one.url}) as running,
    ):
        body = b'{"query":"query Q { palavraSecreta: word }","variables":{"x":"segredo-na-variavel"}}'
        data = _head(b"authorization: Bearer segredo-do-token", b"content-length: %d" % len(body)) + body
        (answer,) = await raw_exchange(running.port, data)
        assert answer.status == 200
        await until(lambda: any("http.request_answered" in line for line in running.log))
        assert not any("segredo" in line or "palavraSecreta" in line for line in running.log)
