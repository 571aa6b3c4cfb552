"""The trees of the images, made by the commands of deploy/Dockerfile."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.aws_moto import deployed

__all__ = ["deployed", "tree", "wheels"]

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "deploy" / "images"
UV = Path(sys.executable).with_name("uv")
#: Seconds for one command on a busy machine with an empty cache.
PATIENCE = 600.0


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's wheel, built by the locked build backend."""
    folder = tmp_path_factory.mktemp("wheels")
    builder = folder / "builder"
    lock = ROOT / "deploy" / "requirements" / "build.lock"
    _run(str(UV), "venv", "--quiet", "--no-project", "--python", sys.executable, str(builder))
    python = str(builder / "bin" / "python")
    _run(str(UV), "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(lock))
    output = folder / "wheels"
    _run(str(IMAGES / "wheel"), str(output), environment={"VIRTUAL_ENV": str(builder)}, path=builder / "bin")
    return output


@pytest.fixture(scope="session")
def tree(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes an image's /app somewhere else; once an image."""
    made: dict[str, Path] = {}

    def make(image: str) -> Path:
        if image not in made:
            prefix = tmp_path_factory.mktemp(image) / "app"
            environment = {"UV_PYTHON": sys.executable, "UV_LINK_MODE": "copy"}
            _run(str(IMAGES / "tree"), image, str(prefix), str(wheels), environment=environment)
            made[image] = prefix
        return made[image]

    return make


def _run(*words: str, environment: dict[str, str] | None = None, path: Path | None = None) -> None:
    variables = {**os.environ, **(environment or {})}
    variables["PATH"] = f"{path or UV.parent}:{UV.parent}:{os.environ['PATH']}"
    done = subprocess.run(words, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
