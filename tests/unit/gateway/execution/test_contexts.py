"""Values from contexts: grouping, order, bounds and error paths of repeated calls."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gateway.execution.compiled import MAX_REPEATED_CALLS
from gateway.plan.entitytext import CallText, EntityText
from gateway.plan.nodes import (
    ContextValue,
    EntityCall,
    EntityTarget,
    FetchNode,
    Key,
    QueryPlan,
    RepresentationField,
    RepresentationSpec,
)
from tests.unit.gateway.execution.world import ScriptedClient, run

_ROOT = FetchNode(0, "one", "{ a }", "query")
_LEAF = (RepresentationField("v", "v"),)
_SPECS = (RepresentationSpec(None, "T", (RepresentationField("id", "id"),)),)


def _fetch(*contexts: ContextValue) -> FetchNode:
    call = EntityCall(
        "_entities",
        "representations",
        (EntityTarget((Key("a"), Key("b"), Key("t")), _SPECS),),
        contexts=contexts,
    )
    arguments = ", ".join(f"x{index}: $\0_{index}" for index in range(len(contexts)))
    pieces = tuple(f"{{ ... on T {{ f({arguments}) }} }}".split("\0"))
    text = EntityText(
        "representations", "context", (), "", (CallText(pieces, tuple(context.type for context in contexts)),)
    )
    return FetchNode(1, "two", text.operation((0,)), "query", depends_on=(0,), calls=(call,), repeated=text)


def _plan(*contexts: ContextValue) -> QueryPlan:
    return QueryPlan("query", (_ROOT, _fetch(*contexts)))


def _data(*values: object, entity: str = "1") -> dict[str, Any]:
    return {"a": [{"v": value, "b": [{"w": [value], "t": {"id": entity}}]} for value in values]}


def _answer(variables: dict[str, Any]) -> Any:
    """Every call answers with the values of its context variables."""
    names = [name for name in variables if name.startswith("representations")]
    entities = {}
    for name in names:
        stem = name.replace("representations", "context")
        given = [value for key, value in sorted(variables.items()) if key.startswith(f"{stem}_")]
        key = name.replace("representations_", "_e").replace("representations", "_entities")
        entities[key] = [{"f": given} for _ in variables[name]]
    return {"data": entities}


async def test_equal_values_share_a_call_and_different_ones_a_request() -> None:
    """One entity, three values: one request with three calls, and each object has its own answer."""
    two = ScriptedClient(_answer)
    outcome = await run(
        _plan(ContextValue("Int", 1, _LEAF)),
        {"one": ScriptedClient(lambda _: {"data": _data(5, 6, 5, None)}), "two": two},
    )
    (sent,) = two.sent
    assert {name: value for name, value in sent.items() if name.startswith("context")} == {
        "context_0_0": 5,
        "context_1_0": 6,
        "context_2_0": None,
    }
    data = cast("dict[str, Any]", outcome.data)
    assert [item["b"][0]["t"]["f"] for item in data["a"]] == [[5], [6], [5], [None]]
    (operation,) = two.operations
    assert operation.startswith(
        "query($representations_0: [_Any!]!, $context_0_0: Int, "
        "$representations_1: [_Any!]!, $context_1_0: Int, "
    )
    assert (
        "_e2: _entities(representations: $representations_2) { ... on T { f(x0: $context_2_0) } }"
        in operation
    )


async def test_one_tuple_of_values_is_asked_by_the_printed_operation() -> None:
    """No aliases are needed then, so the text is the plan's own and constant."""
    plan = _plan(ContextValue("Int", 1, _LEAF))
    two = ScriptedClient(_answer)
    await run(plan, {"one": ScriptedClient(lambda _: {"data": _data(5, 5)}), "two": two})
    assert two.operations == [plan.fetches[1].operation]


async def test_many_values_go_in_several_requests() -> None:
    """No request makes more calls than servers let operations have aliases."""
    two = ScriptedClient(_answer)
    count = 2 * MAX_REPEATED_CALLS + 1
    outcome = await run(
        _plan(ContextValue("Int", 1, _LEAF)),
        {"one": ScriptedClient(lambda _: {"data": _data(*range(count))}), "two": two},
    )
    assert len(two.sent) == 3
    data = cast("dict[str, Any]", outcome.data)
    assert [item["b"][0]["t"]["f"] for item in data["a"]] == [[number] for number in range(count)]


async def test_values_of_several_heights_keep_their_places() -> None:
    """A value read further down may be the first argument; lists below an object are read whole."""
    lists = (RepresentationField("w", "w"),)
    outcome = await run(
        _plan(ContextValue("[Int]", 2, lists), ContextValue("Int", 1, _LEAF), ContextValue("Int", 0, _LEAF)),
        {
            "one": ScriptedClient(lambda _: {"data": {**_data(5, 6), "v": 9}}),
            "two": ScriptedClient(_answer),
        },
    )
    data = cast("dict[str, Any]", outcome.data)
    assert [item["b"][0]["t"]["f"] for item in data["a"]] == [[[5], 5, 9], [[6], 6, 9]]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((RepresentationField("n", "n", None, _LEAF),), [[1, 2], None]),
        ((RepresentationField("v", "v", frozenset({"X"})),), None),
        ((RepresentationField("gone", "gone"),), None),
    ],
)
async def test_what_is_not_there_is_null(fields: tuple[RepresentationField, ...], expected: object) -> None:
    """Through lists and nulls, for another type, and for a field that failed."""
    data = _data(5)
    data["a"][0] |= {"__typename": "Y", "n": [[{"v": 1}, {"v": 2}], None]}
    two = ScriptedClient(_answer)
    await run(
        _plan(ContextValue("Int", 1, fields)), {"one": ScriptedClient(lambda _: {"data": data}), "two": two}
    )
    assert two.sent[0]["context_0"] == expected


async def test_null_is_not_sent_for_an_argument_that_cannot_be_null() -> None:
    """It would fail the request for the other objects too."""
    two = ScriptedClient(_answer)
    await run(
        _plan(ContextValue("Int!", 1, _LEAF)),
        {"one": ScriptedClient(lambda _: {"data": _data(None, 7)}), "two": two},
    )
    assert [sent["context_0"] for sent in two.sent] == [7]
    none = ScriptedClient(_answer)
    await run(
        _plan(ContextValue("Int!", 1, _LEAF)),
        {"one": ScriptedClient(lambda _: {"data": _data(None)}), "two": none},
    )
    assert none.sent == []


async def test_errors_of_a_repeated_call_go_to_its_own_objects() -> None:
    """One entity under two values: only the object whose value failed has the error."""

    def failing(variables: dict[str, Any]) -> Any:
        answer = _answer(variables)
        answer["data"]["_e1"] = [None]
        answer["errors"] = [{"message": "no", "path": ["_e1", 0, "f"]}]
        return answer

    outcome = await run(
        _plan(ContextValue("Int", 1, _LEAF)),
        {"one": ScriptedClient(lambda _: {"data": _data(5, 6)}), "two": ScriptedClient(failing)},
    )
    assert [error.path for error in outcome.errors] == [("a", 1, "b", 0, "t", "f")]
