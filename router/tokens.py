"""The router's own bearer token: from a file that somebody renews, or by OAuth2 client credentials."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote_plus

import aiohttp

__all__ = ["ClientCredentials", "TokenFile", "TokenUnavailable", "Tokens"]

#: Seconds for the token endpoint to answer.
TOKEN_TIMEOUT = 5.0
#: A token is renewed so many seconds before it ends, or at half of its life when that is shorter.
RENEW_BEFORE = 60.0
#: Seconds that a token without `expires_in` is used.
DEFAULT_LIFETIME = 300.0


class TokenUnavailable(Exception):
    """There is no token to call with; the text says why, and never holds a secret."""


class Tokens(Protocol):
    """Where a bearer token comes from."""

    async def current(self) -> str:
        """A token that is good now; raises `TokenUnavailable`."""
        ...

    def rejected(self, token: str) -> None:
        """A target did not accept it: do not hand it out again without looking."""
        ...


class TokenFile:
    """A file with a token, read again whenever it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._token = ""

    async def current(self) -> str:
        """See `Tokens.current`."""
        # One stat of a small local file: no thread is worth it.
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_ino)
            if seen != self._seen:
                self._token = self._path.read_text(encoding="ascii").strip()
                self._seen = seen
        except (OSError, UnicodeDecodeError) as error:
            raise TokenUnavailable(f"cannot read the token file {self._path}: {error}") from error
        if not self._token:
            raise TokenUnavailable(f"the token file {self._path} is empty")
        return self._token

    def rejected(self, token: str) -> None:
        """See `Tokens.rejected`."""
        if token == self._token:
            self._seen = None


class ClientCredentials:
    """OAuth2 client credentials (RFC 6749, section 4.4); the token is kept until shortly before its end."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        client_id: str,
        client_secret: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._url = url
        self._authorization = _basic(client_id, client_secret)
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0
        self._asking = asyncio.Lock()

    async def current(self) -> str:
        """See `Tokens.current`."""
        async with self._asking:
            if not self._token or self._clock() >= self._renew_at:
                await self._ask()
            return self._token

    def rejected(self, token: str) -> None:
        """See `Tokens.rejected`."""
        if token == self._token:
            self._token = ""

    async def _ask(self) -> None:
        try:
            async with self._session.post(
                self._url,
                data={"grant_type": "client_credentials", "scope": "sync:apply"},
                headers={"authorization": self._authorization},
                timeout=aiohttp.ClientTimeout(total=TOKEN_TIMEOUT),
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise TokenUnavailable(f"the token endpoint answered {answer.status}")
                grant = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise TokenUnavailable(f"the token endpoint did not answer: {type(error).__name__}") from error
        token = grant.get("access_token") if isinstance(grant, dict) else None
        if not isinstance(token, str) or not token:
            raise TokenUnavailable("the token endpoint answered without access_token")
        lifetime = grant.get("expires_in", DEFAULT_LIFETIME)
        seconds = float(lifetime) if isinstance(lifetime, int | float) else DEFAULT_LIFETIME
        self._token = token
        self._renew_at = self._clock() + max(seconds - RENEW_BEFORE, seconds / 2)


def _basic(client_id: str, client_secret: str) -> str:
    """RFC 6749, section 2.3.1: both are form-encoded before they are joined."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
