"""The activity subgraph as a process: commands, settings, health."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.kit.tokens import ISSUER, TokenIssuer
from tests.kit.waiting import eventually

COMMAND = [sys.executable, "-c", "from kernel.cli import main; main()", "activity"]
#: Seconds for a command on a busy machine.
PATIENCE = 60


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`customer-graph activity …` in an environment that has these variables and nothing of ours besides."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=_environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def _environment(**variables: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **variables}


def test_schema_prints_the_sdl_without_any_setting() -> None:
    """Nothing else is on standard output."""
    answer = run("schema")
    assert answer.returncode == 0
    assert answer.stdout.startswith("extend schema @link(")
    assert "type Query {" in answer.stdout


@pytest.mark.parametrize("subcommand", ["serve", "migrate"])
def test_a_missing_setting_is_told_in_one_line(subcommand: str) -> None:
    """On standard error, with what to set, and exit code 2."""
    answer = run(subcommand)
    assert answer.returncode == 2
    assert "ACTIVITY_STORE_URL" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


def test_a_wrong_store_is_told_in_one_line() -> None:
    """And its password is not repeated."""
    answer = run("migrate", ACTIVITY_STORE_URL="mysql://root:hunter2@h/activity")
    assert answer.returncode == 2
    assert "ACTIVITY_STORE_URL must be" in answer.stderr
    assert "hunter2" not in answer.stderr + answer.stdout


def test_migrate_lays_the_schema_and_may_be_repeated(tmp_path: Path) -> None:
    """It says what it did."""
    url = f"sqlite:///{tmp_path}/activity.db"
    assert "created schema version" in run("migrate", ACTIVITY_STORE_URL=url).stdout
    again = run("migrate", ACTIVITY_STORE_URL=url)
    assert again.returncode == 0
    assert "there already" in again.stdout


def test_expire_asks_first_and_says_how_many(tmp_path: Path) -> None:
    """Without a yes nothing happens."""
    url = f"sqlite:///{tmp_path}/activity.db"
    run("migrate", ACTIVITY_STORE_URL=url)
    asked = run("expire", "--before", "2021-01-01", ACTIVITY_STORE_URL=url)
    assert asked.returncode == 1
    assert "deletes all events before 2021-01-01" in asked.stdout
    done = run("expire", "--before", "2021-01-01", "--yes", ACTIVITY_STORE_URL=url)
    assert (done.returncode, done.stdout) == (0, "0 events deleted\n")


@dataclass
class Running:
    """A subgraph that serves."""

    url: str
    process: subprocess.Popen[str]
    issuer: TokenIssuer

    def post(self, query: str, scope: str | None = "") -> tuple[int, Any]:
        headers = {"content-type": "application/json"}
        if scope is not None:
            headers["authorization"] = f"Bearer {self.issuer.token(scope=scope)}"
        body = json.dumps({"query": query}).encode()
        return _fetch(urllib.request.Request(f"{self.url}/graphql", body, headers))

    def get(self, path: str) -> tuple[int, Any]:
        return _fetch(urllib.request.Request(self.url + path))


def _fetch(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextmanager
def serving(folder: Path) -> Iterator[Running]:
    """The subgraph on a free port, over a store in the folder; stopped and awaited in the end."""
    issuer = TokenIssuer()
    keys = issuer.write_jwks(folder / "jwks.json")
    environment = _environment(
        ACTIVITY_STORE_URL=f"sqlite:///{folder}/activity.db", AUTH_JWKS=str(keys), AUTH_ISSUER=ISSUER
    )
    log = folder / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*COMMAND, "serve", "--port", "0"], env=environment, stdout=output, text=True
        ) as process,
    ):
        try:
            yield Running(eventually("the subgraph serves", lambda: _url(log), PATIENCE), process, issuer)
        finally:
            process.kill()


def _url(log: Path) -> str | None:
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        if entry["event"] == "service.became_ready":
            return str(entry["url"])
    return None


def test_the_subgraph_serves_and_stops_cleanly(tmp_path: Path) -> None:
    """Ready, authenticated, persistent; exit code 0 after SIGTERM; one log line a request, no token in it."""
    event = """
    mutation {
      recordActivity(
        event: {
          eventId: "00000000-0000-7000-8000-000000000001"
          customerId: "00000000-0000-7000-8000-000000000002"
          kind: BUREAU_QUERY
          occurredAt: "2026-03-10T14:30:00Z"
          bureau: "Serasa"
        }
      ) { outcome }
    }
    """
    with serving(tmp_path) as running:
        assert running.get("/health/ready")[1]["checks"]["store"] is True
        assert running.post(event, "sync:apply") == (
            200,
            {"data": {"recordActivity": {"outcome": "APPLIED"}}},
        )
        status, refused = running.post(event, "graph:write")
        assert (status, refused["errors"][0]["extensions"]["code"]) == (200, "UNAUTHORIZED_FIELD_OR_TYPE")
        assert running.post("{ activityFeed { totalCount } }", None)[1]["data"] is None
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    requests = [line for line in lines if line["event"] == "http.request_answered"]
    assert [line.get("operation_type") for line in requests] == ["mutation", "mutation", "query"]
    assert "Bearer" not in (tmp_path / "log").read_text()
    with serving(tmp_path) as running:
        assert running.post("{ activityFeed { totalCount } }") == (
            200,
            {"data": {"activityFeed": {"totalCount": 1}}},
        )
