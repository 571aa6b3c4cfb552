"""`docs/federation.md` names only cases and tests that exist, and every world of the suite."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conformance.suite import all_worlds

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs" / "federation.md").read_text(encoding="utf-8")
_WORLDS = {world.name for world in all_worlds()}


def test_every_file_that_the_page_names_exists() -> None:
    """Tests, decisions and figures can be opened."""
    named = set(re.findall(r"`((?:tests|docs|bench)/[^`]+)`", _PAGE))
    assert len(named) > 20
    assert [path for path in sorted(named) if not (_ROOT / path).exists()] == []


def test_every_world_is_on_the_page() -> None:
    """Whoever looks for what is supported finds all that is shown; the demonstration shows nothing new."""
    assert [world for world in sorted(_WORLDS - {"demo"}) if f"`{world}`" not in _PAGE] == []


def test_what_shows_a_feature_is_a_file_or_a_world() -> None:
    """In the last columns of the tables nothing else is named."""
    tables, _, _ = _PAGE.partition("### Many conditions")
    columns = [row.strip("| ").rpartition("|")[2] for row in tables.splitlines() if row.startswith("|")]
    named = {name for column in columns for name in re.findall(r"`([^`]+)`", column)}
    assert [name for name in sorted(named) if "/" not in name and name not in _WORLDS] == []
