"""@link: versions, imports, renames, other specifications."""

from __future__ import annotations

import pytest

from gateway.composition import Code, HintCode
from tests.kit.composition import (
    composed,
    directives_at,
    error_codes,
    fed1,
    fed2,
    hint_codes,
    only_error,
    supergraph,
)

FEDERATION = "https://specs.apollo.dev/federation"


def linked(arguments: str, rest: str = "type Query { a: Int }") -> str:
    return f"extend schema @link({arguments})\n{rest}"


@pytest.mark.parametrize("minor", range(13))
def test_every_version_from_2_0_to_2_12_is_read(minor: int) -> None:
    """A schema that links any known version composes."""
    assert not error_codes(linked(f'url: "{FEDERATION}/v2.{minor}", import: ["@key", "@shareable"]'))


@pytest.mark.parametrize("version", ["v2.99", "v3.0", "v1.0"])
def test_an_unknown_federation_version_is_refused(version: str) -> None:
    """The error says up to where versions are known."""
    assert "up to v2." in only_error(linked(f'url: "{FEDERATION}/{version}"'))
    assert error_codes(linked(f'url: "{FEDERATION}/{version}"')) == {Code.UNKNOWN_FEDERATION_LINK_VERSION: 1}


def test_a_directive_newer_than_the_linked_version_cannot_be_imported() -> None:
    """@interfaceObject came with 2.3."""
    assert error_codes(linked(f'url: "{FEDERATION}/v2.2", import: ["@interfaceObject"]')) == {
        Code.INVALID_LINK_DIRECTIVE_USAGE: 1
    }


@pytest.mark.parametrize(
    ("imports", "advice"),
    [
        ('"@unknown"', 'Cannot import "@unknown"'),
        ('"key"', 'did you mean "@key"?'),
        ('{name: "@key", as: "chave"}', 'a directive keeps its "@"'),
        ('"@key", {name: "@key", as: "@chave"}', "keep one"),
        ("7", "must be a name"),
    ],
)
def test_faulty_imports_say_what_is_wrong(imports: str, advice: str) -> None:
    """Each faulty import is an INVALID_LINK_DIRECTIVE_USAGE with its reason."""
    message = only_error(linked(f'url: "{FEDERATION}/v2.9", import: [{imports}]'))
    assert message.startswith("INVALID_LINK_DIRECTIVE_USAGE")
    assert advice in message
    assert "a:1:15" in message


@pytest.mark.parametrize("url", ["no url", "https://specs.apollo.dev", "https://x.br/__bad/v1.0", "http://["])
def test_a_url_that_identifies_nothing_is_refused(url: str) -> None:
    """Broken identifiers get their own code."""
    sdl = linked(f'url: "{FEDERATION}/v2.9") @link(url: "{url}"')
    assert error_codes(sdl) == {Code.INVALID_LINK_IDENTIFIER: 1}


def test_one_specification_is_linked_once() -> None:
    """A second link to federation is an error, not a merge."""
    sdl = linked(f'url: "{FEDERATION}/v2.9") @link(url: "{FEDERATION}/v2.8"')
    assert error_codes(sdl) == {Code.INVALID_LINK_DIRECTIVE_USAGE: 1}


def test_renamed_namespaced_and_imported_names_mean_the_same_directive() -> None:
    """@chave, @fed__shareable and @fed__key are federation's, whatever they are called."""
    found = supergraph(
        linked(
            f'url: "{FEDERATION}/v2.9", as: "fed", import: [{{name: "@key", as: "@chave"}}, "FieldSet"]',
            'type Query { c: C @fed__shareable } type C @chave(fields: "id") { id: ID! }',
        )
    )
    assert directives_at(found, "C") == ['@join__type(graph: A, key: "id")']


def test_a_renamed_security_directive_is_never_lost() -> None:
    """@authenticated under another name still protects (the class of GHSA-g8jh-vg5j-4h3f)."""
    found = supergraph(
        linked(
            f'url: "{FEDERATION}/v2.9", import: [{{name: "@authenticated", as: "@logado"}}]',
            'type Query { a: Int @logado b: Int @federation__requiresScopes(scopes: [["x"]]) }',
        )
    )
    assert directives_at(found, "Query.a") == ["@logado"]
    assert directives_at(found, "Query.b") == ['@requiresScopes(scopes: [["x"]])']
    assert (
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1",'
        ' import: [{name: "@authenticated", as: "@logado"}], for: SECURITY)'
    ).replace("{name", "{ name").replace('"}]', '" }]') in directives_at(found, "schema")


def test_an_unimported_directive_is_unknown_and_the_error_says_how_to_import_it() -> None:
    """@shareable without an import is not federation's."""
    message = only_error(linked(f'url: "{FEDERATION}/v2.9"', "type Query { a: Int @shareable }"))
    assert "INVALID_GRAPHQL" in message
    assert "imports of the @link" in message


def test_a_federation_1_schema_is_told_to_link_before_using_federation_2() -> None:
    """Without a link, Federation 2 directives do not exist."""
    assert "Federation 1 schema" in only_error(fed1("a", "type Query { a: Int @shareable }"))


def test_specifications_can_be_linked_on_their_own() -> None:
    """@tag and @inaccessible from their own specifications work beside federation's."""
    found = supergraph(
        linked(
            f'url: "{FEDERATION}/v2.3") @link(url: "https://specs.apollo.dev/tag/v0.3", import: ["@tag"])'
            ' @link(url: "https://specs.apollo.dev/inaccessible/v0.2"',
            'type Query { a: Int @tag(name: "x") b: Int @inaccessible }',
        )
    )
    assert directives_at(found, "Query.a") == ['@tag(name: "x")']
    assert directives_at(found, "Query.b") == ["@inaccessible"]


def test_a_merged_directive_has_one_name_in_all_subgraphs() -> None:
    """@tag imported under two names would be ambiguous in the supergraph."""
    renamed = linked(
        f'url: "{FEDERATION}/v2.3", import: [{{name: "@tag", as: "@rotulo"}}]',
        'type Query { b: Int @rotulo(name: "x") }',
    )
    assert error_codes('type Query { a: Int @tag(name: "x") }', renamed) == {
        Code.LINK_IMPORT_NAME_MISMATCH: 1
    }


@pytest.mark.parametrize("purpose", ["SECURITY", "EXECUTION"])
def test_an_unknown_mandatory_specification_is_refused(purpose: str) -> None:
    """What a schema marks as needed must not be dropped silently."""
    sdl = linked(f'url: "{FEDERATION}/v2.9") @link(url: "https://acme.br/lgpd/v1.0", for: {purpose}')
    assert error_codes(sdl) == {Code.UNSUPPORTED_LINKED_FEATURE: 1}


def test_a_supergraph_is_no_subgraph() -> None:
    """Whoever gives the wrong file is told which one is wanted."""
    made = composed("type Query { a: Int }").supergraph_sdl
    assert made is not None
    error = only_error(made)
    assert error.startswith("UNSUPPORTED_LINKED_FEATURE")
    assert "give the subgraph's own schema" in error


@pytest.mark.parametrize(
    "definition",
    [
        "directive @key(fields: String!, other: Int) on OBJECT",
        "directive @key(fields: [federation__FieldSet!]!) on OBJECT",
        "directive @key on OBJECT",
        "directive @key(fields: federation__FieldSet!) on FIELD_DEFINITION",
        "directive @shareable(x: Int) on OBJECT",
        "directive @requires(fields: federation__FieldSet!) repeatable on FIELD_DEFINITION",
    ],
)
def test_own_definitions_of_federation_directives_must_agree(definition: str) -> None:
    """A subgraph's copy that differs from the specification is refused."""
    sdl = linked(
        f'url: "{FEDERATION}/v2.9", import: ["@key", "@shareable", "@requires"]',
        f"{definition}\nscalar federation__FieldSet\ntype Query {{ a: Int }}",
    )
    assert set(error_codes(sdl)) == {Code.DIRECTIVE_DEFINITION_INVALID}


def test_own_definitions_that_agree_are_accepted() -> None:
    """Subgraph libraries print the definitions into their SDL."""
    sdl = linked(
        f'url: "{FEDERATION}/v2.9", import: ["@key"]',
        "directive @key(fields: federation__FieldSet!) repeatable on OBJECT\nscalar federation__FieldSet\n"
        'type Query { a: C } type C @key(fields: "id") { id: ID }',
    )
    assert not error_codes(sdl)


def test_a_specification_type_must_be_what_it_is() -> None:
    """FieldSet is a scalar."""
    sdl = linked(f'url: "{FEDERATION}/v2.9"', "type federation__FieldSet { a: Int } type Query { a: Int }")
    assert error_codes(sdl) == {Code.TYPE_DEFINITION_INVALID: 1}


def test_the_subgraph_machinery_is_not_part_of_the_api() -> None:
    """_service, _entities and their types vanish."""
    found = supergraph(
        fed2(
            "a",
            "scalar _Any union _Entity = C type _Service { sdl: String } "
            "type Query { c: C _service: _Service! _entities(representations: [_Any!]!): [_Entity]! } "
            'type C @key(fields: "id") { id: ID! }',
        )
    )
    assert {name for name in found if name.startswith("_")} == set()
    assert directives_at(found, "Query.c") == []


def test_an_unknown_version_of_a_linked_specification_is_refused() -> None:
    """A later version of @tag may mean something else."""
    sdl = linked(f'url: "{FEDERATION}/v2.9") @link(url: "https://specs.apollo.dev/tag/v0.9"')
    assert error_codes(sdl) == {Code.UNKNOWN_LINK_VERSION: 1}


def test_a_specification_newer_than_the_federation_version_is_a_hint() -> None:
    """@cost came with 2.9; linked by itself it works below."""
    sdl = linked(
        f'url: "{FEDERATION}/v2.3") @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost"]',
        "type Query { a: Int @cost(weight: 3) }",
    )
    assert hint_codes(sdl) == {HintCode.IMPLICITLY_UPGRADED_FEDERATION_VERSION: 1}


def test_names_of_the_supergraph_are_reserved() -> None:
    """A subgraph's join__Graph would collide with the supergraph's."""
    sdl = "type Query { a: join__Graph } enum join__Graph { X }"
    assert error_codes(sdl) == {Code.INVALID_GRAPHQL: 1}
