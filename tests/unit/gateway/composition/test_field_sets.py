"""@key, @requires and @provides select fields that exist, in ways that make sense."""

from __future__ import annotations

import pytest

from gateway.composition import Code
from gateway.composition.fieldset import FieldSetSyntaxError, parse_field_set, print_field_set
from tests.kit.composition import error_codes, fed2, only_error


def keyed(key: str, body: str = "id: ID! args(a: Int): Int nested: V") -> str:
    return (
        f"type Query {{ p: P }} type P @key({key}) {{ {body} }} type V {{ id: ID l: [Int] i: I u: U }}"
        " interface I { x: Int } type J implements I { x: Int } union U = J"
    )


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ('fields: ""', Code.KEY_INVALID_FIELDS),
        ('fields: "id {"', Code.KEY_INVALID_FIELDS),
        ('fields: "id } extra {"', Code.KEY_INVALID_FIELDS),
        ('fields: "...F"', Code.KEY_INVALID_FIELDS),
        ('fields: "nobody"', Code.KEY_INVALID_FIELDS),
        ('fields: "id { x }"', Code.KEY_INVALID_FIELDS),
        ('fields: "nested"', Code.KEY_INVALID_FIELDS),
        ('fields: "... on Nobody { id }"', Code.KEY_INVALID_FIELDS),
        ('fields: "... on V { id }"', Code.KEY_INVALID_FIELDS),
        ('fields: "id @tag(name: 1)"', Code.KEY_DIRECTIVE_IN_FIELDS_ARG),
        ('fields: "args"', Code.KEY_FIELDS_HAS_ARGS),
        ('fields: "nested { i { x } }"', Code.KEY_FIELDS_SELECT_INVALID_TYPE),
        ('fields: "nested { u { ... on J { x } } }"', Code.KEY_FIELDS_SELECT_INVALID_TYPE),
        ("fields: 1", Code.KEY_INVALID_FIELDS_TYPE),
        ('fields: ["id"]', Code.KEY_INVALID_FIELDS_TYPE),
    ],
)
def test_a_faulty_key_is_refused(key: str, code: Code) -> None:
    """Each fault of a key has its own code."""
    assert set(error_codes(keyed(key))) == {code}


@pytest.mark.parametrize(
    "key", ['fields: "id"', 'fields: "{ id }"', 'fields: "id nested { id l }"', 'fields: "__typename id"']
)
def test_keys_may_be_compound_nested_and_hold_lists(key: str) -> None:
    """What identifies can be written in several ways."""
    assert not error_codes(keyed(key))


def test_a_key_on_an_interface_needs_federation_2_3() -> None:
    """Earlier versions do not know it."""
    sdl = (
        'type Query { i: I } interface I @key(fields: "id") { id: ID! } type A implements I'
        ' @key(fields: "id") { id: ID! }'
    )
    assert error_codes(fed2("a", sdl, version="v2.2")) == {Code.KEY_UNSUPPORTED_ON_INTERFACE: 1}
    assert not error_codes(sdl)


BASE = (
    'type P @key(fields: "id") { id: ID! ext: Int arg(a: Int!): Int v: V @shareable }'
    " type V @shareable { x: Int }"
)


def requiring(fields: str) -> tuple[str, str]:
    asking = (
        'type Query { p: P } type P @key(fields: "id") { id: ID! own: Int ext: Int @external'
        f" arg(a: Int!): Int @external v: V @external r: Int @requires(fields: {fields}) }}"
        " type V @shareable { x: Int } type W { x: Int }"
    )
    return asking, BASE


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ('"own"', Code.REQUIRES_FIELDS_MISSING_EXTERNAL),
        ('"r"', Code.REQUIRES_FIELDS_MISSING_EXTERNAL),
        ('""', Code.REQUIRES_INVALID_FIELDS),
        ('"arg"', Code.REQUIRES_INVALID_FIELDS),
        ('"arg(b: 1, a: 1)"', Code.REQUIRES_INVALID_FIELDS),
        ('"v"', Code.REQUIRES_INVALID_FIELDS),
        ('"ext @skip(if: true)"', Code.REQUIRES_DIRECTIVE_IN_FIELDS_ARG),
        ("true", Code.REQUIRES_INVALID_FIELDS_TYPE),
    ],
)
def test_a_faulty_requires_is_refused(fields: str, code: Code) -> None:
    """Each fault of a @requires has its own code."""
    assert code in error_codes(*requiring(fields))


def test_requires_takes_arguments_and_subfields_of_externals() -> None:
    """Arguments are allowed, and what is below an external field counts as external."""
    assert not error_codes(*requiring('"ext arg(a: 1) v { x }"'))


def test_interface_fields_neither_require_nor_provide() -> None:
    """They are not resolved."""
    codes = error_codes(
        'type Query { i: I } interface I { a: Int @requires(fields: "b") b: Int c: I @provides(fields: "b") }'
    )
    assert codes == {Code.REQUIRES_UNSUPPORTED_ON_INTERFACE: 1, Code.PROVIDES_UNSUPPORTED_ON_INTERFACE: 1}


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ('p: P @provides(fields: "own")', Code.PROVIDES_FIELDS_MISSING_EXTERNAL),
        ('p: P @provides(fields: "nobody")', Code.PROVIDES_INVALID_FIELDS),
        ('p: P @provides(fields: "args")', Code.PROVIDES_FIELDS_HAS_ARGS),
        ('p: P @provides(fields: "ext @deprecated")', Code.PROVIDES_DIRECTIVE_IN_FIELDS_ARG),
        ("p: P @provides(fields: [1])", Code.PROVIDES_INVALID_FIELDS_TYPE),
        ('p: Int @provides(fields: "ext")', Code.PROVIDES_ON_NON_OBJECT_FIELD),
    ],
)
def test_a_faulty_provides_is_refused(field: str, code: Code) -> None:
    """Each fault of a @provides has its own code."""
    sdl = (
        f'type Query {{ {field} }} type P @key(fields: "id") {{ id: ID! ext: Int @external own:'
        f" Int args(a: Int): Int @external }}"
    )
    assert code in error_codes(
        sdl, 'type P @key(fields: "id") { id: ID! ext: Int @shareable args(a: Int): Int @shareable }'
    )


def test_provides_goes_through_lists_and_interfaces() -> None:
    """A list's items and an interface's implementations can be lent fields."""
    assert not error_codes(
        'type Query { l: [P!]! @provides(fields: "ext") i: I @provides(fields: "ext ... on P { ext }") }'
        ' interface I { ext: Int } type P implements I @key(fields: "id") { id: ID! ext: Int @external }',
        'type P @key(fields: "id") { id: ID! ext: Int @shareable }',
    )


def test_a_key_field_of_an_extension_is_not_external_though_marked() -> None:
    """`@external` on it is a habit of Federation 1; requiring it is needless."""
    message = only_error(
        'type Query { p: P } extend type P @key(fields: "id") { id: ID! @external r: Int'
        ' @requires(fields: "id") }',
        'type P @key(fields: "id") { id: ID! }',
    )
    assert "key field of an extension" in message


@pytest.mark.parametrize("text", ["id", "a { b c(x: [1, {y: $z}]) }", "... on T { id }", "x: id"])
def test_field_sets_print_to_what_they_parse_to(text: str) -> None:
    """Printing is canonical: parsing it again gives the same selections."""
    selections = parse_field_set(text)
    assert parse_field_set(print_field_set(selections)) == selections


@pytest.mark.parametrize("text", ["", "{", "}", "{a} {b}", "query ($a: Int) { a }", "...F", "a("])
def test_what_is_no_selection_is_a_field_set_syntax_error(text: str) -> None:
    """Any other text raises one kind of error."""
    with pytest.raises(FieldSetSyntaxError):
        parse_field_set(text)
