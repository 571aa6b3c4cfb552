"""`gateway dev` over `gateway mock`: two processes, no subgraph written yet."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.composition import SubgraphInput, compose
from tests.kit.waiting import eventually

CUSTOMER = (
    'type Query { customer(id: ID!): Customer } type Customer @key(fields: "id") { id: ID! name: String! }'
)
RATING = 'extend type Customer @key(fields: "id") { id: ID! @external score: Int! }'


@dataclass
class Running:
    """A `customer-graph` process and everything that it has said."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _queue: queue.Queue[str] = field(default_factory=queue.Queue)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def url(self) -> str:
        found = eventually(
            "the process serves", lambda: re.search(r"http://127\.0\.0\.1:[1-9]\d+(?=\s)", self.ready)
        )
        return found[0]

    @property
    def ready(self) -> str:
        assert self.process.poll() is None, self.text
        return " ".join(line for line in self.lines if "ready" in line) + " "


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from kernel.cli import main; main()", "gateway", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    state = Running(process)
    reader = threading.Thread(target=state.read, daemon=True)
    reader.start()
    try:
        yield state
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)


def ask(url: str, query: str) -> Any:
    request = urllib.request.Request(
        f"{url}/graphql", json.dumps({"query": query}).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)


def test_developing_against_subgraphs_that_do_not_exist_yet(tmp_path: Path) -> None:
    """Mocked answers come through the gateway; a changed SDL is taken up; a broken one is explained."""
    (tmp_path / "customer.graphql").write_text(CUSTOMER)
    (tmp_path / "rating.graphql").write_text(RATING)
    later = RATING.replace("score: Int!", "score: Int! band: String!")
    planned = compose([SubgraphInput("customer", "", CUSTOMER), SubgraphInput("rating", "", later)])
    assert planned.supergraph_sdl is not None
    (tmp_path / "planned.graphql").write_text(planned.supergraph_sdl)
    with running("mock", "--supergraph", str(tmp_path / "planned.graphql"), "--port", "0") as fake:
        base = fake.url()
        config = tmp_path / "supergraph.yaml"
        entries = [
            f"  {n}: {{routing_url: '{base}/{n}', schema: {{file: {n}.graphql}}}}"
            for n in ("customer", "rating")
        ]
        config.write_text("\n".join(["subgraphs:", *entries]))
        with running("dev", str(config), "--port", "0") as gateway:
            url = gateway.url()
            answer = ask(url, '{ customer(id: "id-7") { id name score } }')
            assert "errors" not in answer, answer
            assert answer["data"]["customer"]["id"] == "id-7"
            assert isinstance(answer["data"]["customer"]["score"], int)

            new = '{ customer(id: "id-7") { band } }'
            assert "errors" in ask(url, new)
            (tmp_path / "rating.graphql").write_text(later)
            eventually("the gateway knows the new field", lambda: "errors" not in ask(url, new), seconds=20)
            assert "rating changed" in gateway.text

            (tmp_path / "rating.graphql").write_text(later.replace("Int!", "Inteiro!"))
            eventually("the fault is told", lambda: 'Unknown type "Inteiro"' in gateway.text, seconds=20)
            assert "errors" not in ask(url, new)
