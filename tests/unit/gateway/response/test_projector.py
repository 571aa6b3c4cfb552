"""The generated projector against graphql-core, and against its own slow twin, on random data."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError, OperationDefinitionNode, build_schema, execute_sync, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.operation.document import Document, fragments_of, operations_of
from gateway.response.collect import ShapeRequest, shape_of
from gateway.response.faults import FaultKind, find_faults
from gateway.response.projector import compile_projector
from gateway.response.shape import ObjectShape

SCHEMA = build_schema("""
scalar Anything
enum State { SP RJ }
interface Node { id: ID! label: String }
type Person implements Node {
  id: ID! label: String name: String! state: State! friends: [Person!] pets: [[Pet]!]!
}
type Pet implements Node { id: ID! label: String! owner: Person tags: [String!] states: [State] }
union Being = Person | Pet
type Query {
  person: Person
  node: Node
  nodes: [Node!]!
  being: Being
  anything: Anything!
  numbers: [Int]!
}
""")


def _shape(text: str, **conditions: bool) -> ObjectShape:
    node = parse(text)
    document = Document(text, node, operations_of(node), fragments_of(node))
    operation = next(iter(document.operations.values()))
    assert isinstance(operation, OperationDefinitionNode)
    return shape_of(ShapeRequest(SCHEMA, document, operation, conditions))


def _project(text: str, data: object, **conditions: bool) -> Any:
    return compile_projector(_shape(text, **conditions))(data, [])


def test_keys_follow_collect_fields() -> None:
    """First appearance counts, over fragments and merged selections, per runtime type."""
    text = """
    { node { label ...P ... on Pet { owner { name } id } id } }
    fragment P on Person { name id friends { name } friends { id } }
    """
    person = {
        "__typename": "Person",
        "id": "1",
        "label": "l",
        "name": "Ana",
        "friends": [{"id": "2", "name": "Bia"}],
    }
    assert list(_project(text, {"node": person})["node"]) == ["label", "name", "id", "friends"]
    assert _project(text, {"node": person})["node"]["friends"] == [{"name": "Bia", "id": "2"}]
    pet = {"__typename": "Pet", "id": "3", "label": "l", "owner": None}
    assert list(_project(text, {"node": pet})["node"]) == ["label", "owner", "id"]


def test_conditions_are_decided_when_the_shape_is_made() -> None:
    """`@skip` and `@include` on fields and fragments, literal and by variable."""
    text = """query($a: Boolean!, $b: Boolean!) { person {
      id @skip(if: $a) label @include(if: $b) ... @include(if: $a) { name } state @skip(if: true) } }"""
    person = {"id": "1", "label": "l", "name": "Ana", "state": "SP"}
    assert _project(text, {"person": person}, a=True, b=True) == {"person": {"label": "l", "name": "Ana"}}
    assert _project(text, {"person": person}, a=False, b=False) == {"person": {"id": "1"}}


def test_unknown_and_inaccessible_runtime_types() -> None:
    """A type that the API does not have is null; one that is unknown gets the base fields only."""
    text = "{ node { id ... on Person { name } } being { __typename } }"
    assert _project(text, {"node": {"__typename": "Hidden", "id": "1"}}) == {"node": None, "being": None}
    assert _project(text, {"node": {"id": "1", "name": "x"}}) == {"node": {"id": "1"}, "being": None}
    assert _project("{ node { __typename id } }", {"node": {"id": "1"}}) == {"node": None}


def test_typename_under_any_alias_is_the_runtime_type() -> None:
    """Known from the schema at object positions, from the data at abstract ones."""
    text = "{ q: __typename person { t: __typename } node { a: __typename b: __typename } }"
    data = {"person": {}, "node": {"__typename": "Pet"}}
    assert _project(text, data) == {
        "q": "Query",
        "person": {"t": "Person"},
        "node": {"a": "Pet", "b": "Pet"},
    }


def test_custom_scalars_go_out_untouched() -> None:
    """Objects, lists and numbers of any size."""
    value = {"deep": [1, {"x": 2**70}], "__proto__": None}
    assert _project("{ anything }", {"anything": value})["anything"] is value


@pytest.mark.parametrize(
    ("data", "expected", "faults"),
    [
        ({"nodes": [None]}, None, [("nodes", 0)]),
        ({"nodes": None}, None, [("nodes",)]),
        ({}, None, [("nodes",)]),
        ({"nodes": "x"}, None, [("nodes",)]),
        ({"nodes": [{"__typename": "Pet", "id": None}]}, None, [("nodes", 0, "id")]),
        ({"nodes": [{"__typename": ["Pet"], "id": "1"}]}, None, [("nodes", 0)]),
        ({"nodes": [{"__typename": "Pet", "id": {"a": 1}}]}, None, [("nodes", 0, "id")]),
        ({"nodes": []}, {"nodes": []}, []),
    ],
)
def test_null_bubbles_and_is_told_where_it_arose(
    data: object, expected: object, faults: list[tuple[str | int, ...]]
) -> None:
    """One fault at the lowest place, none for the places that it passes on its way up."""
    text = "{ nodes { id } }"
    assert _project(text, data) == expected
    assert [fault.path for fault in find_faults(_shape(text), data)] == faults


QUERY = """{
  person { id label name state friends { name state } pets { id tags states owner { label } } }
  node { __typename id label ... on Person { name friends { id } } ... on Pet { tags label } }
  being { ... on Person { id state } ... on Pet { owner { name } states } }
  numbers
}"""
_TEXT = st.sampled_from(["a", "b"])


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def _object(typename: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"__typename": st.just(typename)}, optional=fields)


_STATES = _maybe(st.sampled_from(["SP", "RJ"]))
_FRIEND = _object("Person", id=_maybe(_TEXT), label=_TEXT, name=_maybe(_TEXT), state=_STATES)
_PET = _object(
    "Pet",
    id=_maybe(_TEXT),
    label=_maybe(_TEXT),
    owner=_maybe(_FRIEND),
    tags=_maybe(st.lists(_maybe(_TEXT), max_size=2)),
    states=_maybe(st.lists(_STATES, max_size=2)),
)
_PERSON = _object(
    "Person",
    id=_maybe(_TEXT),
    label=_maybe(_TEXT),
    name=_maybe(_TEXT),
    state=_STATES,
    friends=_maybe(st.lists(_maybe(_FRIEND), max_size=2)),
    pets=_maybe(st.lists(_maybe(st.lists(_maybe(_PET), max_size=2)), max_size=2)),
)
_DATA = st.fixed_dictionaries(
    {},
    optional={
        "person": _maybe(_PERSON),
        "node": _maybe(_PERSON | _PET),
        "being": _maybe(_PERSON | _PET),
        "numbers": _maybe(st.lists(_maybe(st.integers(0, 9)), max_size=3)),
    },
)


@settings(max_examples=300, deadline=None)
@given(_DATA)
def test_it_answers_as_graphql_core_would(data: dict[str, Any]) -> None:
    """Same data and same places of errors as an execution of the operation on that data."""
    oracle = execute_sync(SCHEMA, parse(QUERY), root_value=data)
    flags: list[int] = []
    shape = _shape(QUERY)
    projected = compile_projector(shape)(data, flags)
    assert projected == oracle.data
    if oracle.data is not None and isinstance(projected, dict):
        assert list(projected) == list(oracle.data)
    errors: list[GraphQLError] = oracle.errors or []
    expected = {tuple(error.path or ()) for error in errors}
    # The specification lets a sibling of a null that bubbles go unreported; ours are all told.
    assert expected <= {fault.path for fault in find_faults(shape, data)}
    assert bool(flags) == bool(errors)


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "pets", "tags", "__typename", "node", "person"]), inner
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["person", "node", "being", "nodes", "numbers"]), _JUNK))
def test_any_json_is_projected_without_a_crash_and_explained(data: dict[str, Any]) -> None:
    """Wrong kinds of values become null; the flag is set exactly when the slow walk finds something."""
    shape = _shape(QUERY)
    flags: list[int] = []
    compile_projector(shape)(data, flags)
    faults = find_faults(shape, data)
    assert bool(flags) == bool(faults)
    assert all(fault.kind is not FaultKind.REFUSED for fault in faults)
