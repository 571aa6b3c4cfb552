"""The templates say what CloudFormation understands, and nothing that opens what must be closed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "deploy" / "cloudformation").glob("*.yaml"))


def test_there_are_templates() -> None:
    """A renamed folder must not make the others pass on nothing."""
    assert len(TEMPLATES) >= 10


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_valid(template: Path) -> None:
    """By the maintained linter with its resource schemas; warnings count."""
    linter = [
        str(Path(sys.executable).with_name("cfn-lint")),
        "--non-zero-exit-code",
        "informational",
        str(template),
    ]
    done = subprocess.run(linter, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
