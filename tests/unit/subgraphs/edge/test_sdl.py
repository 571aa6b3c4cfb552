"""The exported SDL, and the helper that compares one with a contract."""

from __future__ import annotations

import pytest
import strawberry
from graphql import parse

from subgraphs.edge import sdl
from subgraphs.edge.fields import field
from subgraphs.edge.schema import federated_schema
from tests.kit.contract import assert_honours, differences
from tests.unit.subgraphs.edge.shop import shop_schema

SHOP = sdl.export(shop_schema())


def test_the_export_is_the_same_every_time() -> None:
    """A stale file can be told by comparing bytes."""
    assert sdl.export(shop_schema()) == SHOP == sdl.normalised(SHOP)
    assert SHOP.endswith("}\n")


def test_directives_are_exported_wherever_they_are_applied() -> None:
    """On types, on fields of objects and interfaces, on mutations."""
    assert 'type Product implements Named @key(fields: "id")' in SHOP
    assert "price: Decimal @external" in SHOP
    assert 'twice: Decimal @requires(fields: "price")' in SHOP
    assert SHOP.count('name: String! @requiresScopes(scopes: [["names:read"]])') == 2
    assert "type Till @authenticated" in SHOP
    assert 'coins: Int! @requiresScopes(scopes: [["till:open"], ["owner", "boss"]])' in SHOP
    assert 'apply(amount: Decimal!): Decimal! @inaccessible @requiresScopes(scopes: [["sync:apply"]])' in SHOP
    assert "secret: String @authenticated" in SHOP


def test_every_directive_is_imported_once() -> None:
    """From Federation 2.9, by one @link."""
    assert SHOP.count("https://specs.apollo.dev/federation/v2.9") == 1
    head = SHOP[: SHOP.index("type ")]
    for name in ("authenticated", "external", "inaccessible", "key", "policy", "requires", "requiresScopes"):
        assert head.count(f'"@{name}"') == 1


def test_federations_machinery_is_left_out() -> None:
    """Composition brings it along."""
    for name in ("_Any", "_Entity", "_Service", "_service", "_entities", "FieldSet"):
        assert name not in SHOP


def test_an_optional_argument_has_no_default() -> None:
    """`= None` in Python is absence in GraphQL."""
    assert "echo(text: String, on: Date, at: DateTime, amount: Decimal, id: ID): String!" in SHOP
    assert "repeat(times: Int! = 2): Int!" in SHOP
    assert "= null" not in SHOP


def test_the_export_is_a_document() -> None:
    """It parses."""
    assert len(parse(SHOP).definitions) > 10


def test_a_subgraph_without_entities_is_exported_too() -> None:
    """Nothing of the machinery depends on them."""

    @strawberry.type
    class Query:
        @field(description="Says hello.")
        def hello(self) -> str:
            return "oi"

    assert '"""Says hello."""' in sdl.export(federated_schema(Query))


@strawberry.federation.type(keys=["id"])
class Thing:
    """An entity whose author forgot the hook."""

    id: strawberry.ID


@strawberry.type(name="Query")
class ThingQuery:
    """Its root."""

    @field()
    def thing(self) -> Thing:
        """The thing."""
        return Thing(id=strawberry.ID("1"))


def test_an_entity_must_follow_the_protocol() -> None:
    """Forgetting the hook is found at start, not at the first request."""
    with pytest.raises(TypeError, match="Thing has no resolve_references"):
        federated_schema(ThingQuery)


def test_a_schema_honours_itself() -> None:
    """And more than the contract is welcome."""
    assert_honours(SHOP, SHOP)
    smaller = SHOP.replace("  twice: Decimal", "  #").replace("coins: Int!", "#")
    assert not [line for line in differences(smaller, SHOP) if "missing" in line]


def test_each_broken_promise_is_named() -> None:
    """Whatever the export changes."""
    for given, instead, wanted in (
        ("price: Decimal @external", "price: Decimal! @external", "Product.price: Decimal!, not Decimal"),
        ("price: Decimal @external", "cost: Decimal @external", "Product.price: missing"),
        ("price: Decimal @external", "price: Decimal", "Product.price: lacks @external"),
        ("times: Int! = 2", "times: Int! = 3", "Query.repeat(times:): default 3, not 2"),
        ("times: Int! = 2", "often: Int! = 2", "Query.repeat(times:): missing"),
        (
            "times: Int! = 2",
            "times: Int! = 2, now: Int!",
            "Query.repeat(now:): required, and not in the contract",
        ),
        ('@key(fields: "id")', "", 'Product: lacks @key(fields: "id")'),
        ("type Box ", "type Crate ", "Box: missing"),
        ("Product implements Named", "Product", "Product: lacks the interface Named"),
        ("size: Int!", "size: Int! @inaccessible", "Box.size: has @inaccessible, not in the contract"),
        (
            "v2.9",
            "v2.0",
            "@link: https://specs.apollo.dev/federation/v2.0, not https://specs.apollo.dev/federation/v2.9",
        ),
        ('"@external"', "", "@link: @external is applied and not imported"),
    ):
        assert given in SHOP
        assert wanted in differences(SHOP, SHOP.replace(given, instead))
