"""The templates by a scanner's rules: what it finds is what a template itself excuses, with a reason."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.aws_templates import NAMES, load, resources

FOLDER = Path(__file__).parent
UV = Path(sys.executable).with_name("uv")
#: Seconds for the installation with an empty cache, and for the scan, on a busy machine.
PATIENCE = 900


def skips() -> Iterator[tuple[str, str, str]]:
    """(template.resource, check, reason) of every exception."""
    for template, logical, resource in resources():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            yield f"{template}.{logical}", skip["id"], skip["comment"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What checkov says of the templates when nothing is excused."""
    folder = tmp_path_factory.mktemp("checkov")
    python = folder / "scanner" / "bin" / "python"
    lock = FOLDER / "checkov.lock"
    run(str(UV), "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder / "scanner"))
    run(
        str(UV), "pip", "install", "--quiet", "--python", str(python), "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--requirement", str(lock),
    )  # fmt: skip
    scanned = folder / "templates"
    scanned.mkdir()
    for name in NAMES:
        template = copy.deepcopy(load(name))
        for resource in template["Resources"].values():
            resource.get("Metadata", {}).pop("checkov", None)
        (scanned / f"{name}.json").write_text(json.dumps(template, indent=1), encoding="utf-8")
    # It asks nobody for more rules, and its exit code is 1 when it has found something.
    scan = run(
        str(python.with_name("checkov")), "--directory", str(scanned), "--framework", "cloudformation",
        "--skip-download", "--output", "json", "--quiet", accepted=(0, 1),
    )  # fmt: skip
    parsed: dict[str, Any] = json.loads(scan)
    return parsed


def run(*words: str, accepted: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode in accepted, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_scanner_has_read_everything(report: dict[str, Any]) -> None:
    """It knows every template and could parse it: nothing is clean because nobody looked."""
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] >= len(list(resources()))
    assert report["summary"]["passed"] > 300


def test_every_finding_is_excused_and_every_excuse_is_needed(report: dict[str, Any]) -> None:
    """What it finds and what the templates excuse are the same."""
    found = {
        (f"{Path(one['file_path']).stem}.{one['resource'].rpartition('.')[2]}", one["check_id"])
        for one in report["results"]["failed_checks"]
    }
    assert found == {(resource, check) for resource, check, _ in skips()}


def test_every_excuse_has_a_reason() -> None:
    """A sentence, not a word."""
    for resource, check, reason in skips():
        assert len(reason.split()) >= 5, f"{resource}: {check}"
        assert reason.endswith("."), f"{resource}: {check}"
