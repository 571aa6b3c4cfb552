"""A whole stack of real processes with a TCP proxy on every connection between them.

Nobody supervises: what a test stops stays stopped.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack.keys import ROUTER_SCOPES, signer
from devstack.layout import DataFolder, write_atomically
from devstack.servers.protocol import Supervised
from devstack.service import Service
from devstack.settings import DevstackSettings
from devstack.stack import assemble
from devstack.stores import Step
from tests.kit.folders import open_folder
from tests.kit.postgres import free_port
from tests.kit.stack import ROOT, START_SECONDS, Stack, command
from tests.kit.tcp_proxy import TcpProxy, tcp_proxy
from tests.kit.waiting import eventually

__all__ = ["LINKS", "VISIBILITY_SECONDS", "Link", "WiredStack", "wired_stack"]

Link = tuple[str, str]

#: Who connects to whom. The embedded activity store is a file, and has no connection.
LINKS: tuple[Link, ...] = (
    ("gateway", "customer"),
    ("gateway", "rating"),
    ("gateway", "activity"),
    ("customer", "postgres"),
    ("relay", "postgres"),
    ("relay", "sqs"),
    ("router", "sqs"),
    ("router", "rating"),
    ("router", "activity"),
    ("rating", "mongodb"),
)
#: So that recoveries take seconds; these tests are not about how long they take.
_IMPATIENT = {
    "RELAY_OBSERVE_SECONDS": "0.5",
    "RELAY_BACKOFF_CAP_SECONDS": "1",
    "ROUTER_WATCH_SECONDS": "1",
    "RELAY_CREATE_QUEUES": "true",
    "ROUTER_CREATE_QUEUES": "true",
}
#: Of a received message.
VISIBILITY_SECONDS = 6
_PROBE_SECONDS = 10.0


class WiredStack(Stack):
    """Made by `wired_stack`."""

    def __init__(self, folder: Path, more: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """`more` is told to processes, by their names, besides all that the stack tells them."""
        super().__init__(folder / "data", folder / "output.txt")
        self._more = more or {}
        self._folder = DataFolder.at(self.data)
        self._proxies: dict[Link, TcpProxy] = {}
        self._running = ExitStack()
        #: Servers and processes by name.
        self.members_by_name: dict[str, Supervised] = {}

    def start(self, *options: str) -> None:
        """Start servers, prepare stores, start processes; everything is ready then."""
        assert not options, "a wired stack has no options"
        self._folder.create()
        write_atomically(self._folder.router_token, signer(self._folder).token("router", ROUTER_SCOPES))
        plan = assemble(self._folder, DevstackSettings(), 0)
        for server in plan.servers:
            self._add(server)
        self._await_ready()
        with ThreadPoolExecutor(len(plan.preparations)) as threads:
            list(threads.map(_prepare, plan.preparations))
        ports = {member.name: member.port for member in (*plan.servers, *plan.services)}
        for link in LINKS:
            self._proxies[link] = self._running.enter_context(tcp_proxy(ports[link[1]]))
        for service in plan.services:
            assert isinstance(service, Service)
            self._add(self._wired(service, ports))
        self._await_ready()
        self.url = self.members_by_name["gateway"].url

    def stop(self) -> int:
        """Stop everything, the last started first."""
        self._running.close()
        return 0

    def link(self, client: str, server: str) -> TcpProxy:
        """The proxy between these two."""
        return self._proxies[client, server]

    def member(self, name: str) -> Supervised:
        """One server or process."""
        return self.members_by_name[name]

    def add_twin(self, name: str) -> None:
        """Start a second process of the same kind, `<name>-twin`, with a port of its own."""
        twin = f"{name}-twin"
        service = self.members_by_name[name]
        assert isinstance(service, Service)
        log = service.spec.log.with_name(f"{twin}.log")
        self._add(Service(replace(service.spec, name=twin, port=free_port(), log=log)))
        eventually(f"{twin} is ready", self.member(twin).ready, START_SECONDS)

    def pid(self, name: str) -> int:
        """The process id of a running member."""
        pid = self.members_by_name[name].pid
        assert pid is not None, f"{name} does not run"
        return pid

    def restart(self, name: str) -> None:
        """Stop one member, start it again, and wait until it is ready."""
        self.member(name).stop()
        self.member(name).start()
        eventually(f"{name} is ready", self.member(name).ready, START_SECONDS)

    def token(self, scopes: str, subject: str = "tester") -> str:
        """See `Stack.token`."""
        return signer(self._folder).token(subject, scopes)

    def health(self, name: str, which: str) -> int:
        """The status of `/health/<which>` of a process."""
        return _get(self.member(name).port, f"/health/{which}")[0]

    def metric(self, name: str, sample: str) -> float:
        """The sum of one metric of a process over all its labels."""
        lines = _get(self.member(name).port, "/metrics")[1].splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{sample} ", f"{sample}{{"))
        )

    def _add(self, member: Supervised) -> None:
        self.members_by_name[member.name] = member
        self._running.callback(member.stop)
        member.start()

    def _await_ready(self) -> None:
        for member in self.members_by_name.values():
            eventually(f"{member.name} is ready", member.ready, START_SECONDS)

    def _wired(self, service: Service, ports: Mapping[str, int]) -> Service:
        """The same process, told the proxies' ports instead of its servers'."""
        told = {**service.spec.environment, **_IMPATIENT, "CUSTOMER_GRAPH_TEST": "1"}
        told["ROUTER_CONFIG"] = str(self._impatient_routes())
        for (client, server), proxy in self._proxies.items():
            if client == service.name:
                old, new = f"127.0.0.1:{ports[server]}", f"127.0.0.1:{proxy.port}"
                told = {name: value.replace(old, new) for name, value in told.items()}
        return Service(replace(service.spec, environment={**told, **self._more.get(service.name, {})}))

    def _impatient_routes(self) -> Path:
        document: dict[str, Any] = yaml.safe_load((ROOT / "router.yaml").read_text())
        for name, target in document["targets"].items():
            target.update(
                schema=str(ROOT / "schema" / f"{name}.graphql"), timeout="2s", breaker_cooldown="1s"
            )
        for queue in document["queues"].values():
            queue.update(visibility_timeout=f"{VISIBILITY_SECONDS}s", wait="1s", backoff_cap="2s")
            # YAML 1.1 reads the bare word `on` as true.
            queue["routes"] = [{"on": route.pop(True), **route} for route in queue["routes"]]
        path = self.data / "router.yaml"
        path.write_text(json.dumps(document))
        return path


def _prepare(steps: list[Step]) -> None:
    for step in steps:
        done = command(*step.arguments, environment=step.environment)
        assert done.returncode == 0, f"could not {step.title}:\n{done.stdout}{done.stderr}"


def _get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=_PROBE_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextmanager
def wired_stack(
    request: pytest.FixtureRequest, more: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[WiredStack]:
    """A stack that is ready; its folder stays when a test has failed."""
    with open_folder(request) as folder:
        stack = WiredStack(folder, more)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()
