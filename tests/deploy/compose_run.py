"""Runs our services of docker-compose.yml as plain processes: an engine-free `docker compose up`.

Each runs from its image's tree, with the words and the environment of the file and the image and nothing
else. What differs is where things are: addresses are on the loopback interface, mounts are folders.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from devstack.ports import Ports
from tests.deploy.compose_file import ROOT, image_environment, named_volumes, ours, seconds

__all__ = ["ComposeRun", "Ended"]

#: Seconds for a one-shot to end, and for a service to become healthy, on a busy machine.
PATIENCE = 120.0
_HEALTH_PAUSE = 0.5
_OWN_PORT = re.compile(r"http://127\.0\.0\.1:(\d+)/")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, what it said, and how long it took to (after SIGTERM, if that was it)."""

    exit_code: int
    output: str
    errors: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class ComposeRun:
    """`servers` are the stores and queues that run already: `host:port` of the file to `host:port` here."""

    document: Mapping[str, Any]
    tree: Callable[[str], Path]
    scratch: Path
    servers: Mapping[str, str]
    #: Called when a service that is not ours would start.
    starting: Callable[[str], None]
    _ports: dict[str, int] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def up(self, profile: str) -> None:
        """Start what the profile has, each after those that it waits for. Raises AssertionError."""
        services = self.document["services"]
        chosen = {name for name, service in services.items() if profile in service["profiles"]}
        free = Ports()
        self._ports = {name: free.prefer(0) for name in sorted(ours(self.document))}
        waits = {name: set(services[name].get("depends_on", {})) for name in chosen}
        for name in TopologicalSorter(waits).static_order():
            if name not in ours(self.document):
                self.starting(name)
            elif services[name]["restart"] == "no":
                ended = self.once(name)
                assert ended.exit_code == 0, f"{name}: {ended.output}{ended.errors}"
            else:
                self._start(name)
                self._wait_until_healthy(name)

    def once(self, name: str) -> Ended:
        """`docker compose run NAME`: runs it to its end."""
        return self._run(name, [*self._entrypoint(name), *self._words(name, "command")])

    def execute(self, name: str, *words: str) -> Ended:
        """`docker compose exec NAME WORDS…`."""
        return self._run(name, list(words))

    def health(self, name: str) -> Ended:
        """Its health check, once."""
        kind, *words = self.document["services"][name]["healthcheck"]["test"]
        assert kind == "CMD"
        return self._run(name, [self._told(name, word) for word in words])

    def running(self) -> frozenset[str]:
        """Who runs now."""
        return frozenset(name for name, process in self._running.items() if process.poll() is None)

    def address(self, name: str) -> str:
        """`host:port` of a service of ours."""
        return f"127.0.0.1:{self._ports[name]}"

    def volume(self, name: str) -> Path:
        """The folder that takes a named volume's place."""
        folder = self.scratch / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def stop(self, name: str) -> Ended:
        """SIGTERM, as `docker compose down` sends it; SIGKILL after the time that the file gives it."""
        process = self._running.pop(name)
        grace = seconds(self.document["services"][name]["stop_grace_period"])
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return Ended(code, self._log(name).read_text(), seconds=time.monotonic() - started)

    def kill(self) -> None:
        """Leave nothing behind, however the test ended."""
        for process in self._running.values():
            process.kill()
            process.wait()

    def _start(self, name: str) -> None:
        with self._log(name).open("w") as log:
            self._running[name] = subprocess.Popen(
                self._in_tree(name, [*self._entrypoint(name), *self._words(name, "command")]),
                env=self._environment(name),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def _wait_until_healthy(self, name: str) -> None:
        ends_at = time.monotonic() + PATIENCE
        while (ended := self.health(name)).exit_code != 0:
            process = self._running[name]
            assert process.poll() is None, f"{name} ended: {self._log(name).read_text()}"
            assert time.monotonic() < ends_at, f"{name}: {ended.errors}{self._log(name).read_text()}"
            time.sleep(_HEALTH_PAUSE)

    def _run(self, name: str, words: list[str]) -> Ended:
        done = subprocess.run(
            self._in_tree(name, words),
            env=self._environment(name),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def _entrypoint(self, name: str) -> list[str]:
        """The file's, or the image's."""
        return self._words(name, "entrypoint") or ["customer-graph"]

    def _words(self, name: str, key: str) -> list[str]:
        return [self._told(name, word) for word in self.document["services"][name].get(key, [])]

    def _in_tree(self, name: str, words: list[str]) -> list[str]:
        program = self.tree(self._target(name)) / "bin" / words[0]
        return [str(program) if program.exists() else words[0], *words[1:]]

    def _environment(self, name: str) -> dict[str, str]:
        image = image_environment(self._target(name))
        image["PATH"] = f"{self.tree(self._target(name)) / 'bin'}:/usr/bin:/bin"
        image["HOST"] = "127.0.0.1"
        told = {**image, **self.document["services"][name].get("environment", {})}
        found = {variable: self._told(name, value) for variable, value in told.items()}
        return {**found, "PORT": str(self._ports[name])}

    def _told(self, name: str, text: str) -> str:
        """The text with addresses and paths as they are here."""
        for address, here in self._addresses(name).items():
            text = re.sub(rf"(?<=[/@]){re.escape(address)}(?=/|$)", here, text)
        first = text.split("/")[1] if text.startswith("/") else ""
        return f"{self._root(name)}{text}" if first and (self._root(name) / first).exists() else text

    def _addresses(self, name: str) -> dict[str, str]:
        found = dict(self.servers)
        for other, port in self._listens.items():
            found[f"{other}:{port}"] = self.address(other)
            if other == name:
                found[f"127.0.0.1:{port}"] = self.address(other)
        return found

    def _root(self, name: str) -> Path:
        """A folder with what the container of `name` has mounted, each thing at its path."""
        root = self.scratch / "roots" / name
        if not root.exists():
            service = self.document["services"][name]
            mounts = {path: self.volume(volume) for path, volume in named_volumes(service).items()}
            for each in service.get("configs", []):
                mounts[each["target"]] = ROOT / self.document["configs"][each["source"]]["file"]
            mounts["/srv"] = ROOT  # whose router.yaml and schema/ the images have there
            for path, source in mounts.items():
                place = root / path.removeprefix("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(source)
        return root

    @property
    def _listens(self) -> dict[str, str]:
        """The port of each service of ours in its container, as its health check has it."""
        checks = {name: service.get("healthcheck") for name, service in ours(self.document).items()}
        calls = {name: _OWN_PORT.search(str(check)) for name, check in checks.items()}
        return {name: call[1] for name, call in calls.items() if call is not None}

    def _target(self, name: str) -> str:
        target: str = self.document["services"][name]["build"]["target"]
        return target

    def _log(self, name: str) -> Path:
        return self.scratch / f"{name}.log"
