"""`_entities`."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.references import entity_id
from subgraphs.edge.schema import MAX_REPRESENTATIONS
from tests.kit.edge import Answer, call, principal
from tests.unit.subgraphs.edge.shop import calls, shop

ENTITIES = """
query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Product { id name twice }
    ... on Shelf { id }
  }
}
"""
READER = principal("names:read")


def product(number: int, **fields: Any) -> dict[str, Any]:
    return {"__typename": "Product", "id": str(uuid.UUID(int=number)), **fields}


async def entities(*representations: object) -> Answer:
    return await call(shop(), ENTITIES, {"representations": list(representations)}, caller=READER)


async def test_entities_come_in_the_order_of_their_representations() -> None:
    """Types mixed, duplicates kept."""
    shelf = {"__typename": "Shelf", "id": str(uuid.UUID(int=5))}
    answer = await entities(product(2), shelf, product(1), product(2))
    found = [(entity["__typename"], uuid.UUID(entity["id"]).int) for entity in answer.data["_entities"]]
    assert found == [("Product", 2), ("Shelf", 5), ("Product", 1), ("Product", 2)]


async def test_each_type_is_resolved_by_one_call() -> None:
    """However many representations there are, and with the subgraph's own context."""
    shelf = {"__typename": "Shelf", "id": str(uuid.UUID(int=5))}
    await entities(*(product(number) for number in range(1, 13)), shelf, shelf)
    assert calls == ["products:12:BRL", "shelves:2"]


async def test_required_fields_arrive_with_their_python_types() -> None:
    """A Decimal of another subgraph is exact here."""
    answer = await entities(product(1, price="0.10"), product(2, price=None), product(3))
    assert [entity["twice"] for entity in answer.data["_entities"]] == ["0.20", None, None]


async def test_an_entity_that_does_not_exist_is_null_without_an_error() -> None:
    """That is an answer, not a fault."""
    answer = await entities(product(16), product(1))
    assert [entity and entity["name"] for entity in answer.data["_entities"]] == [None, "Café"]


async def test_a_fault_of_one_entity_is_its_own() -> None:
    """The hook may answer a fault in the place of one."""
    answer = await entities(product(1), product(15))
    assert [entity is None for entity in answer.json["data"]["_entities"]] == [False, True]
    assert [(error["path"], error["message"]) for error in answer.json["errors"]] == [
        (["_entities", 1], "This product cannot be shown.")
    ]


BAD: list[object] = [
    [],
    "Product",
    7,
    {},
    {"__typename": "Product"},
    {"id": str(uuid.UUID(int=1))},
    {"__typename": "Nope", "id": str(uuid.UUID(int=1))},
    {"__typename": "Query", "id": str(uuid.UUID(int=1))},
    {"__typename": "Till", "id": str(uuid.UUID(int=1))},
    {"__typename": "_Entity", "id": str(uuid.UUID(int=1))},
    {"__typename": {"$ne": 1}, "id": str(uuid.UUID(int=1))},
    {"__typename": "Product", "id": {"$ne": 1}},
    {"__typename": "Product", "id": [str(uuid.UUID(int=1))]},
    {"__typename": "Product", "id": None},
    {"__typename": "Product", "id": True},
    {"__typename": "Product", "id": 1},
    {"__typename": "Product", "id": "1"},
    {"__typename": "Product", "id": "' OR 1=1 --"},
    product(1, colour="red"),
    product(1, resolve_references=1),
    product(1, price={"$gt": 0}),
    product(1, price=1.5),
    product(1, price=["1"]),
]


@pytest.mark.parametrize("bad", BAD, ids=repr)
async def test_a_bad_representation_fails_alone(bad: object) -> None:
    """It is null with a stable code at its place; its neighbours are resolved, and no Python text leaks."""
    answer = await entities(product(1), bad, product(2))
    assert [entity is None for entity in answer.json["data"]["_entities"]] == [False, True, False]
    (error,) = answer.json["errors"]
    assert error["path"] == ["_entities", 1]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert not any(word in error["message"] for word in ("Error", "None", "resolve_reference", "self"))
    assert calls == ["products:2:BRL"]


async def test_no_bad_representation_reaches_a_store() -> None:
    """With bad ones alone the hook is not called."""
    await entities(*BAD)
    assert calls == []


async def test_a_null_representation_is_refused_as_a_whole() -> None:
    """`[_Any!]!` says so."""
    assert (await entities(product(1), None)).code == "BAD_USER_INPUT"


async def test_too_many_representations_are_refused() -> None:
    """At the limit they are answered, one more and nothing is resolved."""
    many = [product(1)] * MAX_REPRESENTATIONS
    assert len((await entities(*many)).data["_entities"]) == MAX_REPRESENTATIONS
    answer = await entities(*many, product(1))
    assert answer.code == "MAX_REPRESENTATIONS_LIMIT"
    assert calls == []


async def test_the_variables_of_the_request_are_left_alone() -> None:
    """The same representation object used twice, in two fields, is complete both times."""
    query = """
    query ($representations: [_Any!]!) {
      a: _entities(representations: $representations) { __typename }
      b: _entities(representations: $representations) { __typename }
    }
    """
    answer = await call(shop(), query, {"representations": [product(1)]}, caller=READER)
    assert answer.data == {"a": [{"__typename": "Product"}], "b": [{"__typename": "Product"}]}


async def test_entities_are_for_verified_callers() -> None:
    """Calling a subgraph directly is no way around the guarded root fields."""
    answer = await call(shop(), ENTITIES, {"representations": [product(1)]})
    assert answer.code == "UNAUTHORIZED_FIELD_OR_TYPE"
    assert calls == []


def test_an_id_is_one_uuid_in_one_spelling() -> None:
    """Upper case is folded; the value is what stores and caches compare."""
    value = uuid.uuid4()
    assert entity_id(str(value)) == entity_id(str(value).upper()) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        uuid.UUID(int=1).hex,
        f"{{{uuid.UUID(int=1)}}}",
        f"urn:uuid:{uuid.UUID(int=1)}",
        f"{uuid.UUID(int=1)}\n",
        " " + str(uuid.UUID(int=1)),
        "٠" * 36,
        1,
        None,
        True,
        {"$ne": 1},
        [],
        uuid.UUID(int=1),
        b"x" * 36,
    ],
)
def test_what_is_no_canonical_uuid_is_bad_input(value: object) -> None:
    """Python's lenient spellings are not offered, nor any other type."""
    with pytest.raises(BadUserInput):
        entity_id(value)
