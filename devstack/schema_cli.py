"""`customer-graph schema export`: schema/ from the code, and the check that it is not stale."""

from __future__ import annotations

import difflib
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from devstack.service import console_script
from devstack.settings import environment, project_root
from kernel.settings import ConfigurationProblem

__all__ = ["command"]

_SUBGRAPHS = ("customer", "rating", "activity")
_CONFIGURATION, _SUPERGRAPH, _API = "supergraph.yaml", "supergraph.graphql", "api.graphql"
#: Seconds for one command; each takes about one.
_COMMAND_SECONDS = 120.0


@click.group()
def command() -> None:
    """The schemas in schema/: exported from the code, and composed."""


@command.command("export")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 and a diff when schema/ is stale.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Another folder than the project's schema/.",
)
def _export(check: bool, folder: Path | None) -> None:
    """Write each subgraph's SDL, the composed supergraph and the API schema that clients see."""
    folder = folder or project_root() / "schema"
    fresh = _export_all()
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in fresh.items():
            (folder / name).write_text(text, encoding="utf-8")
        return
    stale = [name for name, text in fresh.items() if _show_difference(folder / name, text)]
    if stale:
        click.echo(f"stale: {', '.join(stale)}; run `make schema` and commit the result", err=True)
        raise SystemExit(1)


def _export_all() -> dict[str, str]:
    """File name → text. Each subgraph speaks for itself, in a process of its own."""
    with ThreadPoolExecutor(max_workers=len(_SUBGRAPHS)) as pool:
        exported = list(pool.map(lambda name: _run(name, "schema"), _SUBGRAPHS))
    texts = {f"{name}.graphql": text for name, text in zip(_SUBGRAPHS, exported, strict=True)}
    with tempfile.TemporaryDirectory(prefix="customer-graph-schema-") as path:
        folder = Path(path)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        # The configuration names its files beside itself.
        configuration = shutil.copy(project_root() / "schema" / _CONFIGURATION, folder)
        outputs = ("--output", str(folder / _SUPERGRAPH), "--api", str(folder / _API))
        _run("gateway", "compose", str(configuration), *outputs)
        return texts | {name: (folder / name).read_text(encoding="utf-8") for name in (_SUPERGRAPH, _API)}


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [str(console_script()), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        env=environment(),
    )
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise ConfigurationProblem(f"`customer-graph {' '.join(arguments[:2])}` failed:\n{said}")
    return done.stdout


def _show_difference(path: Path, fresh: str) -> bool:
    """Print how the file differs from what it should be; False when it does not."""
    committed = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = list(
        difflib.unified_diff(
            committed.splitlines(keepends=True), fresh.splitlines(keepends=True), str(path), "exported now"
        )
    )
    click.echo("".join(lines), nl=False)
    return bool(lines)
