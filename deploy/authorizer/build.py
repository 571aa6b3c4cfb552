"""Builds the Lambda authorizer's zip: the verifier and what it needs, the same bytes every time.

    python deploy/authorizer/build.py --uv .venv/bin/uv --output dist/authorizer.zip --architecture arm64

The handler is `kernel.lambda_authorizer.handler`. Wheels come from
deploy/requirements/authorizer.lock, by hash, for the function's Python and machine, whatever machine builds.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What the handler imports of ours.
MODULES = ("__init__.py", "auth.py", "authorizer_settings.py", "lambda_authorizer.py")
#: Lambda's python3.13 runtime is Amazon Linux 2023, with glibc 2.34.
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
#: Not needed to run: commands, typing, compilers' files. Licences stay.
LEFT_OUT = ("bin", "*.pyi", "*.h", "py.typed", "RECORD", "INSTALLER", "REQUESTED", "uv_cache.json")
#: The first instant that a zip can hold: a file's time would make the bytes differ.
EPOCH = (1980, 1, 1, 0, 0, 0)
#: AWS's limits for a function: uploaded directly, and unpacked.
MAX_ZIP_BYTES = 50 * 1024 * 1024
MAX_TREE_BYTES = 250 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """Which machine the zip is for."""

    python: str
    platform: str


def lay_out(folder: Path, uv: str, target: Target) -> None:
    """Fill `folder` with the function's tree; raises CalledProcessError when a wheel is missing."""
    subprocess.run(
        [
            uv, "pip", "install", "--quiet", "--target", str(folder), "--no-deps", "--require-hashes",
            "--only-binary", ":all:", "--python-version", target.python, "--python-platform", target.platform,
            "--requirement", str(ROOT / "deploy" / "requirements" / "authorizer.lock"),
        ],
        check=True,
    )  # fmt: skip
    for path in sorted(folder.rglob("*"), reverse=True):
        if any(path.match(pattern) for pattern in LEFT_OUT):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (folder / ".lock").unlink(missing_ok=True)
    package = folder / "kernel"
    package.mkdir()
    for module in MODULES:
        shutil.copyfile(ROOT / "kernel" / module, package / module)
    if target.python == f"{sys.version_info.major}.{sys.version_info.minor}":
        _compile(folder)


def _compile(folder: Path) -> None:
    """Byte code beside the sources: a function's folder is read-only, so each cold start would compile."""
    subprocess.run(
        [
            sys.executable, "-m", "compileall", "-q", "-j", "1", "--invalidation-mode", "unchecked-hash",
            "-s", str(folder), "-p", "/var/task", str(folder),
        ],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip


def pack(folder: Path, output: Path) -> None:
    """Zip the tree in the order of names, with one time and one mode for all files."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes())


def build(output: Path, uv: str, target: Target) -> tuple[int, int]:
    """Write the zip; its size and that of its tree, bytes. Raises ValueError when Lambda would refuse it."""
    with tempfile.TemporaryDirectory(prefix="authorizer-") as name:
        folder = Path(name)
        lay_out(folder, uv, target)
        pack(folder, output)
        tree = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    size = output.stat().st_size
    if size > MAX_ZIP_BYTES or tree > MAX_TREE_BYTES:
        raise ValueError(f"{size} bytes zipped, {tree} unpacked: more than Lambda takes")
    return size, tree


def main(arguments: Sequence[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Build the Lambda authorizer's zip.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--uv", default="uv", help="the installer")
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), default="arm64", help="of the function")
    parser.add_argument("--python", default="3.13", help="the function's runtime")
    options = parser.parse_args(arguments)
    target = Target(options.python, PLATFORMS[options.architecture])
    size, tree = build(options.output, options.uv, target)
    sizes = f"{size / 1e6:.1f} MB, {tree / 1e6:.1f} MB unpacked"
    sys.stdout.write(f"{options.output}: {sizes}, {target.platform}, Python {target.python}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
