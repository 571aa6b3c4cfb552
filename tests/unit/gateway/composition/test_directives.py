"""Directives in the supergraph: merged specifications, composed custom ones, executable ones."""

from __future__ import annotations

import pytest
from graphql import language as ast
from graphql import print_ast

from gateway.composition import Code, HintCode
from tests.kit.composition import directives_at, error_codes, hint_codes, supergraph


def merged(first: str, second: str) -> list[str]:
    shared = "type Query {{ a(x: Int, y: Int): [Int] @shareable {} }}"
    return directives_at(supergraph(shared.format(first), shared.format(second)), "Query.a")


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ('@tag(name: "a")', '@tag(name: "b") @tag(name: "a")', ['@tag(name: "a")', '@tag(name: "b")']),
        ("@inaccessible", "", ["@inaccessible"]),
        ("@authenticated", "", ["@authenticated"]),
        ('@requiresScopes(scopes: [["a"]])', "", ['@requiresScopes(scopes: [["a"]])']),
        (
            '@requiresScopes(scopes: [["a"], ["b"]])',
            '@requiresScopes(scopes: [["c"]])',
            ['@requiresScopes(scopes: [["a", "c"], ["b", "c"]])'],
        ),
        (
            '@policy(policies: [["a", "b"]])',
            '@policy(policies: [["c"], ["d"]])',
            ['@policy(policies: [["a", "b", "c"], ["a", "b", "d"]])'],
        ),
        ('@policy(policies: [["a"]])', '@policy(policies: [["a"], ["b"]])', ['@policy(policies: [["a"]])']),
        ("@cost(weight: 3)", "@cost(weight: 5)", ["@cost(weight: 5)"]),
        ("@listSize(assumedSize: 3)", "@listSize(assumedSize: 2)", ["@listSize(assumedSize: 3)"]),
        (
            '@listSize(slicingArguments: ["x"], requireOneSlicingArgument: true)',
            '@listSize(slicingArguments: ["y"], requireOneSlicingArgument: false)',
            ['@listSize(slicingArguments: ["x", "y"], requireOneSlicingArgument: false)'],
        ),
        ('@deprecated(reason: "p")', "", ['@deprecated(reason: "p")']),
        ('@deprecated(reason: "p")', '@deprecated(reason: "q")', ['@deprecated(reason: "p")']),
    ],
)
def test_specification_directives_merge_by_their_own_rules(
    first: str, second: str, result: list[str]
) -> None:
    """What restricts is combined so that nothing becomes more open."""
    if first.startswith("@inaccessible"):
        shared = "type Query {{ b: Int @shareable a(x: Int, y: Int): [Int] @shareable {} }}"
        assert directives_at(supergraph(shared.format(first), shared.format(second)), "Query.a") == result
        return
    assert merged(first, second) == result


def test_combined_arguments_are_hinted_at() -> None:
    """Authors learn that their weight is not the one in use."""
    sdl = "type Query {{ a: Int @shareable @cost(weight: {}) }}"
    assert hint_codes(sdl.format(1), sdl.format(2)) == {HintCode.MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS: 1}
    sdl = 'type Query {{ a: Int @shareable @deprecated(reason: "{}") }}'
    assert hint_codes(sdl.format(1), sdl.format(2)) == {
        HintCode.INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS: 1
    }


def test_tags_are_kept_everywhere() -> None:
    """Types, fields, arguments, enum values, inputs, scalars, unions, the schema."""
    found = supergraph(
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@tag"])'
        ' @tag(name: "s")'
        ' type Query @tag(name: "t") { a(x: In @tag(name: "a")): E u: U } enum E @tag(name: "e") { A'
        ' @tag(name: "v") }'
        ' input In @tag(name: "i") { f: S @tag(name: "f") } scalar S @tag(name: "c") union U'
        ' @tag(name: "u") = Query'
    )
    text = "\n".join(print_ast(node) for node in found.values())
    assert [c for c in "staevifcu" if f'@tag(name: "{c}")' not in text] == []
    assert '@tag(name: "s")' in directives_at(found, "schema")


def test_unions_and_inputs_print_with_directives() -> None:
    """A union with directives still parses to its members."""
    found = supergraph("type Query { u: U } union U = A | B type A { x: Int } type B { x: Int }")["U"]
    assert isinstance(found, ast.UnionTypeDefinitionNode)
    assert [t.name.value for t in found.types or ()] == ["A", "B"]


HEAD = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key",'
    ' "@composeDirective", "@shareable"])'
    ' @link(url: "https://acme.br/lgpd/{version}", import: [{imports}]) {compose}\n'
)


def custom(compose: str, rest: str, *, version: str = "v1.2", imports: str = '"@pii"') -> str:
    return HEAD.format(version=version, imports=imports, compose=compose) + rest


PII = "directive @pii(kind: Kind = A, why: String) on FIELD_DEFINITION | OBJECT enum Kind { A B } "
COMPOSE = '@composeDirective(name: "@pii")'


def test_a_composed_directive_is_kept_with_its_definition_and_link() -> None:
    """Types of its arguments come along."""
    found = supergraph(custom(COMPOSE, PII + "type Query { a: Int @pii(kind: B) }"))
    assert directives_at(found, "Query.a") == ["@pii(kind: B)"]
    assert {"@pii", "Kind"} <= set(found)
    assert '@link(url: "https://acme.br/lgpd/v1.2", import: ["@pii"])' in directives_at(found, "schema")


def test_without_compose_directive_it_is_dropped() -> None:
    """Linking alone keeps nothing."""
    found = supergraph(custom("", PII + "type Query { a: Int @pii }"))
    assert "@pii" not in found
    assert directives_at(found, "Query.a") == []


def test_the_newest_minor_version_defines_the_directive() -> None:
    """Its definition understands the applications of the older ones."""
    newer = PII.replace("why: String", "why: String, since: Int")
    found = supergraph(
        custom(COMPOSE, PII + "type Query { a: Int @pii @shareable }"),
        custom(COMPOSE, newer + "type Query { a: Int @pii @shareable }", version="v1.5"),
    )
    assert "since: Int" in print_ast(found["@pii"])
    assert '@link(url: "https://acme.br/lgpd/v1.5", import: ["@pii"])' in directives_at(found, "schema")


def test_a_renamed_directive_is_linked_under_its_name() -> None:
    """The link's import says what it is."""
    found = supergraph(
        custom(
            '@composeDirective(name: "@pessoal")',
            "directive @pessoal on OBJECT type Query @pessoal { a: Int }",
            imports='{name: "@pii", as: "@pessoal"}',
        )
    )
    assert (
        '@link(url: "https://acme.br/lgpd/v1.2", import: [{ name: "@pii", as: "@pessoal" }])'
        in directives_at(found, "schema")
    )


@pytest.mark.parametrize(
    "compose",
    [
        '@composeDirective(name: "pii")',
        '@composeDirective(name: "@unknown")',
        '@composeDirective(name: "@own")',
        "@composeDirective",
        '@composeDirective(name: "")',
        '@composeDirective(name: "@key")',
        '@composeDirective(name: "@deprecated")',
    ],
)
def test_what_cannot_be_composed_is_refused(compose: str) -> None:
    """Names that are no custom directive of a linked specification."""
    sdl = custom(compose, PII + "directive @own on OBJECT type Query { a: Int }")
    assert error_codes(sdl) == {Code.DIRECTIVE_COMPOSITION_ERROR: 1}


def test_major_versions_do_not_mix() -> None:
    """Composed they are an error, otherwise a piece of information."""
    sdl = PII + "type Query { a: Int @shareable }"
    assert error_codes(custom(COMPOSE, sdl), custom(COMPOSE, sdl, version="v2.0")) == {
        Code.DIRECTIVE_COMPOSITION_ERROR: 1
    }
    assert HintCode.DIRECTIVE_COMPOSITION_INFO in hint_codes(
        custom(COMPOSE, sdl), custom("", sdl, version="v2.0")
    )


def test_one_directive_has_one_name_and_one_name_one_directive() -> None:
    """Over all subgraphs that compose it."""
    sdl = PII + "type Query { a: Int @shareable }"
    other = custom(COMPOSE, sdl).replace("acme.br/lgpd", "acme.br/outra")
    assert Code.DIRECTIVE_COMPOSITION_ERROR in error_codes(custom(COMPOSE, sdl), other)
    renamed = custom(
        '@composeDirective(name: "@p2")',
        "directive @p2 on OBJECT type Query { a: Int @shareable }",
        imports='{name: "@pii", as: "@p2"}',
    )
    assert Code.DIRECTIVE_COMPOSITION_ERROR in error_codes(custom(COMPOSE, sdl), renamed)


def test_executable_directives_merge_by_intersection() -> None:
    """A client may use what every subgraph would understand."""
    first = "directive @x(a: Int, b: Int!) repeatable on QUERY | FIELD type Query { a: Int @shareable }"
    second = "directive @x(a: Int!, b: Int!, c: Int) on FIELD | MUTATION type Query { a: Int @shareable }"
    assert print_ast(supergraph(first, second)["@x"]) == "directive @x(a: Int!, b: Int!) on FIELD"
    assert {
        HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS,
        HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE,
        HintCode.INCONSISTENT_ARGUMENT_PRESENCE,
    } <= set(hint_codes(first, second))


@pytest.mark.parametrize(
    ("second", "hint"),
    [
        ("", HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE),
        ("directive @x on QUERY", HintCode.NO_EXECUTABLE_DIRECTIVE_INTERSECTION),
    ],
)
def test_an_executable_directive_that_not_all_have_is_dropped(second: str, hint: HintCode) -> None:
    """With a hint that says why."""
    subgraphs = (
        "directive @x on FIELD type Query { a: Int @shareable }",
        f"{second} type Query {{ a: Int @shareable }}",
    )
    assert "@x" not in supergraph(*subgraphs)
    assert hint_codes(*subgraphs) == {hint: 1}


def test_executable_directives_are_part_of_the_api() -> None:
    """Their type-system locations are not."""
    found = supergraph("directive @x on FIELD | OBJECT type Query @x { a: Int }")
    assert print_ast(found["@x"]) == "directive @x on FIELD"
    assert directives_at(found, "Query") == ["@join__type(graph: A)"]


def test_arguments_of_composed_directives_cannot_be_hidden() -> None:
    """Nor can a visible directive have a hidden type."""
    head = HEAD.replace('"@shareable"', '"@shareable", "@inaccessible"')
    composed = head.format(version="v1.2", imports='"@pii"', compose=COMPOSE)
    assert Code.DISALLOWED_INACCESSIBLE in error_codes(
        composed + "directive @pii(why: String @inaccessible) on OBJECT type Query { a: Int }"
    )
    assert error_codes("directive @x(k: K) on FIELD enum K @inaccessible { A } type Query { a: Int }") == {
        Code.REFERENCED_INACCESSIBLE: 1
    }


def test_a_directive_of_ones_own_does_not_pass_for_a_specifications() -> None:
    """@authenticated in one subgraph must not become another's executable directive."""
    own = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@shareable"])'
    own += " directive @tag(name: String!) on FIELD type Query { b: Int }"
    assert not error_codes(own)
    both = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")'
    both += ' directive @tag(name: String!) on FIELD type Query { c: Int @federation__tag(name: "x") }'
    assert error_codes(both) == {Code.DIRECTIVE_COMPOSITION_ERROR: 1}
