"""`customer-graph router …` as real processes on the in-memory SQS over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from router.queue import dead_letter_name
from tests.kit.fake_sqs import FakeSqs
from tests.kit.fake_sqs_http import serve_fake_sqs
from tests.kit.postgres import free_port
from tests.kit.waiting import eventually
from tests.unit.router.world import QUEUE, envelope, table_text

_SCRIPT = Path(sys.executable).with_name("customer-graph")


class Target:
    """A target that applies everything, in a thread of its own."""

    def __init__(self) -> None:
        seen = self.seen = []  # type: list[tuple[str, int]]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))["variables"]["event"]
                seen.append((event["customerId"], event["version"]))
                self._answer({"data": {"applyProfile": {"outcome": "APPLIED"}}})

            def do_GET(self) -> None:
                self._answer({})

            def _answer(self, document: object) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/graphql"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Site:
    """Queues, a target, and the environment that the command needs."""

    def __init__(self, folder: Path, sqs: FakeSqs, endpoint: str) -> None:
        self.sqs = sqs
        self.target = Target()
        self.port = free_port()
        self.table = folder / "router.yaml"
        self.table.write_text(table_text(self.target.url, wait="1s"))
        (folder / "token").write_text("a-token")
        self.environment = {
            **os.environ,
            "AWS_ENDPOINT_URL_SQS": endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "ROUTER_CONFIG": str(self.table),
            "ROUTER_TOKEN_FILE": str(folder / "token"),
            "ROUTER_CREATE_QUEUES": "true",
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command to its end."""
        return subprocess.run(
            [_SCRIPT, "router", *words],
            check=False, capture_output=True, text=True, timeout=60, env=self.environment,
        )  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """`router run`, ready."""
        process = subprocess.Popen(
            [_SCRIPT, "router", "run", "--port", str(self.port), *words],
            env=self.environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        eventually("the router is ready", self._ready)
        return process

    def send(self, customer: str, *versions: int) -> None:
        """Put events into the queue."""
        for version in versions:
            event = envelope(customer, version)
            self.sqs.send(QUEUE, event.to_json().decode(), customer, event.id)

    def applied(self, *expected: tuple[str, int]) -> None:
        """Wait until the target has seen these."""
        eventually("the events are applied", lambda: set(expected) <= set(self.target.seen))

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError, TimeoutError):
            return False


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose processes are gone at the end."""
    sqs = FakeSqs(time.monotonic)
    with serve_fake_sqs(sqs, free_port()) as endpoint:
        site = Site(tmp_path, sqs, endpoint)
        try:
            yield site
        finally:
            for process in site.processes:
                process.kill()
                process.wait()
            site.target.server.shutdown()


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The parent's living children."""
    return [
        child for child in psutil.Process(process.pid).children() if child.status() != psutil.STATUS_ZOMBIE
    ]


def test_worker_makes_its_queues_applies_and_drains(site: Site) -> None:
    """From nothing to an applied event; SIGTERM ends it with exit code 0."""
    process = site.start("--processes", "1")
    site.send("ana", 1, 2)
    site.applied(("ana", 1), ("ana", 2))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_worker_that_is_killed_is_started_again(site: Site) -> None:
    """Of two workers each may be killed; events go on, and the whole ends cleanly."""
    process = site.start("--processes", "2")
    eventually("both workers run", lambda: len(workers(process)) == 2)
    before = {child.pid for child in workers(process)}
    for child in workers(process):
        child.kill()
    eventually("both are replaced", lambda: len({child.pid for child in workers(process)} - before) == 2)
    eventually("the router is ready", site._ready)
    site.send("ana", 1)
    site.applied(("ana", 1))
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0


def test_workers_end_with_a_killed_parent(site: Site) -> None:
    """After kill -9 of the parent nothing stays behind."""
    process = site.start("--processes", "2")
    eventually("both workers run", lambda: len(workers(process)) == 2)
    orphans = workers(process)
    process.kill()
    process.wait()
    eventually("the workers are gone", lambda: not any(orphan.is_running() for orphan in orphans), 40)


def test_port_that_is_taken_is_one_clear_line(site: Site) -> None:
    """Exit code 2, also when it is a worker of several that cannot start."""
    site.start("--processes", "1")
    for processes in ("1", "2"):
        done = site.run("run", "--port", str(site.port), "--processes", processes)
        assert done.returncode == 2
        assert f"cannot listen on 127.0.0.1:{site.port}" in done.stderr


def test_setup_makes_and_checks(site: Site) -> None:
    """`setup` twice: made, then nothing to do; `--check` tells a difference by its exit code."""
    assert site.run("setup", "--check").returncode == 1
    first = site.run("setup")
    assert first.stdout.splitlines() == [f"{dead_letter_name(QUEUE)} created", f"{QUEUE} created"]
    assert site.run("setup").stdout == "All queues are as they should be.\n"
    assert site.run("setup", "--check").returncode == 0
    site.table.write_text(
        site.table.read_text().replace("visibility_timeout: 30s", "visibility_timeout: 45s")
    )
    checked = site.run("setup", "--check")
    assert checked.returncode == 1
    assert "VisibilityTimeout is 30, not 45" in checked.stdout


def test_check_names_every_route_and_every_mistake(site: Site) -> None:
    """Exit 0 with the routes, or exit 2 with file, line and reason."""
    done = site.run("check")
    assert done.returncode == 0
    assert "customer.profile.v1 → rating.applyProfile" in done.stdout
    site.table.write_text(site.table.read_text().replace("eventId: id", "eventID: id"))
    wrong = site.run("check")
    assert wrong.returncode == 2
    assert f"{site.table}:" in wrong.stderr
    assert "ProfileEvent has no field 'eventID'" in wrong.stderr


def test_explain_prints_the_request_without_sending_it(site: Site, tmp_path: Path) -> None:
    """The route, the URL, the document and its variables."""
    path = tmp_path / "event.json"
    event = envelope("ana", 4)
    path.write_bytes(event.to_json())
    done = site.run("explain", str(path))
    assert done.returncode == 0
    assert f"POST {site.target.url}" in done.stdout
    assert '"version": 4' in done.stdout
    assert site.target.seen == []
    path.write_text(event.to_json().decode().replace('"birthDate":"1980-05-17",', ""))
    assert "the target would refuse it" in site.run("explain", str(path)).stdout
    path.write_text("{")
    assert "to the DLQ: UNDECODABLE_BODY" in site.run("explain", str(path)).stdout


def test_dead_letters_from_the_command_line(site: Site) -> None:
    """list, show, redrive and discard, end to end; nothing prints what an event said."""
    site.run("setup")
    event = envelope("ana", 1)
    for name in ("first", "second"):
        site.sqs.send(
            dead_letter_name(QUEUE), event.to_json().decode(), name, name,
            {"reason": "BAD_USER_INPUT", "event_id": name, "customer_id": "ana"},
        )  # fmt: skip
    listed = site.run("dlq", "list")
    assert len(listed.stdout.splitlines()) == 2
    shown = site.run("dlq", "show", "first")
    assert json.loads(shown.stdout)["reason"] == "BAD_USER_INPUT"
    assert "1980-05-17" not in listed.stdout + shown.stdout
    assert site.run("dlq", "show", "third").returncode == 2
    assert site.run("dlq", "redrive").returncode == 2
    assert site.run("dlq", "redrive", "first").stdout == "1 sent back\n"
    assert site.run("dlq", "discard", "--all", "--yes").stdout == "1 discarded\n"
    assert site.run("dlq", "list", "--json").stdout == ""
    assert len(site.sqs.messages(QUEUE)) == 1


def test_sqs_that_does_not_answer_is_one_clear_line(site: Site) -> None:
    """An operator's command says what is wrong, with exit code 2 and no traceback."""
    site.environment["AWS_ENDPOINT_URL_SQS"] = f"http://127.0.0.1:{free_port()}"
    done = site.run("dlq", "list")
    assert done.returncode == 2
    assert "SQS refused or did not answer" in done.stderr
    assert "Traceback" not in done.stderr
