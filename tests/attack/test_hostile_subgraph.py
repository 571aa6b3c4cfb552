"""A subgraph that answers whatever it likes: valid answers, coded errors, and nobody else's data."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from gateway.execution.transport import HttpAnswer, HttpRequest
from tests.kit.gateway import InProcessGateway
from tests.unit.gateway.conftest import small_federation

#: Of an answer to a client, what a fault of a subgraph may bring.
CODES = {"SUBREQUEST_MALFORMED_RESPONSE", "DOWNSTREAM_SERVICE_ERROR"}
QUERY = "{ customers(first: 2) { id name score rating { grade factors { name points } } } }"
_CUSTOMER = b'{"__typename":"Customer","id":"1","name":"Ana"}'

#: What `profile` answers instead of a list of two customers.
PROFILE = {
    "a number for the list": b'{"data":{"customers":7}}',
    "an object for the list": b'{"data":{"customers":{"0":{"id":"1"}}}}',
    "lists in the list": b'{"data":{"customers":[[],[[]]]}}',
    "nothing of what was asked": b'{"data":{}}',
    "objects for scalars": b'{"data":{"customers":[{"__typename":"Customer","id":{"$ne":1},"name":["x"]}]}}',
    "names of prototypes": b'{"data":{"__proto__":{"name":"x"},"customers":[{"__proto__":1}]}}',
    "one key twice": b'{"data":{"customers":[%b],"customers":null}}' % _CUSTOMER,
    "a lone surrogate": b'{"data":{"customers":[{"__typename":"Customer","id":"1","name":"\\ud800"}]}}',
    "deep nesting": b'{"data":{"customers":' + b"[" * 900 + b"]" * 900 + b"}}",
    "an error at a path of its own making": b'{"data":{"customers":[%b]},"errors":[{"message":"m",'
    b'"path":["customers",99999999999,"__proto__",{"a":1}]}]}' % _CUSTOMER,
    "errors without end": b'{"data":null,"errors":[' + b",".join([b'{"message":"m"}'] * 5_000) + b"]}",
}
#: What `rating` answers instead of two entities.
RATING = {
    "too few entities": b'{"data":{"_entities":[]}}',
    "too many entities": b'{"data":{"_entities":[{"score":1},{"score":2},{"score":3},{"score":4}]}}',
    "no list": b'{"data":{"_entities":{"0":{"score":1}}}}',
    "strings for entities": b'{"data":{"_entities":["a","b"]}}',
    "texts for numbers": b'{"data":{"_entities":[{"score":"x"},{"score":[1]}]}}',
    "numbers out of range": b'{"data":{"_entities":[{"score":99999999999},{"score":1e300}]}}',
}


def _answering(body: bytes) -> Any:
    async def answer(_: HttpRequest) -> HttpAnswer:
        return HttpAnswer(200, "application/json", body)

    return answer


def _check(document: Any) -> None:
    """A response by the specification, its errors ours, and no text that a library wrote."""
    assert set(document) <= {"data", "errors"}
    assert document["data"] is None or list(document["data"]) == ["customers"]
    for error in document.get("errors", []):
        assert error["extensions"]["code"] in CODES
        assert all(isinstance(part, str | int) for part in error.get("path", []))
        assert "Traceback" not in error["message"]
        assert "object has no attribute" not in error["message"]


@pytest.mark.parametrize("body", PROFILE.values(), ids=PROFILE.keys())
async def test_a_root_field_that_is_nonsense(body: bytes) -> None:
    """Null where nothing valid came, an error for it, and never a crash."""
    gateway = InProcessGateway(small_federation())
    gateway.transport.instead["profile"] = _answering(body)
    answer = await gateway.ask(QUERY)
    assert answer.status == 200
    _check(orjson.loads(answer.body))
    assert answer.json.get("errors"), answer.json


@pytest.mark.parametrize("name", [b'"Rating"', b'"Nope"', b'{"a":1}', b"null"])
async def test_a_type_that_nobody_asked_for_changes_nothing(name: bytes) -> None:
    """Where the schema allows one type only, a subgraph does not say which it is."""
    gateway = InProcessGateway(small_federation())
    body = b'{"data":{"customers":[{"__typename":%b,"id":"1","name":"Ana"}]}}' % name
    gateway.transport.instead["profile"] = _answering(body)
    answer = await gateway.ask("{ customers(first: 1) { __typename name score } }")
    assert answer.data == {"customers": [{"__typename": "Customer", "name": "Ana", "score": 710}]}


@pytest.mark.parametrize("body", RATING.values(), ids=RATING.keys())
async def test_entities_that_are_nonsense(body: bytes) -> None:
    """What came from another subgraph stays as it is."""
    gateway = InProcessGateway(small_federation())
    gateway.transport.instead["rating"] = _answering(body)
    answer = await gateway.ask("{ customers(first: 2) { id name rating { grade } } }")
    assert answer.status == 200
    _check(orjson.loads(answer.body))
    assert [(each["id"], each["name"]) for each in answer.json["data"]["customers"]] == [
        ("1", "Ana"),
        ("2", "Bruno"),
    ]


async def test_two_callers_at_once_never_see_each_others_answers() -> None:
    """A subgraph that answers with what it knows of the caller: each gets its own, two hundred times."""
    gateway = InProcessGateway(small_federation())

    async def personal(request: HttpRequest) -> HttpAnswer:
        await asyncio.sleep(0)
        name = request.headers["authorization"]
        return HttpAnswer(200, "application/json", orjson.dumps({"data": {"customer": {"name": name}}}))

    gateway.transport.instead["profile"] = personal

    async def ask(caller: str) -> str:
        answer = await gateway.ask(
            "{ customer(id: 1) { name } }", headers={"authorization": f"Bearer {caller}"}
        )
        return str(answer.data["customer"]["name"])

    callers = ["ana", "bia"] * 200
    assert await asyncio.gather(*map(ask, callers)) == [f"Bearer {caller}" for caller in callers]
