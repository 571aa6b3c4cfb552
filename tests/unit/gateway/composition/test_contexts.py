"""@context and @fromContext."""

from __future__ import annotations

import pytest

from gateway.composition import Code, HintCode
from tests.kit.composition import directives_at, error_codes, hint_codes, only_error, supergraph

SDL = (
    'type Query {{ u: U {root} }} type U @key(fields: "id") @context(name: "{name}") {{ id: ID! n:'
    " String l: [String] c: C v: V }}"
    ' type V {{ d: Int e: String }} type C @key(fields: "id"{key}) {{ id: ID! f(a: {type}'
    ' @fromContext(field: "{field}"), o: Int): Int }}'
)


def sdl(field: str = "$usr { n }", **changes: str) -> str:
    values = {"root": "", "name": "usr", "key": "", "type": "String", "field": field} | changes
    return SDL.format(**values)


def test_a_contextual_argument_goes_to_the_join_field() -> None:
    """It is no argument of the API, and its context is named after the subgraph."""
    found = supergraph(sdl())
    assert directives_at(found, "U") == ['@context(name: "a__usr")', '@join__type(graph: A, key: "id")']
    assert directives_at(found, "C.f") == [
        "@join__field(graph: A, contextArguments:"
        ' [{ context: "a__usr", name: "a", type: "String", selection: " { n }" }])'
    ]
    assert '@link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)' in directives_at(
        found, "schema"
    )


@pytest.mark.parametrize(
    ("field", "type_name"),
    [
        ("$usr { n }", "String"),
        ("$usr n", "String"),
        ("$usr { v { d } }", "Int"),
        ("$usr { l }", "[String]"),
        ("$usr ... on U { n }", "String"),
    ],
)
def test_selections_come_down_to_one_value(field: str, type_name: str) -> None:
    """Directly, nested, or by type condition."""
    assert not error_codes(sdl(field, type=type_name))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "_bad"}, Code.CONTEXT_NAME_INVALID),
        ({"name": "a_b"}, Code.CONTEXT_NAME_INVALID),
        ({"field": "n"}, Code.NO_CONTEXT_IN_SELECTION),
        ({"field": "$usr"}, Code.NO_CONTEXT_IN_SELECTION),
        ({"field": "$other { n }"}, Code.CONTEXT_NOT_SET),
        ({"field": "$usr { id n }"}, Code.CONTEXT_INVALID_SELECTION),
        ({"field": "$usr { nobody }"}, Code.CONTEXT_INVALID_SELECTION),
        ({"field": "$usr { v }"}, Code.CONTEXT_INVALID_SELECTION),
        ({"field": "$usr { v { d e } }"}, Code.CONTEXT_INVALID_SELECTION),
        ({"field": "$usr { x: n }"}, Code.CONTEXT_INVALID_SELECTION),
        ({"field": "$usr { n @skip(if: true) }"}, Code.CONTEXT_INVALID_SELECTION),
        ({"field": "$usr { n "}, Code.CONTEXT_INVALID_SELECTION),
        ({"field": "$usr ... on V { e }"}, Code.CONTEXT_INVALID_SELECTION),
        ({"type": "String!"}, Code.CONTEXT_INVALID_SELECTION),
        ({"type": "Int"}, Code.CONTEXT_INVALID_SELECTION),
        ({"key": ", resolvable: false"}, Code.CONTEXT_NO_RESOLVABLE_KEY),
    ],
)
def test_a_faulty_context_is_refused(changes: dict[str, str], code: Code) -> None:
    """Each fault has its own code."""
    assert code in error_codes(sdl(**changes))


@pytest.mark.parametrize(
    ("link", "type_name", "fits"),
    [
        ("V", "Int", True),
        ("V", "Int!", False),
        ("V!", "Int!", True),
        ("[V]", "Int", False),
        ("[V]", "[Int]", True),
        ("[V]", "[Int!]", False),
        ("[V!]", "[Int!]", True),
        ("[V!]", "[Int!]!", False),
        ("[V!]!", "[Int!]!", True),
        ("[[V!]!]", "[[Int!]!]", True),
        ("[[V!]!]", "[Int!]", False),
    ],
)
def test_lists_and_nulls_on_the_way_to_the_value_are_part_of_its_type(
    link: str, type_name: str, *, fits: bool
) -> None:
    """A list of objects gives a list of values, and an object that may be null a value that may be."""
    text = sdl("$usr { v { d } }", type=type_name).replace("v: V }", f"v: {link} }}")
    codes = error_codes(text.replace("d: Int", "d: Int!"))
    assert codes == ({} if fits else {Code.CONTEXT_INVALID_SELECTION: 1})


def test_type_conditions_may_stand_below_an_object() -> None:
    """Each of the types there gives one value."""
    text = sdl("$usr { v { ... on V { d } } }", type="Int")
    assert not error_codes(text)


def test_a_default_beside_a_context_is_refused() -> None:
    """Nobody would know which one counts."""
    assert Code.CONTEXT_NOT_SET in error_codes(sdl().replace("String @from", 'String = "x" @from'))


def test_interface_fields_take_no_context() -> None:
    """Nor do the implementing ones."""
    text = sdl().replace("type C @key", "interface D { f: Int } type C implements D @key")
    assert Code.CONTEXT_NOT_SET in error_codes(text)


def test_a_field_reached_without_its_context_cannot_be_resolved() -> None:
    """The path in the error is the one that misses the context."""
    message = only_error(sdl(root="c: C"))
    assert message.startswith("SATISFIABILITY_ERROR")
    assert "no context for an argument" in message


def test_an_argument_that_is_contextual_in_one_subgraph_only() -> None:
    """Optional elsewhere it is dropped with a hint, required it is refused."""
    first = sdl().replace("): Int }", "): Int @shareable }")
    other = 'type C @key(fields: "id") {{ id: ID! f(a: String{}, o: Int): Int @shareable }}'
    assert hint_codes(first, other.format("")) == {
        HintCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS: 1
    }
    assert error_codes(first, other.format("!")) == {
        Code.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS: 1
    }


def test_the_join_field_says_the_arguments_own_type() -> None:
    """A gateway declares its variable with it, so `ID!` must not become `ID`."""
    found = supergraph(sdl("$usr { id }", type="ID!"))
    assert directives_at(found, "C.f") == [
        "@join__field(graph: A, contextArguments:"
        ' [{ context: "a__usr", name: "a", type: "ID!", selection: " { id }" }])'
    ]


def test_an_external_field_that_a_context_gives_is_used() -> None:
    """The subgraph does not resolve it, but needs it sent."""
    other = 'type U @key(fields: "id") { id: ID! n: String }'
    assert not error_codes(sdl().replace("n: String", "n: String @external"), other)
