"""Normal form: fragments and conditions are gone, order and meaning stay."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, parse

from gateway.errors import ClientProblem, ErrorCode
from gateway.operation.normalise import NormalisedOperation, condition_variables, normalise
from gateway.operation.selection import SelectionSet
from gateway.supergraph import load
from tests.kit.supergraphs import supergraph_sdl

_SUPERGRAPH = load(
    supergraph_sdl(
        """
        type Query @join__type(graph: A) { pets(first: Int, like: Like, tags: [String]): [Pet] dog: Dog any: Any }
        input Like { name: String exact: Boolean }
        interface Pet @join__type(graph: A) { id: ID! owner: Person }
        interface Named @join__type(graph: A) { name: String }
        type Dog implements Pet & Named @join__type(graph: A) @join__implements(graph: A, interface: "Pet") @join__implements(graph: A, interface: "Named") { id: ID! owner: Person name: String }
        type Cat implements Pet @join__type(graph: A) @join__implements(graph: A, interface: "Pet") { id: ID! owner: Person lives: Int }
        type Eel implements Pet @join__type(graph: A) @join__implements(graph: A, interface: "Pet") @inaccessible { id: ID! owner: Person }
        type Person @join__type(graph: A) { id: ID! dog: Dog name: String }
        union Any @join__type(graph: A) @join__unionMember(graph: A, member: "Dog") @join__unionMember(graph: A, member: "Person") = Dog | Person
        """,
        graphs="A",
    )
)


def _normalise(query: str, **conditions: bool) -> NormalisedOperation:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return normalise(_SUPERGRAPH, document, operation, conditions)


def _shown(selection: SelectionSet) -> str:
    """The scopes as text: `{ a b | Dog: c }`."""
    parts = []
    for scope, fields in selection.scopes.items():
        texts = [
            (item.key if item.key == item.name else f"{item.key}={item.name}")
            + item.arguments.text
            + (f" {_shown(item.selection)}" if item.selection else "")
            for item in fields.values()
        ]
        parts.append((f"{scope}: " if scope else "") + " ".join(texts))
    return f"{{ {' | '.join(parts)} }}"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("{ dog { id ... { name } ... on Dog { n: name } } }", "{ dog { id name n=name } }"),
        ("{ dog { ... on Pet { id } ... on Named { name } } }", "{ dog { id name } }"),
        ("{ dog { ... on Any { ... on Dog { id } ... on Person { id } } } }", "{ dog { id } }"),
        (
            "{ pets { id ... on Dog { name id } ... on Cat { lives } } }",
            "{ pets { id | Dog: name id | Cat: lives } }",
        ),
        ("{ pets { ... on Pet { id } ... on Named { name } } }", "{ pets { id | Dog: name } }"),
        ("{ pets { ... on Dog { ... on Pet { id } ... on Cat { lives } } } }", "{ pets { Dog: id } }"),
        ("{ any { ... on Named { name } ... on Person { name } } }", "{ any { Dog: name | Person: name } }"),
        (
            "{ pets { owner { id } owner { name } ... on Dog { owner { dog { id } } } } }",
            "{ pets { owner { id name } | Dog: owner { dog { id } } } }",
        ),
        ("{ a: dog { id } b: dog { id } }", "{ a=dog { id } b=dog { id } }"),
        (
            "{ dog { id } ...F } fragment F on Query { dog { name ...G } } fragment G on Dog { owner { id } }",
            "{ dog { id name owner { id } } }",
        ),
        ("{ __schema { types { name } } dog { __typename } }", "{ __schema dog { __typename } }"),
    ],
)
def test_fragments_become_scopes(query: str, shown: str) -> None:
    """What applies to the static type stands at its level, the rest under the object types it is for."""
    assert _shown(_normalise(query).selection) == shown


def test_hidden_types_are_left_out_of_client_selections() -> None:
    """A fragment on an interface does not narrow to a type that clients may not know."""
    pets = _normalise(
        "{ any { __typename } pets { ... on Pet { ... on Pet { id } } ... on Named { name } } }"
    )
    assert "Eel" not in _shown(pets.selection)


@pytest.mark.parametrize(
    ("query", "conditions", "shown"),
    [
        ("query($x: Boolean!) { dog { id name @skip(if: $x) } }", {"x": True}, "{ dog { id } }"),
        ("query($x: Boolean!) { dog { id name @skip(if: $x) } }", {"x": False}, "{ dog { id name } }"),
        (
            "query($x: Boolean!) { dog { id ...F @include(if: $x) } } fragment F on Dog { name }",
            {"x": False},
            "{ dog { id } }",
        ),
        ("{ dog { id name @skip(if: false) @include(if: false) } }", {}, "{ dog { id } }"),
        ("{ dog { name @include(if: false) } }", {}, "{ dog {  } }"),
    ],
)
def test_conditions_are_decided(query: str, conditions: dict[str, bool], shown: str) -> None:
    """Only what the conditions leave is in the normal form."""
    assert _shown(_normalise(query, **conditions).selection) == shown


def test_arguments_are_canonical() -> None:
    """Arguments are sorted by name and printed once and for all, with the variables in them."""
    operation = _normalise(
        'query($n: [Int!]! = [1], $t: String = "a\\"b") { pets(tags: [$t, null], like: { exact: true, name: "x\\ny" }, first: 3) { id } }'
    )
    (item,) = operation.selection.scopes[None].values()
    assert item.arguments.text == '(first: 3, like: {exact: true, name: "x\\ny"}, tags: [$t, null])'
    assert item.arguments.variables == {"t"}
    assert operation.variables == {"n": "$n: [Int!]! = [1]", "t": '$t: String = "a\\"b"'}


def test_collected_fields_come_in_the_documents_order() -> None:
    """CollectFields: the order of first appearance among all fragments that apply."""
    (pets,) = (
        _normalise(
            "{ pets { ... on Dog { name } id ... on Dog { owner { name } } owner { id } ... on Cat { lives } ... on Dog { owner { dog { id } } } } }"
        )
        .selection.scopes[None]
        .values()
    )
    assert pets.selection is not None
    dog = pets.selection.collect("Dog")
    assert [item.key for item in dog] == ["name", "id", "owner"]
    assert dog[2].selection is not None
    assert [item.key for item in dog[2].selection.collect("Person")] == ["name", "id", "dog"]
    assert [item.key for item in pets.selection.collect("Cat")] == ["id", "owner", "lives"]
    assert [item.key for item in pets.selection.collect(None)] == ["id", "owner"]


def test_fragments_that_double_at_every_level_cost_nothing() -> None:
    """Each fragment is expanded once per selection set: 400 levels of doubling end at once."""
    levels = 400
    fragments = " ".join(f"fragment F{n} on Dog {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    query = f"{{ dog {{ ...F0 }} }} {fragments} fragment F{levels} on Dog {{ id }}"
    assert _shown(_normalise(query).selection) == "{ dog { id } }"


@pytest.mark.parametrize("directive", ["defer", "stream"])
def test_incremental_delivery_is_refused(directive: str) -> None:
    """An answer in parts is not something this gateway promises."""
    with pytest.raises(ClientProblem) as caught:
        _normalise(f"{{ dog {{ ... @{directive} {{ id }} }} }}")
    assert caught.value.code is ErrorCode.UNSUPPORTED_OPERATION


def test_condition_variables_are_those_that_are_reached() -> None:
    """Variables of other operations, of unused fragments and in arguments do not decide anything."""
    document = parse(
        """
        query Q($a: Boolean!, $b: Boolean!, $c: Int, $d: Boolean!) { dog @include(if: $b) { id ...F } pets(first: $c) { id } }
        fragment F on Dog { name @skip(if: $a) ...F2 } fragment F2 on Dog { id @skip(if: $a) }
        fragment Unused on Dog { name @skip(if: $d) }
        query Other($d: Boolean!) { dog { id @skip(if: $d) } }
        """
    )
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert set(condition_variables(document, operation)) == {"a", "b"}


def test_directives_stay_with_fields_variables_and_operations() -> None:
    """Conditions are decided, the others kept; of several nodes for one field the first that has any counts."""
    normalised = _normalise(
        """
        query($m: Int @v(a: 1), $n: Int) @q(n: $n) {
          dog { id id @f(b: $m, a: 1) @g id @h name @include(if: true) owner { ...P @dropped } }
        }
        fragment P on Person @dropped { id @f }
        """
    )
    assert _shown(normalised.selection) == "{ dog { id @f(a: 1, b: $m) @g name owner { id @f } } }"
    assert normalised.variables == {"m": "$m: Int @v(a: 1)", "n": "$n: Int"}
    assert normalised.directives.text == " @q(n: $n)"
    assert normalised.directives.variables == frozenset({"n"})
