"""kernel.cli: what can be mended by the caller is one line and exit code 2."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: The command line with one package taken away, as if it had never been installed.
_WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
sys.argv = ["customer-graph", *{arguments!r}]
from kernel.cli import main
main()
"""


def run_without(package: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in an environment that lacks the package."""
    script = _WITHOUT.format(package=package, arguments=list(arguments))
    return subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("package", "arguments", "extra"),
    [
        ("strawberry", ("rating", "schema"), "rating"),  # imported when the command runs
        ("sqlalchemy", ("customer", "--help"), "customer"),  # imported by the command's module
        ("yaml", ("router", "check"), "router"),
        ("psutil", ("devstack", "status"), "devstack"),
        ("graphql", ("gateway", "serve"), "gateway"),
    ],
)
def test_a_missing_package_is_one_line_that_says_what_to_install(
    package: str, arguments: tuple[str, ...], extra: str
) -> None:
    """Exit code 2, the package's name, and the pip command with the extra that brings it."""
    done = run_without(package, *arguments)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert f"needs the package {package}" in done.stderr
    assert f"pip install 'customer-graph[{extra}]'" in done.stderr


def test_help_lists_every_deployable_without_importing_it() -> None:
    """An image that installs one extra only still says what there is."""
    done = run_without("sqlalchemy", "--help")
    assert done.returncode == 0
    for name in ("activity", "customer", "devstack", "gateway", "rating", "router", "schema"):
        assert f"\n  {name} " in done.stdout
