"""The usual federation demonstration: users, products, reviews and stock, asked round and round."""

from __future__ import annotations

from typing import Any

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation

_REVIEW = {"id": "r1", "body": "muito bom", "author": {"id": "1"}, "product": {"upc": "p1"}}

_WORLD = Federation(
    [
        fed2(
            "accounts",
            'type Query { users: [User] } type User @key(fields: "id") { id: ID! name: String username: String }',
            {
                "Query": {"users": [{"id": "1"}, {"id": "2"}]},
                "User": [
                    {"id": "1", "name": "Ana", "username": "@ana"},
                    {"id": "2", "name": "Bia", "username": "@bia"},
                ],
            },
        ),
        fed2(
            "reviews",
            """
            type User @key(fields: "id") { id: ID! reviews: [Review] }
            type Review { id: ID! body: String author: User product: Product }
            type Product @key(fields: "upc") { upc: ID! reviews: [Review] }
            """,
            {
                "User": [{"id": "1", "reviews": [_REVIEW]}, {"id": "2", "reviews": []}],
                "Product": [{"upc": "p1", "reviews": [_REVIEW]}],
            },
        ),
        fed2(
            "products",
            """
            type Query { topProducts: [Product] }
            type Product @key(fields: "upc") { upc: ID! name: String price: Int weight: Int }
            """,
            {
                "Query": {"topProducts": [{"upc": "p1"}]},
                "Product": [{"upc": "p1", "name": "Cuscuzeira", "price": 30, "weight": 2}],
            },
        ),
        fed2(
            "inventory",
            """
            type Product @key(fields: "upc") {
              upc: ID! price: Int @external weight: Int @external
              inStock: Boolean shippingEstimate: Int @requires(fields: "price weight")
            }
            """,
            {
                "Product": [
                    {
                        "upc": "p1",
                        "inStock": True,
                        "shippingEstimate": lambda product, _: product["price"] * product["weight"],
                    }
                ]
            },
        ),
    ]
)

_QUERY = """
fragment User on User { id username name }
fragment Review on Review { id body }
fragment Product on Product { inStock name price shippingEstimate upc weight }
query {
  users {
    ...User
    reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } }
  }
  topProducts { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } }
}
"""

_PRODUCT = {
    "inStock": True,
    "name": "Cuscuzeira",
    "price": 30,
    "shippingEstimate": 60,
    "upc": "p1",
    "weight": 2,
}


def _review(**more: Any) -> dict[str, Any]:
    return {"id": "r1", "body": "muito bom", **more}


_AUTHOR = {"id": "1", "username": "@ana", "name": "Ana", "reviews": [_review(product=_PRODUCT)]}
_TOP = {**_PRODUCT, "reviews": [_review(author=_AUTHOR)]}

WORLDS = (
    World(
        "demo",
        _WORLD,
        (
            Case(
                "the large query takes seven fetches",
                _QUERY,
                {
                    "users": [
                        {"id": "1", "username": "@ana", "name": "Ana", "reviews": [_review(product=_TOP)]},
                        {"id": "2", "username": "@bia", "name": "Bia", "reviews": []},
                    ],
                    "topProducts": [_TOP],
                },
            ),
            Case(
                "one product through all subgraphs",
                "{ topProducts { name inStock shippingEstimate reviews { author { name } } } }",
                {
                    "topProducts": [
                        {
                            "name": "Cuscuzeira",
                            "inStock": True,
                            "shippingEstimate": 60,
                            "reviews": [{"author": {"name": "Ana"}}],
                        }
                    ]
                },
            ),
        ),
    ),
)
