"""The gateway's commands: plans on paper, and one clear line for what cannot be served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import command
from kernel.settings import ConfigurationProblem
from tests.unit.gateway.conftest import small_federation


@pytest.fixture
def supergraph(tmp_path: Path) -> Path:
    """The small federation, composed into a file."""
    path = tmp_path / "supergraph.graphql"
    path.write_text(small_federation().supergraph.sdl)
    return path


def _plan(supergraph: Path, query: str, *options: str) -> str:
    file = supergraph.with_name("query.graphql")
    file.write_text(query)
    arguments = ["plan", "--supergraph", str(supergraph), "--query", str(file), *options]
    result = CliRunner().invoke(command, arguments)
    if isinstance(result.exception, ConfigurationProblem):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_a_plan_is_printed_as_text_and_as_json(supergraph: Path) -> None:
    """Both name the subgraphs; the JSON has the shape that other tools read."""
    query = "query Q($with: Boolean!) { customer(id: 1) { name score @include(if: $with) } }"
    text = _plan(supergraph, query, "--variables", '{"with": true}')
    assert "profile" in text
    assert "rating" in text
    without = json.loads(_plan(supergraph, query, "--variables", '{"with": false}', "--format", "json"))
    assert without["kind"] == "QueryPlan"
    assert "rating" not in json.dumps(without)


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        ("{ nothing }", (), "nothing"),
        ("{", (), "Syntax Error"),
        ("query A { customer(id: 1) { id } } query B { __typename }", (), "Must provide operation name"),
        ("{ __typename }", ("--variables", "{"), "not valid JSON"),
        ("{ __typename }", ("--variables", "[]"), "must be a JSON object"),
    ],
)
def test_what_cannot_be_planned_is_said(
    supergraph: Path, query: str, options: tuple[str, ...], message: str
) -> None:
    """As a configuration problem, which the command line prints in one line with exit code 2."""
    with pytest.raises(ConfigurationProblem) as caught:
        _plan(supergraph, query, *options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot read the supergraph"),
        ("type Query {", "cannot serve the supergraph"),
        ("type Query { a: Int }", "cannot serve the supergraph"),
    ],
)
def test_a_supergraph_that_cannot_be_served_stops_the_start(
    tmp_path: Path, text: str | None, message: str
) -> None:
    """Before any port is opened, with the file's name."""
    path = tmp_path / "supergraph.graphql"
    if text is not None:
        path.write_text(text)
    result = CliRunner().invoke(command, ["serve", "--supergraph", str(path), "--port", "0", "--no-auth"])
    assert isinstance(result.exception, ConfigurationProblem)
    assert message in str(result.exception)
    assert "supergraph.graphql" in str(result.exception)


def test_serving_needs_a_supergraph_and_says_how_to_give_one() -> None:
    """The option and the variable are named."""
    result = CliRunner().invoke(command, ["serve", "--no-auth"], env={"GATEWAY_SUPERGRAPH": None})
    assert isinstance(result.exception, ConfigurationProblem)
    assert "--supergraph" in str(result.exception)
    assert "GATEWAY_SUPERGRAPH" in str(result.exception)


def test_help_lists_every_command_without_importing_it() -> None:
    """Composing, developing and mocking are there too."""
    output = CliRunner().invoke(command, ["--help"]).output
    for name in ("compose", "dev", "mock", "plan", "serve"):
        assert f"  {name} " in output
