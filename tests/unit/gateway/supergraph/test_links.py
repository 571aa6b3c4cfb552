"""Linked specifications: names in the document, and refusals of what is not known."""

from __future__ import annotations

import pytest
from graphql import parse

from gateway.errors import SupergraphProblem
from gateway.supergraph.links import read_links


def _links(applications: str) -> str:
    return f"schema {applications} {{ query: Query }}"


def test_a_feature_goes_by_its_own_name() -> None:
    """Without `as` a specification's directives carry its name as prefix."""
    links = read_links(parse(_links('@link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)')))
    assert links.directive("join", "type") == "join__type"
    assert links.type("join", "Graph") == "join__Graph"


def test_a_feature_may_be_renamed() -> None:
    """With `as` the prefix is the given one, and the main directive carries it alone."""
    links = read_links(
        parse(
            _links(
                '@link(url: "https://specs.apollo.dev/join/v0.3", as: "j") '
                '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "hidden", for: SECURITY)'
            )
        )
    )
    assert links.directive("join", "field") == "j__field"
    assert links.directive("inaccessible", "inaccessible") == "hidden"
    assert links.owns_type("j__Graph")


def test_an_imported_element_goes_by_its_imported_name() -> None:
    """`import` gives single elements names of their own."""
    links = read_links(
        parse(
            _links(
                '@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", '
                'import: [{ name: "@requiresScopes", as: "@scopes" }, "Scope"], for: SECURITY)'
            )
        )
    )
    assert links.directive("requiresScopes", "requiresScopes") == "scopes"
    assert links.owns_type("Scope")
    assert links.owns_directive("scopes")


def test_core_features_are_read_like_links() -> None:
    """Federation 1 says `@core(feature:)` where link says `@link(url:)`."""
    links = read_links(parse(_links('@core(feature: "https://specs.apollo.dev/join/v0.1", for: EXECUTION)')))
    assert links.features["join"].version == (0, 1)


@pytest.mark.parametrize("purpose", ["SECURITY", "EXECUTION"])
def test_an_unknown_mandatory_feature_is_refused(purpose: str) -> None:
    """A feature that matters for security or execution cannot be ignored."""
    with pytest.raises(SupergraphProblem, match=r"needs https://example.com/vault/v1.0"):
        read_links(parse(_links(f'@link(url: "https://example.com/vault/v1.0", for: {purpose})')))


def test_an_unknown_feature_without_purpose_is_ignored() -> None:
    """Composed custom directives link specifications of their own."""
    links = read_links(parse(_links('@link(url: "https://example.com/notes/v2.3", import: ["@note"])')))
    assert links.owns_directive("note")


def test_a_foreign_feature_does_not_pass_for_one_of_apollos() -> None:
    """A specification is known by its whole identity, not by the last part of its name."""
    with pytest.raises(SupergraphProblem):
        read_links(parse(_links('@link(url: "https://example.com/inaccessible/v0.2", for: SECURITY)')))


@pytest.mark.parametrize("version", ["v0.6", "v1.0"])
def test_an_unknown_version_of_join_is_refused(version: str) -> None:
    """What a later join version means cannot be guessed."""
    with pytest.raises(SupergraphProblem, match="not supported"):
        read_links(parse(_links(f'@link(url: "https://specs.apollo.dev/join/{version}")')))


def test_a_newer_security_feature_is_refused() -> None:
    """A security feature in a version that is not known may protect more."""
    with pytest.raises(SupergraphProblem):
        read_links(parse(_links('@link(url: "https://specs.apollo.dev/policy/v0.9", for: SECURITY)')))


def test_a_feature_that_is_linked_twice_is_refused() -> None:
    """Two links of one specification would give it two names."""
    link = '@link(url: "https://specs.apollo.dev/tag/v0.3")'
    with pytest.raises(SupergraphProblem, match="twice"):
        read_links(parse(_links(f"{link} {link}")))
