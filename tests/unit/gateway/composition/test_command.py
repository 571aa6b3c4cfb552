"""`customer-graph gateway compose` and where it reads subgraphs from."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.composition.command import command
from gateway.composition.sources import SourceProblem, SubgraphSource, load_sources, read_source

CUSTOMER = 'type Query { c: Customer } type Customer @key(fields: "id") { id: ID! name: String }'
RATING = 'extend type Customer @key(fields: "id") { id: ID! @external score: Int @tag(name: "internal") }'


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments])


@contextmanager
def service(body: bytes) -> Iterator[str]:
    """A subgraph on a free port that answers everything with `body`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/graphql"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "customer.graphql").write_text(CUSTOMER)
    (tmp_path / "rating.graphql").write_text(RATING)
    return tmp_path


def test_sdl_files_are_named_after_their_subgraphs(files: Path) -> None:
    """The supergraph and the API schema are written where they are asked for."""
    out, api = files / "supergraph.graphql", files / "api.graphql"
    result = run(files / "customer.graphql", files / "rating.graphql", "-o", out, "--api", api)
    assert result.exit_code == 0, result.output
    assert 'RATING @join__graph(name: "rating"' in out.read_text()
    assert "score: Int" in api.read_text()
    assert "join__" not in api.read_text()


def test_a_configuration_is_read_as_rover_reads_it(files: Path) -> None:
    """Files relative to the configuration, services by introspection, SDL in place."""
    with service(json.dumps({"data": {"_service": {"sdl": "type Query { late: Int }"}}}).encode()) as url:
        config = files / "supergraph.yaml"
        config.write_text(
            "federation_version: =2.12.0\nsubgraphs:\n"
            "  customer:\n    routing_url: http://customer/graphql\n    schema:\n      file:"
            " ./customer.graphql\n"
            f"  late:\n    schema:\n      subgraph_url: {url}\n"
            "  inline:\n    routing_url: http://inline\n    schema:\n      sdl: 'type Query {"
            " inline: Int }'\n"
        )
        result = run(config)
    assert result.exit_code == 0, result.output
    assert f'LATE @join__graph(name: "late", url: "{url}")' in result.output
    assert 'CUSTOMER @join__graph(name: "customer", url: "http://customer/graphql")' in result.output
    assert "inline: Int @join__field(graph: INLINE)" in result.output


def test_errors_are_one_line_each_and_exit_code_1(files: Path) -> None:
    """Code, reason and place, and no supergraph file."""
    (files / "rating.graphql").write_text("type Query { a: Nobody b: Nada }")
    out = files / "supergraph.graphql"
    result = run(files / "customer.graphql", files / "rating.graphql", "-o", out)
    assert result.exit_code == 1
    assert 'error INVALID_GRAPHQL: Unknown type "Nobody". (rating:1:14)' in result.output
    assert "2 errors" in result.output
    assert not out.exists()


def test_hints_can_be_silenced(files: Path) -> None:
    """They go to standard error, or nowhere."""
    (files / "customer.graphql").write_text(CUSTOMER + " enum Unused { A }")
    assert "UNUSED_ENUM_TYPE" in run(files / "customer.graphql").output
    assert "UNUSED_ENUM_TYPE" not in run(files / "customer.graphql", "--no-hints").output


def test_contracts_filter_the_api(files: Path) -> None:
    """--exclude-tag hides what has the tag."""
    api = files / "api.graphql"
    result = run(
        files / "customer.graphql", files / "rating.graphql", "--api", api, "--exclude-tag", "internal"
    )
    assert result.exit_code == 0, result.output
    assert "score" not in api.read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "no valid YAML"),
        ("a: 1", "no `subgraphs`"),
        ("subgraphs: {}", "no `subgraphs`"),
        ("federation_version: 3\nsubgraphs: {a: {}}", "federation_version"),
        ("subgraphs: {a: {}}", "needs a `schema`"),
        ("subgraphs: {a: {schema: {}}}", "exactly one of"),
        ("subgraphs: {a: {schema: {file: x, sdl: y}}}", "exactly one of"),
        ("subgraphs: {a: {schema: {file: x}}}", "needs a `routing_url`"),
        ("subgraphs: {a: {routing_url: u, schema: {file: x.graphql}}}", "there is no file"),
        ("subgraphs: {a: {routing_url: u, schema: {file: x}}}\nextra: 1", "unknown keys: extra"),
        (
            "subgraphs: {a: {routing_url: u, schema: {subgraph_url: 'file:///etc/passwd'}}}",
            "must begin with http",
        ),
        ("subgraphs: {a: {schema: {subgraph_url: 'http://127.0.0.1:9/'}}}", "did not answer"),
    ],
)
def test_a_faulty_configuration_is_exit_code_2_and_one_line(tmp_path: Path, text: str, told: str) -> None:
    """Each fault says what to change."""
    config = tmp_path / "supergraph.yaml"
    config.write_text(text)
    result = run(config)
    assert result.exit_code == 2
    assert told in result.output.replace("\n", " ")


def test_a_service_that_is_no_subgraph_is_told_apart() -> None:
    """HTML, errors and other JSON are not SDL."""
    for body in (b"<html>", b"[]", b'{"errors": [{"message": "x"}]}', b'{"data": {"_service": null}}'):
        with service(body) as url, pytest.raises(SourceProblem, match="is it a subgraph"):
            read_source(SubgraphSource("a", url, subgraph_url=url))


def test_names_are_unique_and_sources_of_one_kind(files: Path) -> None:
    """Two files with one stem, a mixture, and nothing at all are refused."""
    (files / "sub").mkdir()
    (files / "sub" / "customer.graphql").write_text(CUSTOMER)
    with pytest.raises(SourceProblem, match='called "customer"'):
        load_sources([files / "customer.graphql", files / "sub" / "customer.graphql"])
    with pytest.raises(SourceProblem, match="not both"):
        load_sources([files / "customer.graphql", files / "supergraph.yaml"])
    with pytest.raises(SourceProblem, match="nothing to compose"):
        load_sources([])
    (files / "bad.graphql").write_bytes(b"\xff\xfe")
    with pytest.raises(SourceProblem, match="cannot read"):
        read_source(load_sources([files / "bad.graphql"])[0])
