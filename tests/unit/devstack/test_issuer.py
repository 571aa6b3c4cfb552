"""What the issuer of docker-compose.yml hands out, and to whom."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from devstack.issuer import READERS, Issuer
from devstack.issuer_cli import command
from devstack.keys import AUDIENCE, ISSUER
from devstack.layout import DataFolder
from kernel.auth import AuthConfig, Verifier
from kernel.settings import ConfigurationProblem


def issuer_at(path: Path) -> Issuer:
    return Issuer(DataFolder.at(path / "data"), path / "out")


def handed_out(issuer: Issuer) -> dict[str, str]:
    return {
        str(path.relative_to(issuer.out)): path.read_text()
        for path in issuer.out.rglob("*")
        if path.is_file()
    }


def test_everybody_gets_their_own_and_no_more(tmp_path: Path) -> None:
    """Each reader has its files; the customer service alone the keys of data, nobody the signing key."""
    issuer = issuer_at(tmp_path)
    issuer.hand_out()
    files = handed_out(issuer)
    assert {Path(name).parent.name for name in files} == set(READERS)
    assert files["provision/app-password"] == files["customer/app-password"]
    keys = {files["customer/encryption-key"], files["customer/blind-index-key"]}
    others = {text for name, text in files.items() if not name.startswith("customer/")}
    assert len(keys) == 2
    assert not keys & others
    assert not any("PRIVATE KEY" in text for text in files.values())


def test_a_second_run_hands_out_the_same_secrets(tmp_path: Path) -> None:
    """Data that was encrypted with a key stays readable; only the tokens are new."""
    issuer = issuer_at(tmp_path)
    issuer.hand_out()
    before = handed_out(issuer)
    issuer.hand_out()
    after = handed_out(issuer)
    assert {name for name in before if before[name] != after[name]} == {"router/token", "demo/token"}


def test_readers_of_any_user_can_read_and_none_can_write(tmp_path: Path) -> None:
    """A container's user is not the issuer's: the folder that it is given is what keeps others out."""
    issuer = issuer_at(tmp_path)
    issuer.hand_out()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in issuer.out.rglob("*") if path.is_file()}
    assert modes == {0o444}


async def test_the_tokens_are_what_the_services_verify(tmp_path: Path) -> None:
    """The router's, and one from the command line, against the key set that the services are given."""
    issuer = issuer_at(tmp_path)
    issuer.hand_out()
    printed = CliRunner().invoke(
        command, ["token", "--data", str(issuer.folder.root), "--scopes", "customer:pii", "--sub", "ana"]
    )
    verifier = Verifier(
        AuthConfig(issuer=ISSUER, audience=AUDIENCE, jwks=str(issuer.out / "trust" / "jwks.json"))
    )
    await verifier.start()
    router = await verifier.verify((issuer.out / "router" / "token").read_text())
    assert "sync:apply" in router.scopes
    ana = await verifier.verify(printed.stdout.splitlines()[-1])
    assert (ana.subject, ana.scopes) == ("ana", frozenset({"customer:pii"}))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """One line for whoever mounts the volumes."""
    issuer = issuer_at(tmp_path)
    issuer.out.mkdir()
    (issuer.out / "postgres").write_text("in the way")
    with pytest.raises(ConfigurationProblem, match=r"cannot write .*/out/postgres"):
        issuer.hand_out()
