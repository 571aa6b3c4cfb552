from __future__ import annotations

from pathlib import Path

from devstack.keys import AUDIENCE, ISSUER, ROLES, signer
from devstack.layout import DataFolder
from kernel.auth import AuthConfig, Verifier


def folder_at(path: Path) -> DataFolder:
    folder = DataFolder.at(path)
    folder.create()
    return folder


async def test_every_role_gets_a_token_that_the_processes_accept(tmp_path: Path) -> None:
    """The verifier of all processes takes the devstack's tokens and finds their subject and scopes."""
    folder = folder_at(tmp_path / "data")
    keys = signer(folder)
    verifier = Verifier(AuthConfig(issuer=ISSUER, audience=AUDIENCE, jwks=str(folder.jwks)))
    await verifier.start()
    for role, scopes in ROLES.items():
        principal = await verifier.verify(keys.token(role, scopes))
        assert (principal.subject, principal.scopes) == (role, frozenset(scopes.split()))


async def test_a_second_run_signs_with_the_first_runs_key(tmp_path: Path) -> None:
    """Tokens of an earlier run stay valid, since the key pair is made once."""
    folder = folder_at(tmp_path / "data")
    token = signer(folder).token("ana", "graph:write")
    again = signer(folder)
    verifier = Verifier(AuthConfig(issuer=ISSUER, audience=AUDIENCE, jwks=str(folder.jwks)))
    await verifier.start()
    assert (await verifier.verify(token)).subject == "ana"
    assert (await verifier.verify(again.token("bia", ""))).subject == "bia"


def test_the_published_key_set_holds_no_private_key(tmp_path: Path) -> None:
    """What other processes read is the public half alone."""
    folder = folder_at(tmp_path / "data")
    signer(folder)
    assert '"d"' not in folder.jwks.read_text()
