"""Access control survives composition: through interfaces, @requires, contexts, unions of demands."""

from __future__ import annotations

import pytest

from gateway.composition import Code
from gateway.composition.merge.demands import Demand
from gateway.composition.merge.directives import alternatives, conjunction
from tests.kit.composition import directives_at, error_codes, only_error, supergraph

AUTH = "@authenticated"
SCOPE = '@requiresScopes(scopes: [["pii"]])'
POLICY = '@policy(policies: [["gerente"]])'


@pytest.mark.parametrize("directive", [AUTH, SCOPE, POLICY])
@pytest.mark.parametrize("version", ["v2.9", "v2.12"])
def test_interfaces_cannot_be_protected_directly(directive: str, version: str) -> None:
    """A caller would go round it through an implementation (the class of GHSA-mx7m-j9xf-62hw)."""
    link = (
        f'extend schema @link(url: "https://specs.apollo.dev/federation/{version}",'
        ' import: ["@key", "@authenticated", "@requiresScopes", "@policy", "@interfaceObject"])'
    )
    for sdl in (
        f"type Query {{ i: I }} interface I {directive} {{ a: Int }}",
        f"type Query {{ i: I }} interface I {{ a: Int {directive} }}",
    ):
        assert error_codes(f"{link} {sdl}") == {Code.AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: 1}


def test_an_interface_object_cannot_be_protected_but_its_fields_can() -> None:
    """The type stands for an interface; its fields are resolved."""
    accounts = (
        'type Query { i: I } interface I @key(fields: "id") { id: ID! }'
        ' type A implements I @key(fields: "id") { id: ID! }'
    )
    part = 'type I @interfaceObject @key(fields: "id") {} {{ id: ID! x: Int {} }}'
    assert error_codes(accounts, part.format(AUTH, "")) == {Code.AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: 1}
    found = supergraph(accounts, part.format("", SCOPE))
    assert '@requiresScopes(scopes: [["pii"]])' in directives_at(found, "I.x")
    assert '@requiresScopes(scopes: [["pii"]])' in directives_at(found, "A.x")


def test_an_interface_takes_the_demands_of_all_its_implementations() -> None:
    """Type and field demands each go up, also to interfaces of interfaces (GHSA-x33c-7c2v-mrj9)."""
    found = supergraph(
        "type Query { j: J } interface J { x: Int y: Int } interface I implements J { x: Int y: Int }"
        f" type A implements I & J {AUTH} {{ x: Int {SCOPE} y: Int }}"
        f" type B implements J {{ x: Int {POLICY} y: Int {AUTH} }}"
    )
    assert "@authenticated" in directives_at(found, "J")
    assert "@authenticated" in directives_at(found, "I")
    assert directives_at(found, "J.x") == [
        '@policy(policies: [["gerente"]])',
        '@requiresScopes(scopes: [["pii"]])',
    ]
    assert directives_at(found, "I.x") == ['@requiresScopes(scopes: [["pii"]])']
    assert directives_at(found, "J.y") == ["@authenticated"]
    assert directives_at(found, "I.y") == []


def test_alternatives_of_several_implementations_are_all_needed() -> None:
    """(a or b) and c becomes (a and c) or (b and c)."""
    found = supergraph(
        "type Query { i: I } interface I { x: Int }"
        ' type A implements I { x: Int @requiresScopes(scopes: [["a"], ["b"]]) }'
        ' type B implements I { x: Int @requiresScopes(scopes: [["c"]]) }'
    )
    assert directives_at(found, "I.x") == ['@requiresScopes(scopes: [["a", "c"], ["b", "c"]])']


OWNER = (
    'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID! x: Int {x} v: V @shareable i: I @shareable }}'
    " type V @shareable {v} {{ q: Int }} interface I {{ k: Int }} type J implements I {{ k: Int"
    " @shareable {k} }}"
)
# What is required → where it is protected, the external field, how the error names the data.
LEAKS = {
    "x": ("x", "x: Int", '"T.x"'),
    "v { q }": ("v", "v: V", '"T.v"'),
    "i { k }": ("k", "i: I", '"I.k"'),
    "i { ... on J { k } }": ("k", "i: I", '"J.k"'),
}


@pytest.mark.parametrize("directive", [AUTH, SCOPE, POLICY])
@pytest.mark.parametrize("requires", LEAKS)
def test_protected_data_does_not_leak_through_requires(directive: str, requires: str) -> None:
    """A field computed from protected data needs the same protection (the class of GHSA-m8jr-fxqx-8xx6)."""
    place, external, told = LEAKS[requires]
    owner = OWNER.format(**({"x": "", "v": "", "k": ""} | {place: directive}))
    asking = (
        f'type T @key(fields: "id") {{ id: ID! {external} @external r: Int @requires(fields:'
        f' "{requires}") %s }}'
        " type V @shareable { q: Int } interface I { k: Int } type J implements I { k: Int @shareable }"
    )
    message = only_error(owner, asking % "")
    assert message.startswith("MISSING_TRANSITIVE_AUTH_REQUIREMENTS")
    assert told in message
    assert not error_codes(owner, asking % directive)


@pytest.mark.parametrize(
    ("own", "accepted"),
    [
        ('[["a"]]', True),
        ('[["a", "z"]]', True),
        ('[["a"], ["b"]]', True),
        ('[["a"], ["b"], ["c"]]', False),
        ('[["c"]]', False),
    ],
)
def test_stricter_is_enough(own: str, accepted: bool) -> None:
    """Every way to meet the field's demand must meet the data's demand."""
    owner = (
        'type Query { t: T } type T @key(fields: "id") { id: ID! x: Int @requiresScopes(scopes:'
        ' [["a"], ["b"]]) }'
    )
    second = (
        'type T @key(fields: "id") { id: ID! x: Int @external'
        f' r: Int @requires(fields: "x") @requiresScopes(scopes: {own}) }}'
    )
    assert (not error_codes(owner, second)) is accepted


def test_the_type_itself_may_bring_the_protection() -> None:
    """Who sees no T sees no field of it."""
    owner = f'type Query {{ t: T }} type T @key(fields: "id") {AUTH} {{ id: ID! x: Int {AUTH} }}'
    second = 'type T @key(fields: "id") { id: ID! x: Int @external r: Int @requires(fields: "x") }'
    assert not error_codes(owner, second)


def test_protected_data_does_not_leak_through_a_context() -> None:
    """An argument from a context is data too."""
    sdl = (
        'type Query {{ u: U }} type U @key(fields: "id") @context(name: "c") {{ id: ID! p: String {} t: T }}'
        ' type T @key(fields: "id") {{ id: ID! f(a: String @fromContext(field: "$c {{ p }}")): Int {} }}'
    )
    assert error_codes(sdl.format(AUTH, "")) == {Code.MISSING_TRANSITIVE_AUTH_REQUIREMENTS: 1}
    assert not error_codes(sdl.format(AUTH, AUTH))


def test_conjunction_is_minimal_and_sorted() -> None:
    """Alternatives that ask for more than another one say nothing."""
    assert conjunction([(("a",), ("b",)), (("a",),)]) == (("a",),)
    assert alternatives((("b", "a"), ("a",))) == (("a",),)


def test_demands_are_ordered_by_implication() -> None:
    """Nothing follows from everything, and each demand from itself."""
    nothing, login = Demand(), Demand(authenticated=True)
    both = login & Demand(scopes=(("a",),))
    assert both.implies(login)
    assert both.implies(both)
    assert not login.implies(both)
    assert login.implies(nothing)
