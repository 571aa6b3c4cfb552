"""Plans made by hand: order of fetches, representations, aliases, errors, shared entities."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from gateway.plan.nodes import (
    AliasUndo,
    EntityCall,
    EntityTarget,
    FetchNode,
    Key,
    OnTypes,
    PathSegment,
    QueryPlan,
    RepresentationField,
    RepresentationSpec,
)
from tests.unit.gateway.execution.world import Script
from tests.unit.gateway.execution.world import ScriptedClient as _Client
from tests.unit.gateway.execution.world import run as _run


def _root(number: int, subgraph: str, *after: int, variables: tuple[str, ...] = ()) -> FetchNode:
    return FetchNode(number, subgraph, "{ q }", "query", variables, after)


def _entities(number: int, subgraph: str, call: EntityCall, *after: int) -> FetchNode:
    return FetchNode(number, subgraph, "{ e }", "query", (), after, calls=(call,))


def _spec(
    typename: str | None, *fields: str | RepresentationField, on: str | None = None
) -> RepresentationSpec:
    made = tuple(RepresentationField(f, f) if isinstance(f, str) else f for f in fields)
    return RepresentationSpec(frozenset({on}) if on else None, typename, made)


def _call(*targets: tuple[tuple[PathSegment, ...], tuple[RepresentationSpec, ...]]) -> EntityCall:
    return EntityCall("_entities", "representations", tuple(EntityTarget(*target) for target in targets))


def _plan(*fetches: FetchNode) -> QueryPlan:
    return QueryPlan("query", fetches)


def _echo(**added: Any) -> Script:
    return lambda variables: {"data": {"_entities": [dict(added) for _ in variables["representations"]]}}


async def test_a_fetch_starts_when_its_own_inputs_are_done() -> None:
    """Not when a wave is: the dependant of the quick one runs while the slow one is still waited for."""
    slow_may_end = asyncio.Event()

    async def slow() -> Any:
        await slow_may_end.wait()
        return {"data": {"slow": 1}}

    def after_quick(_: dict[str, Any]) -> Any:
        slow_may_end.set()
        return {"data": {"_entities": [{"more": 2}]}}

    clients = {
        "slow": _Client(lambda _: slow()),
        "quick": _Client(lambda _: {"data": {"item": {"id": "1"}}}),
        "next": _Client(after_quick),
    }
    plan = _plan(
        _root(0, "slow"),
        _root(1, "quick"),
        _entities(2, "next", _call(((Key("item"),), (_spec("T", "id"),))), 1),
    )
    async with asyncio.timeout(10):
        outcome = await _run(plan, clients)
    assert outcome.data == {"slow": 1, "item": {"id": "1", "more": 2}}


async def test_equal_representations_are_sent_once_and_merged_everywhere() -> None:
    """Three objects of two entities at two places: two representations."""
    items = {"a": [{"id": "1"}, {"id": "2"}, None], "b": {"c": {"id": "1"}}}
    clients = {"one": _Client(lambda _: {"data": items}), "two": _Client(_echo(x={"y": 1}))}
    target_a: tuple[PathSegment, ...] = (Key("a"),)
    call = _call((target_a, (_spec("T", "id"),)), ((Key("b"), Key("c")), (_spec("T", "id"),)))
    outcome = await _run(_plan(_root(0, "one"), _entities(1, "two", call, 0)), clients)
    assert clients["two"].sent == [
        {"representations": [{"__typename": "T", "id": "1"}, {"__typename": "T", "id": "2"}]}
    ]
    data = cast("dict[str, Any]", outcome.data)
    assert data["a"][0]["x"] == data["b"]["c"]["x"] == {"y": 1}
    assert data["a"][0]["x"] is not data["b"]["c"]["x"], "what is merged below one must not show at the other"


async def test_an_entity_without_its_key_is_left_out_and_null_is_sent() -> None:
    """Absent means that nothing can be asked; null is a value."""
    items = {"a": [{"id": "1", "k": None}, {"id": "2"}]}
    clients = {"one": _Client(lambda _: {"data": items}), "two": _Client(_echo(x=1))}
    call = _call(((Key("a"),), (_spec("T", "id", "k"),)))
    outcome = await _run(_plan(_root(0, "one"), _entities(1, "two", call, 0)), clients)
    assert clients["two"].sent == [{"representations": [{"__typename": "T", "id": "1", "k": None}]}]
    assert outcome.data == {"a": [{"id": "1", "k": None, "x": 1}, {"id": "2"}]}


async def test_without_representations_nothing_is_asked() -> None:
    """A null upstream ends the matter."""
    clients = {"one": _Client(lambda _: {"data": {"a": None}}), "two": _Client(_echo())}
    call = _call(((Key("a"),), (_spec("T", "id"),)))
    outcome = await _run(_plan(_root(0, "one"), _entities(1, "two", call, 0)), clients)
    assert outcome.asked == ["one"]
    assert outcome.errors == []


async def test_specs_follow_the_runtime_type_and_nest() -> None:
    """By type; the object's own type name where none is given; nested shapes with conditions inside."""
    owner = RepresentationField(
        "owner",
        "o",
        None,
        (RepresentationField("cpf", "cpf", frozenset({"Person"})), RepresentationField("id", "id")),
    )
    items = {
        "a": [
            {"__typename": "X", "id": "1"},
            {"__typename": "Y", "o": [{"__typename": "Person", "cpf": "5", "id": "7"}, None]},
            {"__typename": "Y", "o": [{"__typename": "Company", "id": "8"}]},
            {"__typename": "Z", "id": "3"},
            {"id": "4"},
        ]
    }
    clients = {"one": _Client(lambda _: {"data": items}), "two": _Client(_echo(x=1))}
    call = _call(((Key("a"),), (_spec("I", "id", on="X"), _spec(None, owner, on="Y"))))
    await _run(_plan(_root(0, "one"), _entities(1, "two", call, 0)), clients)
    assert clients["two"].sent[0]["representations"] == [
        {"__typename": "I", "id": "1"},
        {"__typename": "Y", "owner": [{"__typename": "Person", "cpf": "5", "id": "7"}, None]},
        {"__typename": "Y", "owner": [{"__typename": "Company", "id": "8"}]},
    ]


async def test_keys_that_are_lists_or_objects_are_told_apart() -> None:
    """Custom scalars as keys are recognised by their encoding."""
    items = {"a": [{"id": [1]}, {"id": [1]}, {"id": {"x": 2}}]}
    clients = {"one": _Client(lambda _: {"data": items}), "two": _Client(_echo(x=1))}
    call = _call(((Key("a"),), (_spec("T", "id"),)))
    outcome = await _run(_plan(_root(0, "one"), _entities(1, "two", call, 0)), clients)
    assert [r["id"] for r in clients["two"].sent[0]["representations"]] == [[1], {"x": 2}]
    assert all(item["x"] == 1 for item in cast("list[dict[str, Any]]", outcome.data["a"]))


async def test_entity_errors_are_told_at_every_object_of_the_entity() -> None:
    """`_entities, i, rest` becomes the paths of all objects behind representation i."""
    items = {"a": [{"id": "1"}, {"id": "2"}, {"id": "1"}]}
    answer = {
        "data": {"_entities": [None, {"x": 1}]},
        "errors": [
            {"message": "m", "path": ["_entities", 0, "x", "_i0_y", "z"]},
            {"message": "no path"},
            {"message": "odd", "path": ["_entities", "0"]},
        ],
    }
    clients = {"one": _Client(lambda _: {"data": items}), "two": _Client(lambda _: answer)}
    call = _call(((Key("a"),), (_spec("T", "id"),)))
    outcome = await _run(_plan(_root(0, "one"), _entities(1, "two", call, 0)), clients)
    assert [(error.message, error.path) for error in outcome.errors] == [
        ("m", ("a", 0, "x")),
        ("m", ("a", 2, "x")),
        ("no path", ("a",)),
        ("odd", ("a",)),
    ]


@pytest.mark.parametrize("entities", [None, {}, "x", [], [{"x": 1}, {"x": 2}], ["x"], [[{}]]], ids=repr)
async def test_entities_that_do_not_fit_are_one_error(entities: Any) -> None:
    """Wrong kind or wrong number: nothing is merged, and the service is named."""
    clients = {
        "one": _Client(lambda _: {"data": {"a": {"id": "1"}}}),
        "two": _Client(lambda _: {"data": {"_entities": entities}}),
    }
    call = _call(((Key("a"),), (_spec("T", "id"),)))
    outcome = await _run(_plan(_root(0, "one"), _entities(1, "two", call, 0)), clients)
    assert outcome.data == {"a": {"id": "1"}}
    assert [error.extensions["code"] for error in outcome.errors] == ["SUBREQUEST_MALFORMED_RESPONSE"]


async def test_aliases_for_one_subgraph_are_undone_in_data_and_paths() -> None:
    """Deepest first, by runtime type, also in the paths of errors."""
    undo = (
        AliasUndo((Key("a"), OnTypes(frozenset({"Y"}))), "_m_v", "v"),
        AliasUndo((Key("a"), OnTypes(frozenset({"Y"})), Key("_m_v")), "_m_w", "w"),
    )
    node = FetchNode(0, "one", "{ q }", "query", undo=undo)
    answer = {
        "data": {"a": [{"__typename": "X", "v": 1}, {"__typename": "Y", "_m_v": {"_m_w": None}}]},
        "errors": [{"message": "m", "path": ["a", 1, "_m_v", "_m_w"]}],
    }
    outcome = await _run(_plan(node), {"one": _Client(lambda _: answer)})
    assert outcome.data == {"a": [{"__typename": "X", "v": 1}, {"__typename": "Y", "v": {"w": None}}]}
    assert outcome.errors[0].path == ("a", 1, "v", "w")


async def test_only_variables_that_the_client_gave_are_sent() -> None:
    """Each fetch gets those that it uses."""
    clients = {"one": _Client(lambda _: {"data": {"q": 1}})}
    await _run(_plan(_root(0, "one", variables=("a", "b"))), clients, a=[1], c=2)
    assert clients["one"].sent == [{"a": [1]}]


async def test_nested_lists_are_flattened_and_type_conditions_hold() -> None:
    """Lists at any depth; an object of unknown type passes no condition."""
    items = {
        "a": [[{"__typename": "X", "id": "1"}], [], [None, {"id": "2"}, [{"__typename": "X", "id": "3"}]]]
    }
    clients = {"one": _Client(lambda _: {"data": items}), "two": _Client(_echo(x=1))}
    call = _call(((Key("a"), OnTypes(frozenset({"X"}))), (_spec("T", "id"),)))
    await _run(_plan(_root(0, "one"), _entities(1, "two", call, 0)), clients)
    assert [r["id"] for r in clients["two"].sent[0]["representations"]] == ["1", "3"]


async def test_cancelling_a_request_cancels_all_its_fetches() -> None:
    """No task is left behind."""
    cancelled: list[str] = []

    def hang(name: str) -> Script:
        async def wait() -> Any:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(name)
                raise

        return lambda _: wait()

    clients = {"one": _Client(hang("one")), "two": _Client(hang("two"))}
    task = asyncio.create_task(_run(_plan(_root(0, "one"), _root(1, "two")), clients))
    async with asyncio.timeout(10):
        while not (clients["one"].sent and clients["two"].sent):
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(cancelled) == ["one", "two"]
