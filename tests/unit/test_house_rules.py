"""Rules of the house that no other tool expresses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("kernel", "gateway", "subgraphs", "router", "devstack")
#: Lines of a file, and of a function with its docstring.
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60


def modules(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def reads_environment(node: ast.AST) -> bool:
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr=name):
            return name in names
        case ast.ImportFrom(module="os", names=imported):
            return any(alias.name in names for alias in imported)
    return False


def test_only_settings_modules_read_the_environment() -> None:
    """Every variable that changes our behaviour is in a settings class: nothing else reads `os.environ`."""
    offenders = [
        f"{name}: {ast.unparse(node)}"
        for name, text in modules(*PACKAGES)
        if not name.endswith("settings.py")
        for node in ast.walk(ast.parse(text))
        if reads_environment(node)
    ]
    assert offenders == []


def test_files_stay_small() -> None:
    """A source file fits into a head: 500 lines at most."""
    lengths = {name: len(text.splitlines()) for name, text in modules(*PACKAGES, "tests")}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_fit_on_a_screen() -> None:
    """A function has 60 lines at most, with its docstring."""
    lengths = {
        f"{name}: {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for name, text in modules(*PACKAGES)
        for function in functions(text)
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


def test_every_test_states_its_promise() -> None:
    """Each test function has a docstring, so that a failure says what is no longer true."""
    silent = [
        f"{name}: {function.name}"
        for name, text in modules("tests")
        for function in functions(text)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert silent == []
