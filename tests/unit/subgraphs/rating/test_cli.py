"""The commands as they are called: real processes, a real database."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from subgraphs.rating.domain.scorecard import load_scorecard
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.store import RatingStore
from subgraphs.rating.swap import Swapper
from tests.kit.mongo import store_settings
from tests.kit.rating import FixedClock, profile_event
from tests.kit.waiting import is_soon

SECONDS = 120
#: Changes of the future are no part of an extraction.
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def environment(url: str | None) -> dict[str, str]:
    """What the command is to see of the environment."""
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**base, "LOG_FORMAT": "text", **({} if url is None else {"RATING_MONGODB_URL": url})}


def arguments(*words: str | Path) -> list[str]:
    """`customer-graph rating …`."""
    return [sys.executable, "-c", "from kernel.cli import main; main()", "rating", *map(str, words)]


def rating(url: str | None, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        arguments(*words), env=environment(url), capture_output=True, text=True, timeout=SECONDS, check=False
    )


def fill(url: str, count: int) -> list[str]:
    """So many customers; their ids in the order of their changes."""

    async def run() -> list[str]:
        store = RatingStore(store_settings(url))
        clock = FixedClock(LONG_AGO)
        inbox = Inbox(Swapper(store, clock, 3, 0.25), load_scorecard("2026-1"))
        ids = []
        for _ in range(count):
            customer = uuid.uuid4()
            clock.advance(1)
            await inbox.apply_profile(profile_event(customer, 1))
            ids.append(str(customer))
        await store.close()
        return ids

    return asyncio.run(run())


def test_indexes_are_made_by_a_command(mongo_url: str) -> None:
    """The first run makes them, the second finds them."""
    url = f"{mongo_url}_bare"
    assert "change" in rating(url, "indexes").stdout
    assert rating(url, "indexes").stdout == "all indexes are there\n"


def test_schema_needs_nothing() -> None:
    """The SDL comes without any setting."""
    done = rating(None, "schema")
    assert done.returncode == 0
    assert done.stdout.startswith("extend schema @link")


def test_a_missing_setting_is_one_line() -> None:
    """Exit code 2 and the name of the variable."""
    done = rating(None, "indexes")
    assert done.returncode == 2
    assert "RATING_MONGODB_URL" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("since", ["yesterday", "2026-11-24T10:00:00", "24/11/2026"])
def test_a_wrong_moment_is_a_usage_error(since: str, tmp_path: Path) -> None:
    """Exit code 2, and what a moment looks like."""
    done = rating("mongodb://127.0.0.1:1/rating", "extract", "--since", since, "--out", tmp_path / "x")
    assert done.returncode == 2
    assert "2026-11-24T10:00:00" in done.stderr


def test_extract_shows_progress_and_says_what_it_wrote(mongo_url: str, tmp_path: Path) -> None:
    """Rows on disk, a bar on standard error, a sentence on standard output."""
    ids = fill(mongo_url, 5)
    out = tmp_path / "features.ndjson"
    done = rating(mongo_url, "extract", "--since", "2026-01-01", "--format", "ndjson", "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"5 rows written, 5 in {out}; cursor in {out}.cursor\n"
    assert "5/5" in done.stderr
    assert [json.loads(line)["customer_id"] for line in out.read_text().splitlines()] == ids
    quiet = rating(mongo_url, "extract", "--format", "ndjson", "--out", out, "--resume", "--quiet")
    assert (quiet.stderr, quiet.stdout.startswith("0 rows written, 5 in")) == ("", True)


def test_extract_goes_on_after_a_kill(mongo_url: str, tmp_path: Path) -> None:
    """Killed by SIGKILL in the middle, resumed: the rows of an unbroken run."""
    ids = fill(mongo_url, 300)
    out = tmp_path / "features.csv"
    command = arguments("extract", "--out", out, "--quiet")
    small_pages = {**environment(mongo_url), "RATING_EXTRACT_PAGE": "1"}
    process = subprocess.Popen(command, env=small_pages)
    assert is_soon(lambda: out.exists() and out.read_bytes().count(b"\n") > 20, 30)
    process.send_signal(signal.SIGKILL)
    assert process.wait(SECONDS) == -signal.SIGKILL
    assert out.read_bytes().count(b"\n") <= 300
    done = rating(mongo_url, "extract", "--out", out, "--resume")
    assert done.returncode == 0, done.stderr
    assert [line.split(",")[0] for line in out.read_text().splitlines()[1:]] == ids


def test_a_database_that_is_gone_is_one_line(tmp_path: Path) -> None:
    """No traceback, no password."""
    url = "mongodb://user:s3cret@127.0.0.1:1/rating"
    done = rating(url, "extract", "--out", tmp_path / "x", "--quiet")
    assert done.returncode == 2
    assert "RATING_MONGODB_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


def test_recompute_uses_a_local_cluster(mongo_url: str, tmp_path: Path) -> None:
    """Everybody is rated by another scorecard, in processes of their own; a second run changes nobody."""
    fill(mongo_url, 30)
    document = json.loads(Path("subgraphs/rating/scorecards/2026-1.json").read_text())
    path = tmp_path / "other.json"
    path.write_text(json.dumps({**document, "version": "other", "base": 600}))
    words = ("recompute", "--scorecard", path, "--as-of", "2026-11-24", "--workers", "2", "--quiet")
    for changed in (30, 0):
        done = rating(mongo_url, *words)
        assert done.returncode == 0, done.stderr
        assert done.stdout == (
            f"30 customers rated by scorecard other as of 2026-11-24; {changed} came out different\n"
        )


def test_an_unknown_scorecard_is_one_line(mongo_url: str) -> None:
    """Exit code 2 before anything is started."""
    done = rating(mongo_url, "recompute", "--scorecard", "1999-1")
    assert done.returncode == 2
    assert "1999-1" in done.stderr


def test_an_absent_scheduler_is_told(mongo_url: str) -> None:
    """Exit code 2 and the address."""
    done = rating(mongo_url, "recompute", "--scheduler", "tcp://127.0.0.1:1", "--quiet")
    assert done.returncode == 2
    assert "tcp://127.0.0.1:1" in done.stderr.splitlines()[-1]
