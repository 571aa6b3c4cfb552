"""How a server that refuses to run as root is started by root all the same.

PostgreSQL exits when its effective user is root. Without root nothing is to be done. As root there are two
ways out: the account `nobody`, when it can reach the binaries and the data folder, and otherwise (a clone
below a private `/root`) a user namespace in which root's own files belong to an ordinary user.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kernel.settings import ConfigurationProblem

__all__ = ["Identity", "unprivileged_identity"]

#: The account that owns nothing on any Linux or macOS.
_ACCOUNT = "nobody"
#: Seconds for the probe whether user namespaces are permitted; `unshare true` takes milliseconds.
_PROBE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a server runs as. All fields empty: the caller itself."""

    #: Numeric user and group to switch to before the program starts; None keeps the caller's.
    user: int | None = None
    group: int | None = None
    #: Words to put before the program's own command line.
    prefix: tuple[str, ...] = ()

    def own(self, path: Path) -> None:
        """Make `path` and all below it belong to this identity; does nothing when it already does."""
        if os.geteuid() != 0:
            return
        user, group = self.user or 0, self.group or 0
        if path.stat().st_uid == user:
            return
        for folder, _, files in os.walk(path):
            os.chown(folder, user, group)
            for name in files:
                os.chown(Path(folder, name), user, group, follow_symlinks=False)


def unprivileged_identity(*paths: Path) -> Identity:
    """The first identity other than root that can reach every one of `paths` (or their nearest parents).

    Raises ConfigurationProblem when root can neither use `nobody` nor a user namespace.
    """
    if os.geteuid() != 0:
        return Identity()
    account = _account()
    if account is not None and all(_reachable(path, account.pw_uid) for path in paths):
        return Identity(user=account.pw_uid, group=account.pw_gid)
    if _namespaces_permitted():
        return Identity(prefix=_namespace_prefix())
    blocked = next(
        (path for path in paths if account is None or not _reachable(path, account.pw_uid)), paths[0]
    )
    raise ConfigurationProblem(
        f"PostgreSQL must not run as root, and the account '{_ACCOUNT}' cannot reach {blocked}: "
        "run as another user, or put the project and --data into folders that others may enter (chmod o+x)."
    )


def _account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return None


def _reachable(path: Path, user: int) -> bool:
    """Whether `user` may enter every existing folder above `path` (groups and ACLs are not counted)."""
    return all(_may_enter(parent, user) for parent in path.absolute().parents if parent.exists())


def _may_enter(folder: Path, user: int) -> bool:
    status = folder.stat()
    needed = stat.S_IXUSR if status.st_uid == user else stat.S_IXOTH
    return bool(status.st_mode & needed)


def _namespace_prefix() -> tuple[str, ...]:
    unshare = shutil.which("unshare") or "unshare"
    return (unshare, "--user", "--map-user=1000", "--map-group=1000", "--")


def _namespaces_permitted() -> bool:
    """Containers often forbid user namespaces, so ask by trying."""
    if shutil.which("unshare") is None:
        return False
    probe = subprocess.run(
        [*_namespace_prefix(), "true"], check=False, capture_output=True, timeout=_PROBE_SECONDS
    )
    return probe.returncode == 0
