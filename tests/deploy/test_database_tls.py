"""Connections to PostgreSQL as the task definitions set them: PGSSLMODE=verify-full with an issuer's file.

The server is the embedded one with TLS on, its certificate by an issuer of the test's own.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from devstack.servers.postgres import SUPERUSER, Postgres
from kernel.settings import ConfigurationProblem
from subgraphs.customer.store.engine import administering
from subgraphs.customer.store.outbox_reader import OutboxReader, OutboxUnavailable
from tests.kit.postgres import free_port

_DAY = datetime.timedelta(days=1)
_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


class Issuer:
    """A certificate authority."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Issuer of a test")])
        builder = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        self.certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def issue(self, address: str) -> tuple[bytes, bytes]:
        """A server's certificate for `address`, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "database")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = self._builder(name, key).add_extension(names, False).sign(self._key, hashes.SHA256())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate.public_bytes(Encoding.PEM), secret

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
        )


@dataclass
class Database:
    """A server that offers TLS."""

    server: Postgres
    data: Path
    issuer: Issuer

    @property
    def url(self) -> str:
        return self.server.url(SUPERUSER, "postgres")

    def present(self, address: str) -> None:
        """Start again with a certificate for `address`."""
        self.server.stop()
        certificate, key = self.issuer.issue(address)
        (self.data / "server.crt").write_bytes(certificate)
        secret = self.data / "server.key"
        secret.write_bytes(key)
        secret.chmod(0o600)
        os.chown(secret, self.data.stat().st_uid, self.data.stat().st_gid)
        self.server.start()


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """One server for the module, with a certificate for the address that clients use."""
    folder = Path(tempfile.mkdtemp(prefix="customer-graph-tls-"))
    # Under root the server runs as another user, who must be able to reach its data.
    folder.chmod(0o755)
    server = Postgres(folder / "data", free_port(), folder / "log", {"fsync": "off", "ssl": "on"})
    one = Database(server, folder / "data", Issuer())
    try:
        server.initialise()
        one.present("127.0.0.1")
        yield one
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of issuers that the task definitions' variables name; not there yet."""
    file = tmp_path / "rds-ca.pem"
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(file))
    return file


async def _is_encrypted(url: str) -> bool:
    """Connect in both ways, the engine's and the relay's; what the server says of the first."""
    async with administering(url) as engine, engine.connect() as connection:
        encrypted: bool = (await connection.execute(text(_ENCRYPTED))).scalar_one()
    reader = OutboxReader(url, connections=1)
    listener = await reader.listener(lambda: None)
    await listener.close()
    await reader.close()
    return encrypted


async def _refusals(url: str) -> list[str]:
    """Why neither of the two ways is open; fails when one is."""
    with pytest.raises(ConfigurationProblem) as first:
        async with administering(url) as engine, engine.connect():
            pass
    with pytest.raises(OutboxUnavailable) as second:
        await OutboxReader(url, connections=1).listener(lambda: None)
    return [str(first.value), str(second.value)]


def test_a_server_of_the_trusted_issuer_is_used_encrypted(database: Database, trust: Path) -> None:
    """Every process of the customer subgraph verifies by the file that PGSSLROOTCERT names."""
    trust.write_bytes(database.issuer.certificate)
    assert asyncio.run(_is_encrypted(database.url))


def test_a_server_of_another_issuer_is_refused(database: Database, trust: Path) -> None:
    """Somebody in between cannot present a certificate of its own making."""
    trust.write_bytes(Issuer().certificate)
    assert all("certificate verify failed" in why for why in asyncio.run(_refusals(database.url)))


def test_a_certificate_for_another_host_is_refused(database: Database, trust: Path) -> None:
    """The issuer signs for many servers: the name is verified as well."""
    trust.write_bytes(database.issuer.certificate)
    database.present("127.0.0.2")
    try:
        assert all("IP address mismatch" in why for why in asyncio.run(_refusals(database.url)))
    finally:
        database.present("127.0.0.1")


def test_without_the_issuers_nothing_connects(database: Database, trust: Path) -> None:
    """An image that was built without the file fails closed."""
    assert not trust.exists()
    assert all("No such file" in why for why in asyncio.run(_refusals(database.url)))


def test_a_server_without_encryption_is_refused(trust: Path) -> None:
    """There is no way back to plain text, which a server or somebody in between may ask for."""
    trust.write_bytes(Issuer().certificate)

    async def decline(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The request for TLS has 8 bytes; N is PostgreSQL's no.
        await reader.readexactly(8)
        writer.write(b"N")
        with suppress(ConnectionError):
            assert await reader.read() == b"", "a password may have been in it"
        writer.close()

    async def run() -> list[str]:
        async with await asyncio.start_server(decline, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await _refusals(f"postgresql://somebody:secret@127.0.0.1:{port}/postgres")

    assert all("rejected SSL upgrade" in why for why in asyncio.run(run()))
