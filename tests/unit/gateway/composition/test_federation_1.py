"""Federation 1 subgraphs compose as they always did."""

from __future__ import annotations

from gateway.composition import Code
from tests.kit.composition import directives_at, error_codes, fed1, fed2, supergraph

PRODUCTS = fed1(
    "products",
    'extend type Query { topProducts(first: Int = 5): [Product] } type Product @key(fields: "upc")'
    " { upc: String! name: String price: Int weight: Int size: Size } type Size { cm: Int }",
)
INVENTORY = fed1(
    "inventory",
    'extend type Product @key(fields: "upc") { upc: String! @external weight: Int @external price:'
    " Int @external"
    ' stock: Boolean shipping: Int @requires(fields: "price weight") size: Size } type Size { cm: Int }',
)
REVIEWS = fed1(
    "reviews",
    'type Review @key(fields: "id") { id: ID! author: User @provides(fields: "username") product: Product }'
    ' extend type User @key(fields: "id") { id: ID! @external username: String @external never: Int'
    " @external reviews: [Review] }"
    ' extend type Product @key(fields: "upc") { upc: String! @external reviews: [Review] }',
)
ACCOUNTS = fed1(
    "accounts",
    'extend type Query { me: User } type User @key(fields: "id") { id: ID! username: String never: Int }',
)


def test_the_usual_four_subgraphs_compose() -> None:
    """Extensions, externals, provides, requires, value types and shared fields of Federation 1."""
    found = supergraph(PRODUCTS, INVENTORY, REVIEWS, ACCOUNTS)
    assert directives_at(found, "Product.upc") == []
    assert directives_at(found, "Product.weight") == [
        "@join__field(graph: INVENTORY, external: true)",
        "@join__field(graph: PRODUCTS)",
    ]
    assert directives_at(found, "Product.shipping") == [
        '@join__field(graph: INVENTORY, requires: "price weight")'
    ]
    assert directives_at(found, "User.never") == ["@join__field(graph: ACCOUNTS)"]
    assert directives_at(found, "Review.author") == ['@join__field(graph: REVIEWS, provides: "username")']
    assert directives_at(found, "Size.cm") == []


def test_field_sets_may_be_lists_and_names() -> None:
    """`fields: ["id", "x"]` and `fields: id` were accepted."""
    found = supergraph(
        fed1(
            "a",
            'type Query { p: P q: Q } type P @key(fields: ["id", "x"]) { id: ID! x: Int } type Q'
            " @key(fields: id) { id: ID }",
        )
    )
    assert directives_at(found, "P") == ['@join__type(graph: A, key: "id x")']
    assert directives_at(found, "Q") == ['@join__type(graph: A, key: "id")']


def test_an_extension_without_a_key_takes_the_owners_first() -> None:
    """So its key field is resolved, not external."""
    found = supergraph(
        fed1("a", 'type Query { p: P } type P @key(fields: "id") @key(fields: "x") { id: ID! x: Int }'),
        fed1("b", 'extend type P { id: ID! @external y: Int @requires(fields: "id") } type Query { q: P }'),
        fed1("c", 'extend type P @key(fields: "id") { id: ID! @external y: Int z: Int }'),
    )
    assert directives_at(found, "P.id") == []
    assert "requires" not in str(directives_at(found, "P.y"))


def test_directives_without_effect_vanish() -> None:
    """On interfaces, on leaves, on what the subgraph resolves itself."""
    found = supergraph(
        fed1(
            "a",
            'type Query { i: I } interface I @key(fields: "id") { id: ID! @external x: Int'
            ' @requires(fields: "id") }'
            ' type A implements I @key(fields: "id") { id: ID! x: Int @provides(fields: "id")'
            ' @requires(fields: "id") }',
        )
    )
    assert directives_at(found, "I") == ["@join__type(graph: A)"]
    assert directives_at(found, "A.x") == []


def test_a_type_of_unused_externals_is_refused() -> None:
    """Nothing would be left of it."""
    assert error_codes(
        fed1("a", "type Query { v: V } type V { x: Int }"),
        fed1("b", 'type V { x: Int @external } type Z @key(fields: "id") { id: ID v: V }'),
    ) == {Code.TYPE_WITH_ONLY_UNUSED_EXTERNAL: 1}


def test_an_extension_of_nothing_is_refused() -> None:
    """Before extensions become definitions."""
    assert error_codes(fed1("a", "type Query { a: Int } extend type Z { a: Int }")) == {
        Code.EXTENSION_WITH_NO_BASE: 1
    }


def test_old_and_new_subgraphs_mix() -> None:
    """The new one must still share explicitly."""
    old = fed1("a", 'type Query { p: P v: V } type P @key(fields: "id") { id: ID! x: Int } type V { v: Int }')
    new = 'type P @key(fields: "id") {{ id: ID! x: Int {0} }} type V {0} {{ v: Int }}'
    assert not error_codes(old, fed2("b", new.format("@shareable")))
    assert error_codes(old, fed2("b", new.format(""))) == {Code.INVALID_FIELD_SHARING: 2}


def test_a_tag_repeated_on_an_external_is_dropped() -> None:
    """Federation 1 libraries ask for the repetition."""
    found = supergraph(
        fed1("a", 'type Query { p: P } type P @key(fields: "id") { id: ID! x: Int @tag(name: "k") }'),
        fed1(
            "b",
            'extend type P @key(fields: "id") { id: ID! @external x: Int @external @tag(name: "k")'
            ' y: Int @requires(fields: "x") }',
        ),
    )
    assert '@tag(name: "k")' in directives_at(found, "P.x")


def test_the_extends_directive_is_an_extension() -> None:
    """Languages without `extend type` use it, in both versions."""
    for wrap in (fed1, fed2):
        found = supergraph(
            wrap(
                "a",
                'type Query @extends { p: P } type P @key(fields: "id") @extends { id: ID! @external'
                " y: Int }",
            ),
            wrap("b", 'type P @key(fields: "id") { id: ID! }'),
        )
        assert directives_at(found, "P.id") == []
