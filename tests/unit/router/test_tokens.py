"""Where the router's token comes from."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from router.targets import new_session
from router.tokens import ClientCredentials, TokenFile, TokenUnavailable


async def test_token_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    """Somebody else renews the file; the router follows without a restart."""
    path = tmp_path / "token"
    path.write_text("first\n")
    tokens = TokenFile(path)
    assert await tokens.current() == "first"
    renewed = tmp_path / "renewed"
    renewed.write_text("second\n")
    renewed.replace(path)
    assert await tokens.current() == "second"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
async def test_unusable_token_file_is_told(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty or binary: an error that names the file, not its content."""
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TokenUnavailable, match=str(path)):
        await TokenFile(path).current()


@dataclass
class Authority:
    """A token endpoint."""

    url: str = ""
    grants: list[dict[str, object]] = field(default_factory=list)
    status: int = 200
    requests: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """POST /token."""
        self.requests.append((request.headers["authorization"], parse_qs(await request.text())))
        grant = self.grants[min(len(self.requests), len(self.grants)) - 1]
        return web.json_response(grant, status=self.status)


@pytest.fixture
async def authority() -> AsyncIterator[Authority]:
    """A served token endpoint."""
    found = Authority()
    application = web.Application()
    application.router.add_post("/token", found.answer)
    server = TestServer(application)
    await server.start_server()
    found.url = str(server.make_url("/token"))
    yield found
    await server.close()


async def test_client_credentials_are_exchanged_and_kept(authority: Authority) -> None:
    """One request serves until shortly before the token's end (RFC 6749, section 4.4)."""
    now = [0.0]
    authority.grants = [{"access_token": name, "expires_in": 300} for name in ("first", "second")]
    async with new_session() as session:
        tokens = ClientCredentials(session, authority.url, "router", "s3cret", lambda: now[0])
        assert await tokens.current() == "first"
        now[0] = 239.0
        assert await tokens.current() == "first"
        now[0] = 241.0
        assert await tokens.current() == "second"
    authorization, form = authority.requests[0]
    assert base64.b64decode(authorization.removeprefix("Basic ")) == b"router:s3cret"
    assert form == {"grant_type": ["client_credentials"], "scope": ["sync:apply"]}
    assert len(authority.requests) == 2


async def test_rejected_token_is_not_used_again(authority: Authority) -> None:
    """A 401 of a target makes the next call ask for a new one."""
    authority.grants = [{"access_token": name, "expires_in": 300} for name in ("revoked", "good")]
    async with new_session() as session:
        tokens = ClientCredentials(session, authority.url, "router", "s3cret")
        tokens.rejected(await tokens.current())
        assert await tokens.current() == "good"


@pytest.mark.parametrize("grant", [{}, {"access_token": 5}, {"access_token": ""}, []])
async def test_useless_grant_is_told(authority: Authority, grant: dict[str, object]) -> None:
    """An answer without a token is an outage of the token endpoint."""
    authority.grants = [grant]
    async with new_session() as session:
        with pytest.raises(TokenUnavailable):
            await ClientCredentials(session, authority.url, "router", "s3cret").current()


async def test_refused_client_is_told_without_its_secret(authority: Authority) -> None:
    """The error names the status alone."""
    authority.grants, authority.status = [{}], 401
    async with new_session() as session:
        with pytest.raises(TokenUnavailable) as refused:
            await ClientCredentials(session, authority.url, "router", "s3cret").current()
    assert "s3cret" not in str(refused.value)
