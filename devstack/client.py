"""A small GraphQL client: what the demo's own requests to the gateway need."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

__all__ = ["GraphQLClient", "RequestFailed"]

#: Seconds for one request, a little over the gateway's own limit so that its answer is seen.
REQUEST_SECONDS: Final = 15.0
#: How often a request is tried while a process is being started again. Only for what is safe to repeat:
#: queries, and mutations with an idempotency key.
ATTEMPTS: Final = 8
#: Seconds before the second attempt; doubled for each further one, up to 5 s.
_PAUSE_SECONDS = 0.25
_PAUSE_CAP_SECONDS = 5.0
#: Codes of errors that pass by themselves.
_PASSING = frozenset(
    {
        "GATEWAY_TIMEOUT",
        "SERVICE_UNAVAILABLE",
        "SUBREQUEST_HTTP_ERROR",
        "SUBGRAPH_REQUEST_TIMEOUT",
        "SUBGRAPH_CIRCUIT_BREAKER_REJECTED",
        "DOWNSTREAM_SERVICE_ERROR",
        "SHUTTING_DOWN",
        "NO_SUPERGRAPH_AVAILABLE",
    }
)


class RequestFailed(Exception):
    """The answer has errors, or there was none. `codes` are the errors' codes, empty without an answer."""

    def __init__(self, message: str, codes: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.codes = codes


class GraphQLClient:
    """Asks one endpoint; use it as an asynchronous context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self, document: str, variables: Mapping[str, object], token: str | None
    ) -> tuple[int, dict[str, Any]]:
        """One attempt: the HTTP status and the decoded answer, whatever they say.

        Raises RequestFailed when there is no answer, or none in JSON.
        """
        if self._session is None:
            raise RuntimeError("GraphQLClient is used outside of its context")
        headers = {"accept": "application/graphql-response+json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        body = {"query": document, "variables": dict(variables)}
        try:
            async with self._session.post(self._url, json=body, headers=headers) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise RequestFailed(f"{self._url} did not answer: {type(error).__name__} {error}") from error
        if not isinstance(answer, dict):
            raise RequestFailed(f"{self._url} answered something other than GraphQL")
        return response.status, answer

    async def data(self, document: str, variables: Mapping[str, object], token: str) -> dict[str, Any]:
        """The `data` of an answer without errors; repeated while the errors are of the passing kind.

        Raises RequestFailed when the answer has other errors, or when the attempts are used up.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _, answer = await self.ask(document, variables, token)
                return _data_without_errors(answer)
            except RequestFailed as failure:
                if attempt == ATTEMPTS or not failure.codes <= _PASSING:
                    raise
            await asyncio.sleep(min(_PAUSE_SECONDS * 2 ** (attempt - 1), _PAUSE_CAP_SECONDS))
        raise AssertionError("the last attempt returns or raises")


def _data_without_errors(answer: Mapping[str, Any]) -> dict[str, Any]:
    errors = answer.get("errors")
    if errors:
        codes = frozenset(str(error.get("extensions", {}).get("code", "")) for error in errors)
        first = errors[0]
        raise RequestFailed(
            f"{first.get('message')} ({', '.join(sorted(codes))}) at {first.get('path')}", codes
        )
    data = answer.get("data")
    if not isinstance(data, dict):
        raise RequestFailed("the answer has no data")
    return data
