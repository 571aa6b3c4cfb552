"""A plain GraphQL client for the operators' commands: one request, one answer or one clear error."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from router.tokens import Tokens, TokenUnavailable

__all__ = ["Endpoint", "EndpointFailed"]

#: Seconds for one request of a command.
REQUEST_SECONDS = 20.0


class EndpointFailed(Exception):
    """A subgraph did not answer, or answered with an error; the text says which and how."""


class Endpoint:
    """One subgraph's GraphQL endpoint, called with the router's token."""

    def __init__(self, name: str, url: str, session: aiohttp.ClientSession, tokens: Tokens) -> None:
        self._name = name
        self._url = url
        self._session = session
        self._tokens = tokens

    async def ask(self, document: str, variables: Mapping[str, object]) -> dict[str, object]:
        """The answer's data; raises `EndpointFailed`, also for an answer with errors."""
        try:
            headers = {"authorization": f"Bearer {await self._tokens.current()}"}
            async with self._session.post(
                self._url,
                json={"query": document, "variables": dict(variables)},
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
                allow_redirects=False,
            ) as answer:
                body = await answer.json(content_type=None)
                status = answer.status
        except TokenUnavailable as error:
            raise EndpointFailed(str(error)) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise EndpointFailed(f"{self._name} ({self._url}): {type(error).__name__}") from error
        errors = body.get("errors") if isinstance(body, dict) else None
        data = body.get("data") if isinstance(body, dict) else None
        if errors or status != 200 or not isinstance(data, dict):
            codes = {error.get("extensions", {}).get("code", "UNKNOWN_ERROR") for error in errors or ()}
            raise EndpointFailed(
                f"{self._name} ({self._url}): HTTP {status} {' '.join(sorted(codes))}".strip()
            )
        return data
