"""`gateway.yaml` is optional and strict: what it does not know it refuses, with the place and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import GatewayConfig, read_config
from gateway.settings import subgraph_urls_from_environment
from kernel.settings import ConfigurationProblem


def _read(tmp_path: Path, text: str) -> GatewayConfig:
    path = tmp_path / "gateway.yaml"
    path.write_text(text)
    return read_config(path)


def test_without_a_file_everything_has_its_default() -> None:
    """The defaults are those of the code that uses them."""
    config = read_config(None)
    assert config.limits.operation().max_depth == 15
    assert config.of_subgraph("any").rules().timeout_seconds == 3.0
    assert config.of_subgraph("any").headers.rules().propagate == ("authorization", "accept-language")


def test_values_are_read_with_units_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Durations, sizes, `${VAR}` and `${VAR:-default}`."""
    monkeypatch.setenv("RATING_HOST", "rating.internal")
    config = _read(
        tmp_path,
        """
subgraphs:
  rating:
    url: http://${RATING_HOST}:${RATING_PORT:-4002}/graphql
    timeout: 250ms
    max_answer: 2MB
    headers: {propagate: [X-Tenant], insert: {X-From: gateway}}
limits: {max_depth: 20}
""",
    )
    rating = config.of_subgraph("rating")
    assert rating.url == "http://rating.internal:4002/graphql"
    assert rating.rules().timeout_seconds == 0.25
    assert rating.rules().max_answer_bytes == 2_000_000
    assert rating.headers.rules().apply({"x-tenant": "1", "cookie": "2"}) == {
        "x-tenant": "1",
        "x-from": "gateway",
    }
    assert config.limits.operation().max_depth == 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limits: {max_dept: 1}", "unknown key limits.max_dept; did you mean max_depth"),
        ("subgraph: {}", "did you mean subgraphs"),
        ("subgraphs: {a: {timeouts: 5s}}", "did you mean timeout"),
        ("all_subgraphs: {timeout: 5}", 'must be a duration such as "5s"'),
        ("all_subgraphs: {max_answer: big}", 'must be a size such as "2MB"'),
        ("limits: {max_depth: 0}", "limits.max_depth"),
        ("limits: {max_depth: '3'}", "limits.max_depth"),
        ("subgraphs: {a: {url: '${NOT_SET_ANYWHERE}'}}", "set the environment variable NOT_SET_ANYWHERE"),
        ("limits: [", "not valid YAML"),
        ("[]", "gateway.yaml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    """File, key and what to write instead."""
    with pytest.raises(ConfigurationProblem) as caught:
        _read(tmp_path, text)
    assert message in str(caught.value)
    assert "gateway.yaml" in str(caught.value)


def test_a_subgraphs_url_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Upper case, other characters as underscores."""
    monkeypatch.setenv("SUBGRAPH_URL_CREDIT_RATING", "http://x/graphql")
    assert subgraph_urls_from_environment(frozenset({"credit-rating", "other"})) == {
        "credit-rating": "http://x/graphql"
    }
