"""docs/promises.md names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROMISES = (ROOT / "docs" / "promises.md").read_text()
_ROW = re.compile(r"^\| (?!promise |-)(.+?) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"\[`([^`]+)`\]\(\.\./tests/([^)]+)\)(?: `(\w+)`)?")
ROWS = _ROW.findall(PROMISES)


@pytest.mark.parametrize(("promise", "shown"), ROWS, ids=[promise for promise, _ in ROWS])
def test_a_promise_is_shown_by_tests_that_exist(promise: str, shown: str) -> None:
    """The file is there, has tests, and the one that is named if one is."""
    named = [_TEST.fullmatch(part) for part in shown.split("<br>")]
    for match in named:
        assert match is not None, f"not a test's link: {shown}"
        label, path, name = match.groups()
        assert label == path
        tree = ast.parse((ROOT / "tests" / path).read_text())
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        tests = {node.name for node in tree.body if isinstance(node, kinds) and node.name.startswith("test_")}
        assert tests
        assert name is None or name in tests


def test_the_page_has_promises() -> None:
    """The rows above are found at all."""
    assert len(ROWS) > 60
