"""What docker-compose.yml has instead of a secret store and an identity provider.

It makes passwords and keys once, and hands each reader exactly its own, in a folder of its own: a service
mounts that folder and no other. Its own folder keeps what must never change (the keys of encrypted data).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.keys import ROLES, Signer, router_token, signer
from devstack.layout import DataFolder
from kernel.settings import ConfigurationProblem

__all__ = ["READERS", "Issuer"]

#: Which secrets a reader gets: its folder, and in it the file and the secret's name.
_SECRETS: Mapping[str, Mapping[str, str]] = {
    "postgres": {"superuser-password": "postgres"},
    "provision": {
        "superuser-password": "postgres",
        "owner-password": "owner",
        "app-password": "app",
        "relay-password": "relay",
    },
    "migrate": {"owner-password": "owner"},
    "customer": {
        "app-password": "app",
        "encryption-key": "encryption",
        "blind-index-key": "blind-index",
    },
    "relay": {"relay-password": "relay"},
}
#: Everybody who reads something: secrets, the public key set (`trust`), or a token.
READERS = (*_SECRETS, "trust", "router", "demo")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Keeps its own in `folder`, and hands out below `out`: `out/<reader>/<file>`."""

    folder: DataFolder
    out: Path

    def signer(self) -> Signer:
        """Who signs; its key pair is made at the first call."""
        self.folder.create()
        return signer(self.folder)

    def hand_out(self) -> None:
        """Everything, and at last the tokens: who has one finds the rest in place. Safe to repeat."""
        self.signer()
        for reader, files in _SECRETS.items():
            for file, name in files.items():
                self._write(reader, file, self.folder.secret(name))
        self._write("trust", "jwks.json", self.folder.jwks.read_text())
        self.renew()

    def renew(self) -> None:
        """Replace the tokens, which do not live as long as their readers."""
        keys = self.signer()
        self._write("demo", "token", keys.token("demo", ROLES["clerk"]))
        self._write("router", "token", router_token(keys))

    def _write(self, reader: str, file: str, text: str) -> None:
        """Whoever the folder is given to may read it, whatever user its container has."""
        folder = self.out / reader
        draft = folder / f".{file}.{secrets.token_hex(4)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as open_file:
                open_file.write(text)
                os.fchmod(open_file.fileno(), 0o444)  # whatever the umask
            draft.replace(folder / file)
        except OSError as error:
            raise ConfigurationProblem(f"cannot write {folder / file}: {error.strerror}") from error
