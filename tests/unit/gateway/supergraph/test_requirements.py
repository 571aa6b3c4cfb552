"""Access requirements: what a caller needs follows from more than the field itself."""

from __future__ import annotations

from gateway.supergraph import AuthRequirements, Requirement, load
from tests.kit.supergraphs import supergraph_sdl

_LINKS = " ".join(
    f'@link(url: "https://specs.apollo.dev/{name}/v0.1", for: SECURITY)'
    for name in ("authenticated", "requiresScopes", "policy")
)
_PII = Requirement(scopes=(frozenset({"pii"}),))


def _requirements(types: str, links: str = _LINKS) -> AuthRequirements:
    return load(supergraph_sdl(types, links=links)).requirements


def test_directives_on_types_and_fields_are_read() -> None:
    """Scopes are alternatives of sets, policies too."""
    found = _requirements(
        """
        type Query @join__type(graph: A) { me: Client other: Int @policy(policies: [["p", "q"], ["r"]]) }
        type Client @join__type(graph: A) @authenticated { cpf: String @requiresScopes(scopes: [["pii"], ["admin", "read"]]) }
        """
    )
    assert found.of_type("Client") == Requirement(authenticated=True)
    assert found.of_field("Client", "cpf").scopes == (frozenset({"pii"}), frozenset({"admin", "read"}))
    assert found.of_field("Query", "other").policies == (frozenset({"p", "q"}), frozenset({"r"}))
    assert not found.of_field("Query", "me")


def test_a_supergraph_without_them_asks_for_nothing() -> None:
    """Nothing declared, nothing required."""
    assert not _requirements("type Query @join__type(graph: A) { a: Int }")


def test_renamed_directives_protect_all_the_same() -> None:
    """GHSA-g8jh-vg5j-4h3f: a directive is known by its specification, not by its name."""
    found = _requirements(
        'type Query @join__type(graph: A) { a: Int @login b: Int @scopes(scopes: [["pii"]]) }',
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "login", for: SECURITY) '
        '@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", '
        'import: [{ name: "@requiresScopes", as: "@scopes" }], for: SECURITY)',
    )
    assert found.of_field("Query", "a").authenticated
    assert found.of_field("Query", "b") == _PII


def test_an_objects_field_asks_what_its_interface_asks() -> None:
    """GHSA-mx7m-j9xf-62hw: the interface's directive cannot be bypassed through the object."""
    found = _requirements(
        """
        type Query @join__type(graph: A) { n: N }
        interface N @join__type(graph: A) { cpf: String @requiresScopes(scopes: [["pii"]]) }
        type O implements N @join__type(graph: A) @join__implements(graph: A, interface: "N") { cpf: String }
        """
    )
    assert found.of_field("O", "cpf") == _PII


def test_an_interfaces_field_asks_what_its_implementers_ask() -> None:
    """GHSA-x33c-7c2v-mrj9: any implementer, or its protected field, may be behind the interface."""
    found = _requirements(
        """
        type Query @join__type(graph: A) { n: N }
        interface N @join__type(graph: A) { cpf: String name: String }
        type O implements N @join__type(graph: A) @join__implements(graph: A, interface: "N") { cpf: String @requiresScopes(scopes: [["pii"]]) name: String }
        type P implements N @join__type(graph: A) @join__implements(graph: A, interface: "N") @authenticated { cpf: String name: String }
        """
    )
    assert found.of_field("N", "cpf") == Requirement(authenticated=True, scopes=_PII.scopes)
    assert found.of_field("N", "name") == Requirement(authenticated=True)
    assert not found.of_field("O", "name")


def test_a_requiring_field_asks_what_its_requirements_ask() -> None:
    """GHSA-m8jr-fxqx-8xx6: protected data must not be had through what is computed from it."""
    found = _requirements(
        """
        type Query @join__type(graph: A) { c: C }
        type C @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
          id: ID!
          cpf: String @join__field(graph: A) @join__field(graph: B, external: true) @requiresScopes(scopes: [["pii"]])
          home: Home @join__field(graph: A) @join__field(graph: B, external: true)
          hash: String @join__field(graph: B, requires: "cpf")
          region: String @join__field(graph: B, requires: "home { street }")
          label: String @join__field(graph: A, requires: "hash")
        }
        type Home @join__type(graph: A) @join__type(graph: B) @authenticated { street: String @policy(policies: [["near"]]) }
        """
    )
    assert found.of_field("C", "hash") == _PII
    assert found.of_field("C", "label") == _PII
    assert found.of_field("C", "region") == Requirement(authenticated=True, policies=(frozenset({"near"}),))


def test_alternatives_of_two_requirements_combine() -> None:
    """Whoever reads needs one alternative of each; supersets of others are left out."""
    left = Requirement(scopes=(frozenset({"a"}), frozenset({"b"})))
    right = Requirement(scopes=(frozenset({"a"}), frozenset({"c"})))
    assert left.both(right).scopes == (frozenset({"a"}), frozenset({"b", "c"}))
