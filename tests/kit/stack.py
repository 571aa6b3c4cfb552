"""A whole stack of real processes, started by the very command that users start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from devstack.keys import ISSUER, signer
from devstack.layout import DataFolder
from tests.kit.folders import open_folder
from tests.kit.real_stack import real_stack_environment
from tests.kit.tokens import TokenIssuer
from tests.kit.waiting import eventually

__all__ = ["PROCESSES", "SERVERS", "Answer", "Stack", "command", "shared_stack", "trusted_issuer"]

PROCESSES = ("customer", "relay", "rating", "activity", "router", "gateway")
SERVERS = ("postgres", "mongodb", "sqs")
ROOT = Path(__file__).resolve().parents[2]
#: Seconds for nine processes to start on a busy machine.
START_SECONDS = 120.0
REQUEST_SECONDS = 20.0
_SCRIPT = Path(sys.executable).with_name("customer-graph")


def command(
    *arguments: str, timeout: float = START_SECONDS, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `customer-graph` to its end, with `environment` besides this process's."""
    return subprocess.run(
        [str(_SCRIPT), *arguments], check=False, capture_output=True, text=True, timeout=timeout, cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A GraphQL answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """The data of an answer that must have no errors."""
        assert "errors" not in self.body, self.body["errors"]
        data: dict[str, Any] = self.body["data"]
        return data

    @property
    def codes(self) -> list[str]:
        """The codes of the errors, in their order."""
        return [error.get("extensions", {}).get("code", "") for error in self.body.get("errors", [])]


@dataclass
class Stack:
    """One `devstack up --no-demo` in a folder; `stop` ends it, and `start` runs it again on the same data."""

    data: Path
    output: Path
    process: subprocess.Popen[bytes] | None = None
    url: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    #: Told to the stack besides this process's environment.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: In the place of `customer-graph` for `devstack up`.
    program: Sequence[str] = (str(_SCRIPT),)

    def start(self, *options: str) -> None:
        """Start it and wait until everything is ready."""
        arguments = [*self.program, "devstack", "up", "--data", str(self.data), "--gateway-port", "0"]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [*arguments, *(options or ("--no-demo",))],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT, start_new_session=True,
                env={**os.environ, **self.environment, "CUSTOMER_GRAPH_TEST": "1"},
            )  # fmt: skip
        eventually("the stack is ready", self._said_ready, START_SECONDS)
        self.url = self.record("gateway")["url"]

    def stop(self) -> int:
        """Stop it as Ctrl-C does; its exit code."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(START_SECONDS)

    def kill(self) -> None:
        """Kill the supervisor, so that it cannot clean up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def said(self) -> str:
        """All that the command has printed."""
        return self.output.read_text(errors="replace")

    def status(self) -> list[dict[str, Any]]:
        """`devstack status --json`."""
        done = command("devstack", "status", "--json", "--data", str(self.data))
        processes: list[dict[str, Any]] = json.loads(done.stdout)["processes"]
        return processes

    def record(self, name: str) -> dict[str, Any]:
        """The status of one member."""
        return next(process for process in self.status() if process["name"] == name)

    def restart_of(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill one member and wait until the supervisor has it ready again, as another process."""
        before = self.record(name)["pid"]
        os.kill(before, number)

        def is_back() -> bool:
            now = self.record(name)
            return bool(now["state"] == "ready" and now["pid"] != before)

        eventually(f"{name} is back", is_back, START_SECONDS)

    def log(self, name: str) -> str:
        """The log of one member."""
        return (self.data / "logs" / f"{name}.log").read_text(errors="replace")

    def log_lines(self, name: str) -> list[dict[str, Any]]:
        """The structured lines of one member's log."""
        lines = []
        for line in self.log(name).splitlines():
            with suppress(ValueError):
                lines.append(json.loads(line))
        return lines

    def token(self, scopes: str, subject: str = "tester") -> str:
        """A token that the stack's processes accept, by `devstack token`."""
        key = f"{subject} {scopes}"
        if key not in self.tokens:
            done = command(
                "devstack", "token", "--data", str(self.data), "--scopes", scopes, "--sub", subject
            )
            self.tokens[key] = done.stdout.splitlines()[-1]
        return self.tokens[key]

    def ask(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        scopes: str | None = "graph:write customer:pii",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST to the gateway with a token of these scopes (None: without a token)."""
        return self.post(
            json.dumps({"query": document, "variables": dict(variables or {})}).encode(),
            {
                **({"authorization": f"Bearer {self.token(scopes)}"} if scopes is not None else {}),
                **(headers or {}),
            },
        )

    def post(self, body: bytes, headers: Mapping[str, str], url: str | None = None) -> Answer:
        """POST bytes as they are."""
        request = urllib.request.Request(
            url or self.url,
            data=body,
            headers={
                "content-type": "application/json",
                "accept": "application/graphql-response+json",
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:
                return Answer(response.status, dict(response.headers), json.loads(response.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), json.loads(error.read()))

    def members(self) -> list[psutil.Process]:
        """Every process that the supervisor has started and that still runs."""
        assert self.process is not None
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _said_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the stack ended with {self.process.returncode}:\n{self.said()}")
        return "Ctrl-C stops everything" in self.said()


@pytest.fixture(scope="session", name="token_issuer")
def trusted_issuer() -> TokenIssuer:
    """Signs what `devstack token` would not; the shared stack trusts its keys too."""
    return TokenIssuer(name=ISSUER)


def _trust(folder: DataFolder, issuer: TokenIssuer) -> None:
    folder.create()
    signer(folder)
    keys = json.loads(folder.jwks.read_text())["keys"] + issuer.jwks()["keys"]
    folder.jwks.write_text(json.dumps({"keys": keys}))


@pytest.fixture(scope="session", name="stack")
def shared_stack(request: pytest.FixtureRequest, token_issuer: TokenIssuer) -> Iterator[Stack]:
    """One stack for all tests of the run; each test makes the customers that it looks at.

    It runs on real servers when the environment names them (see `tests.kit.real`).
    """
    with open_folder(request) as folder:
        stack = Stack(folder / "data", folder / "output.txt", environment=real_stack_environment())
        _trust(DataFolder.at(stack.data), token_issuer)
        stack.start()
        yield stack
        assert stack.stop() == 0
