"""The transport on aiohttp."""

from __future__ import annotations

import asyncio

import aiohttp

from gateway.execution.transport import AnswerTooLarge, HttpAnswer, HttpRequest, TransportFault

__all__ = ["AiohttpTransport"]


class AiohttpTransport:
    """Keep-alive connections to all subgraphs; must be made inside a running event loop."""

    def __init__(self, *, max_connections_per_host: int) -> None:
        connector = aiohttp.TCPConnector(limit=0, limit_per_host=max_connections_per_host)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)

    async def post(self, request: HttpRequest) -> HttpAnswer:
        """Send and wait for the answer; raises `TransportFault`."""
        headers = {
            **request.headers,
            "content-type": "application/json",
            "accept": "application/graphql-response+json, application/json",
        }
        try:
            async with self._session.post(
                request.url, data=request.body, headers=headers, allow_redirects=False
            ) as response:
                length = response.content_length
                if length is not None and length > request.max_answer_bytes:
                    raise AnswerTooLarge(f"{length} bytes")
                body = (
                    await response.content.read(request.max_answer_bytes + 1)
                    if length is None
                    else await response.read()
                )
                return HttpAnswer(response.status, response.content_type, body)
        except aiohttp.ClientConnectorError as error:
            raise TransportFault(str(error), unsent=True) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise TransportFault(type(error).__name__) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
