"""Whatever is given for an SDL, composition answers with errors that have a code, never with an exception."""

from __future__ import annotations

import re
from random import Random

import pytest

from gateway.composition import Code, SubgraphInput, compose
from gateway.supergraph import load
from tests.kit.composition import fed1, fed2

SUBGRAPHS = (
    fed2(
        "a",
        'type Query { c(id: ID!, f: F = {k: A}): C @authenticated i: I u: U @provides(fields: "...'
        ' on C { n }") }'
        ' type C implements I @key(fields: "id") @key(fields: "b { n }") @context(name: "k")'
        " { id: ID! b: B n: String @external s: [S!]! @listSize(assumedSize: 3) d(x: Int! = 3): D }"
        ' interface I @key(fields: "id") { id: ID! } union U = C | B type B @shareable { n: Int }'
        ' input F { k: K, l: [F!] } enum K { A B @inaccessible } scalar S @tag(name: "x")'
        ' type D @key(fields: "e") { e: ID f(a: ID @fromContext(field: "$k { id }")): Int @cost(weight: 2) }',
    ),
    fed2(
        "b",
        'type C @key(fields: "id") { id: ID! n: String @shareable r: Int @requires(fields: "b { n'
        ' }") b: B @external'
        ' o: Int @override(from: "a", label: "percent(3)") } type B @shareable { n: Int }',
    ),
    fed1("c", 'extend type C @key(fields: "id") { id: ID! @external old: [Int] } extend type Query { z: C }'),
)


def mutated(sdl: str, random: Random) -> str:
    tokens = re.findall(r'"[^"]*"|@?\w+|\s+|.', sdl)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(tokens))
        match random.randrange(3):
            case 0:
                del tokens[place]
            case 1:
                tokens[place] = random.choice(tokens)
            case _:
                tokens.insert(place, random.choice(tokens))
    return "".join(tokens)


def test_the_unchanged_subgraphs_compose() -> None:
    """So that the mutations start from something that exercises everything."""
    assert [str(e) for e in compose(SUBGRAPHS).errors] == []


@pytest.mark.parametrize("seed", range(8))
def test_mutated_subgraphs_give_errors_or_a_supergraph_that_loads(seed: int) -> None:
    """Forty mutations a seed: an error with a code, or a supergraph that the gateway accepts."""
    random = Random(seed)
    for _ in range(40):
        inputs = list(SUBGRAPHS)
        place = random.randrange(len(inputs))
        inputs[place] = SubgraphInput(
            inputs[place].name, inputs[place].url, mutated(inputs[place].sdl, random)
        )
        result = compose(inputs)
        if result.supergraph_sdl is None:
            assert result.errors
            assert all(error.code in Code and error.message for error in result.errors)
        else:
            load(result.supergraph_sdl)


@pytest.mark.parametrize(
    "sdl",
    [
        "",
        " ",
        "#",
        "\0",
        "\ufeff",
        '"',
        '"""',
        "{",
        "query { a }",
        "fragment F on T { a }",
        "type",
        "extend",
        "schema {}",
        "💥",
    ],
)
def test_what_is_no_schema_is_an_error(sdl: str) -> None:
    """Empty texts, operations, stray characters."""
    assert compose([SubgraphInput("a", "", sdl)]).errors
