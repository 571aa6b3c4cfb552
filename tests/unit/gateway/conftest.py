"""A small federation for the gateway's tests: customers, their rating, and what they did."""

from __future__ import annotations

import pytest

from tests.kit.federation import Federation, federation
from tests.kit.gateway import InProcessGateway
from tests.kit.subgraph_double import Fail

_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: '
    '["@key", "@external", "@requires", "@shareable", "@authenticated", "@requiresScopes", "@policy"])\n'
)

_PROFILE = (
    _LINK
    + """
type Query {
  customer(id: ID!): Customer
  customers(first: Int = 2): [Customer!]!
  search(input: SearchInput): [Customer!]!
  pipeline: Pipeline @requiresScopes(scopes: [["ops:read"]])
}
input SearchInput { city: String!, states: [State!], limit: Int = 10 }
enum State { SP RJ MG }
type Pipeline { behind: Int! }
type Customer @key(fields: "id") {
  id: ID!
  name: String!
  state: State
  cpf: String @requiresScopes(scopes: [["customer:pii"]])
  birthDate: String! @authenticated
}
type Mutation {
  rename(id: ID!, name: String!): Customer
  erase(id: ID!): Boolean
}
"""
)
_RATING = (
    _LINK
    + """
type Customer @key(fields: "id") { id: ID! rating: Rating score: Int! }
type Rating { grade: String! factors: [Factor!]! }
type Factor { name: String! points: Int }
"""
)

_NAMES = {"1": "Ana", "2": "Bruno", "3": "Carla"}


def _customer(number: str) -> dict[str, object]:
    return {
        "__typename": "Customer",
        "id": number,
        "name": _NAMES[number],
        "state": "SP",
        "cpf": "52998224725",
        "birthDate": "1990-05-17",
    }


def small_federation() -> Federation:
    """Two subgraphs: `profile` owns customers, `rating` extends them. Customer 3's rating fails."""
    profile = {
        "Query": {
            "customer": lambda _, arguments: (
                _customer(arguments["id"]) if arguments["id"] in _NAMES else None
            ),
            "customers": lambda _, arguments: [_customer(number) for number in _NAMES][: arguments["first"]],
            "search": lambda *_: [_customer("1")],
            "pipeline": {"behind": 0},
        },
        "Mutation": {
            "rename": lambda _, arguments: {**_customer(arguments["id"]), "name": arguments["name"]},
            "erase": True,
        },
        "Customer": [_customer(number) for number in _NAMES],
    }
    rating = {
        "Customer": [
            {"id": "1", "score": 710, "rating": {"grade": "B", "factors": [{"name": "age", "points": 12}]}},
            {"id": "2", "score": 480, "rating": None},
            {"id": "3", "score": Fail("no score"), "rating": Fail("no rating")},
        ]
    }
    return federation(profile=(_PROFILE, profile), rating=(_RATING, rating))


@pytest.fixture
def gateway() -> InProcessGateway:
    """A gateway over the small federation."""
    return InProcessGateway(small_federation())
