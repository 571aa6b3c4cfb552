"""`customer-graph customer …` as a person at a terminal meets it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from devstack.servers.postgres import SUPERUSER
from kernel.cli import main
from subgraphs.customer.migrations import versions
from tests.kit.brazil import registration
from tests.kit.postgres import Cluster, CustomerDatabase
from tests.kit.tokens import AUDIENCE, ISSUER, TokenIssuer
from tests.unit.subgraphs.customer.world import BLIND_INDEX_KEY, ENCRYPTION_KEY

_SCRIPT = str(Path(sys.executable).with_name("customer-graph"))
_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs the command in this process, with nothing in its environment but the given variables."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str, **environment: str) -> Done:
        """`customer-graph customer …`"""
        with self._monkeypatch.context() as patch:
            patch.setattr(os, "environ", {"PATH": os.environ["PATH"], **environment})
            patch.setattr(sys, "argv", ["customer-graph", "customer", *arguments])
            # Nobody answers a question.
            patch.setattr(sys, "stdin", io.StringIO())
            with pytest.raises(SystemExit) as end:
                main()
        out, err = self._capsys.readouterr()
        return Done(int(end.value.code or 0), out, err)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal of this test's own."""
    return Terminal(monkeypatch, capsys)


def urls(database: CustomerDatabase) -> dict[str, str]:
    """The variables that name a database."""
    return {
        "CUSTOMER_DATABASE_URL": database.app_url,
        "CUSTOMER_OWNER_DATABASE_URL": database.owner_url,
        "CUSTOMER_RELAY_DATABASE_URL": database.relay_url,
    }


def newest_revision() -> str:
    """Revisions are numbered; the newest is the last of the files `r0001_….py` and so on."""
    return max(path.name[1:5] for path in Path(versions.__file__).parent.glob("r[0-9]*.py"))


def test_a_database_is_made_migrated_and_taken_back(terminal: Terminal, postgres_cluster: Cluster) -> None:
    """provision, migrate, migrate again, and back after a question; each says in one line what it did."""
    database = postgres_cluster.database("made_by_cli")
    superuser = {"CUSTOMER_SUPERUSER_DATABASE_URL": postgres_cluster.url(SUPERUSER, "postgres")}
    try:
        done = terminal.run("provision", **superuser, **urls(database))
        assert (done.code, done.err) == (0, "")
        assert done.out == "database made_by_cli is there, owned by customer_owner\n"
        for _ in range(2):
            done = terminal.run("migrate", **urls(database))
            assert done.out == f"schema is at revision {newest_revision()}\n", done.err
        asked = terminal.run("migrate", "--down-to", "base", **urls(database))
        assert asked.code == 1
        assert "destroys data" in asked.out
        done = terminal.run("migrate", "--down-to", "base", "--yes", **urls(database))
        assert done.out == "schema is at revision base\n"
    finally:
        postgres_cluster.drop(database)


def test_what_is_missing_or_wrong_is_one_clear_line(
    terminal: Terminal, untouched_database: CustomerDatabase
) -> None:
    """On standard error, with exit code 2, and no secret in it."""
    database = urls(untouched_database)
    keys = {"CUSTOMER_ENCRYPTION_KEY": ENCRYPTION_KEY, "CUSTOMER_BLIND_INDEX_KEY": BLIND_INDEX_KEY}
    identity = {"AUTH_JWKS": "/nowhere.json", "AUTH_ISSUER": ISSUER}
    nobody = {"CUSTOMER_OWNER_DATABASE_URL": "postgresql://customer_owner:wrong-secret@127.0.0.1:1/customer"}
    relay_only = {**database, "CUSTOMER_DATABASE_URL": database["CUSTOMER_RELAY_DATABASE_URL"]}
    superuser = {"CUSTOMER_SUPERUSER_DATABASE_URL": untouched_database.superuser_url}
    cases: list[tuple[list[str], dict[str, str], str]] = [
        (["migrate"], {}, "CUSTOMER_OWNER_DATABASE_URL"),
        (["migrate"], {"CUSTOMER_OWNER_DATABASE_URL": "mysql://x"}, "must begin with postgresql://"),
        (["migrate"], {"CUSTOMER_OWNER_DATABASE_URL": "%%%"}, "not of the form"),
        (["migrate"], nobody, "cannot be reached"),
        (["migrate", "--to", "9999"], database, "9999"),
        (["provision"], {**superuser, **relay_only}, "customer_app"),
        (["serve"], {**keys, **identity}, "CUSTOMER_DATABASE_URL"),
        (["serve"], {**database, **identity}, "CUSTOMER_ENCRYPTION_KEY"),
        (
            ["serve"],
            {**database, **identity, **keys, "CUSTOMER_BLIND_INDEX_KEY": ENCRYPTION_KEY},
            "two different keys",
        ),
        (["serve"], {**database, **identity, **keys, "CUSTOMER_TIME_ZONE": "Mars/Base"}, "Mars/Base"),
        (["serve"], {**database, **keys}, "AUTH_JWKS"),
        (["replay", "--target", "rating", "--since", "2026-01-01"], {}, "CUSTOMER_RELAY_DATABASE_URL"),
    ]
    for arguments, environment, expected in cases:
        done = terminal.run(*arguments, **environment)
        assert done.code == 2, (arguments, expected, done.out, done.err)
        assert len(done.err.strip().splitlines()) == 1, done.err
        assert expected in done.err
        assert "secret" not in done.err
        assert ENCRYPTION_KEY not in done.err


def test_a_replay_says_how_many_events_wait_again(
    terminal: Terminal, untouched_database: CustomerDatabase
) -> None:
    """And refuses what is no date."""
    done = terminal.run("replay", "--target", "activity", "--since", "2026-01-01", **urls(untouched_database))
    assert done.out == "0 events for activity wait for the relay again\n", done.err
    done = terminal.run("replay", "--target", "activity", "--since", "yesterday", **urls(untouched_database))
    assert done.code == 2
    assert "is not an ISO 8601 date" in done.err


def test_expiring_says_how_much_is_gone(terminal: Terminal, untouched_database: CustomerDatabase) -> None:
    """And refuses to delete what must be kept."""
    for what, days in (("access-log", "180"), ("outbox", "30")):
        done = terminal.run("expire", what, "--older-than", days, **urls(untouched_database))
        assert done.out == f"0 rows of the {what} deleted, older than {days} days\n", done.err
        done = terminal.run("expire", what, "--older-than", str(int(days) - 1), **urls(untouched_database))
        assert done.code == 2
        assert f"must be {days} days or more" in done.err


def test_the_sdl_is_printed_without_any_setting(terminal: Terminal) -> None:
    """For composition: no server, no environment."""
    done = terminal.run("schema")
    assert done.code == 0, done.err
    assert 'type Customer @key(fields: "id")' in done.out


def test_the_service_serves_and_stops_cleanly(customer_database: CustomerDatabase, tmp_path: Path) -> None:
    """A mutation over HTTP, its access row, and exit code 0 after SIGTERM."""
    issuer = TokenIssuer()
    environment = {
        "PATH": os.environ["PATH"],
        **urls(customer_database),
        "CUSTOMER_ENCRYPTION_KEY": ENCRYPTION_KEY,
        "CUSTOMER_BLIND_INDEX_KEY": BLIND_INDEX_KEY,
        "AUTH_JWKS": str(issuer.write_jwks(tmp_path / "jwks.json")),
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
    }
    process = subprocess.Popen(
        [_SCRIPT, "customer", "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = next(
            line["url"] for line in map(json.loads, process.stdout) if line["event"] == "service.became_ready"
        )
        query = (
            "mutation Act($i: RegisterCustomerInput!) { registerCustomer(input: $i) { receipt { version } } }"
        )
        request = urllib.request.Request(
            f"{url}/graphql",
            json.dumps({"query": query, "variables": {"i": registration()}}).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {issuer.token()}"},
        )
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            body = json.load(answer)
        assert body == {"data": {"registerCustomer": {"receipt": {"version": 1}}}}
        process.send_signal(signal.SIGTERM)
        output = process.stdout.read()
        assert process.wait(_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    for secret in (ENCRYPTION_KEY, BLIND_INDEX_KEY, "customer_app:", "Ana Lúcia"):
        assert secret not in output
