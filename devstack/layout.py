"""The data folder: where everything that one stack keeps lives, and who may read it."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kernel.settings import ConfigurationProblem

__all__ = ["DataFolder", "write_atomically"]

_MARKER = "customer-graph-devstack"
_MARKER_TEXT = (
    "The data of one Customer Graph devstack. `customer-graph devstack reset` deletes this folder.\n"
)


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths below one absolute `root`; nothing is created before `create`."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> DataFolder:
        """The folder at `path`, taken relative to the working directory."""
        return cls(path.expanduser().absolute())

    @property
    def marker(self) -> Path:
        """The file by which a folder is known as ours."""
        return self.root / _MARKER

    @property
    def state(self) -> Path:
        """What is running, rewritten at every change."""
        return self.root / "state.json"

    @property
    def keys(self) -> Path:
        """Private keys and secrets: a folder for the owner only."""
        return self.root / "keys"

    @property
    def jwks(self) -> Path:
        """The public half of the signing key."""
        return self.root / "jwks.json"

    @property
    def router_token(self) -> Path:
        """The router's bearer token, replaced before it expires."""
        return self.keys / "router.token"

    @property
    def activity_store(self) -> Path:
        """The embedded activity store's database file."""
        return self.root / "activity" / "activity.db"

    @property
    def seeded(self) -> Path:
        """Which applicants were loaded, and as which customers: CSV with `applicant,customerId`."""
        return self.root / "applicants.csv"

    @property
    def seed(self) -> Path:
        """The day that the demo's dates are counted from, fixed by the first load."""
        return self.root / "seed.json"

    def log(self, name: str) -> Path:
        """The log file of the process `name`."""
        return self.root / "logs" / f"{name}.log"

    def create(self) -> None:
        """Make the folder; raises ConfigurationProblem when it cannot be, or belongs to something else."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if not self.marker.exists():
                if any(self.root.iterdir()):
                    raise ConfigurationProblem(
                        f"{self.root} holds other files; choose an empty or new folder with --data DIR"
                    )
                self.marker.write_text(_MARKER_TEXT)
            self.keys.mkdir(mode=0o700, exist_ok=True)
            for folder in (self.root / "logs", self.activity_store.parent):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise ConfigurationProblem(
                f"cannot use {self.root} ({error.strerror}); choose a folder you may write to with --data DIR"
            ) from error

    def delete(self) -> None:
        """Delete the folder and all in it, if it is ours; raises ConfigurationProblem otherwise."""
        if not self.root.exists():
            return
        if not self.marker.exists():
            raise ConfigurationProblem(f"{self.root} is not a devstack's data folder; nothing was deleted")
        shutil.rmtree(self.root)

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Hold the folder for one supervisor; raises ConfigurationProblem when another one has it.

        The kernel lets go of the lock when the holder ends, however it ends.
        """
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigurationProblem(
                    f"a stack already runs on {self.root}; look with `customer-graph devstack status`, "
                    "stop it with `customer-graph devstack down`, or choose another folder with --data DIR"
                ) from error
            yield
        finally:
            os.close(descriptor)

    def secret(self, name: str) -> str:
        """64 hexadecimal digits, made once and readable by the owner alone."""
        path = self.keys / f"{name}.key"
        with suppress(FileExistsError):
            write_private(path, secrets.token_hex(32))
        return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Create `path` (0600) with `text`, complete or not at all; raises FileExistsError when it is there."""
    draft = _draft(path, text)
    try:
        path.hardlink_to(draft)  # unlike rename, this fails when another process was first
    finally:
        draft.unlink()


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` (0600) so that a reader sees the old text or the new one, never a part."""
    _draft(path, text).replace(path)


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft
