"""Limits hold for what an operation expands to, however it is written."""

from __future__ import annotations

import pytest
from graphql import parse

from gateway.errors import ErrorCode, Refusal
from gateway.operation.limits import OperationLimits, enforce_limits
from gateway.operation.parse import parse_document


def _code(text: str, **bounds: int) -> ErrorCode | None:
    try:
        enforce_limits(parse(text), OperationLimits(**bounds))
    except Refusal as refusal:
        return refusal.problems[0].code
    return None


NESTED = {
    "plain": "{ a { b { c } } }",
    "inline fragment": "{ a { ... on A { b { ... { c } } } } }",
    "fragment": "{ a { ...A } } fragment A on A { b { ...B } } fragment B on B { c }",
    "second operation": "query X { x } query Y { a { b { c } } }",
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_depth_is_counted_through_fragments(text: str) -> None:
    """Depth 3 passes at 3 and is refused at 2, whatever the spelling."""
    assert _code(text, max_depth=3) is None
    assert _code(text, max_depth=2) is ErrorCode.MAX_DEPTH_LIMIT


def test_introspection_has_a_depth_of_its_own() -> None:
    """The explorer's own query nests deeper than data may, also by way of fragments."""
    text = "{ __schema { ...S } } fragment S on __Schema { types { fields { type { ofType { name } } } } }"
    assert _code(text, max_depth=1, max_introspection_depth=6) is None
    assert _code(text, max_introspection_depth=5) is ErrorCode.MAX_DEPTH_LIMIT
    below_a_field = "{ a { __schema { b { c } } } }"
    assert _code(below_a_field, max_depth=3) is ErrorCode.MAX_DEPTH_LIMIT, "only at the root"


ALIASED = {
    "plain": "{ x: a y: a z: a }",
    "fragment spread thrice": "{ p { ...F } q { ...F } r { ...F } } fragment F on A { x: a }",
    "nested fragments": "{ ...F ...G } fragment F on A { x: a ...G } fragment G on A { y: a }",
}


@pytest.mark.parametrize("text", ALIASED.values(), ids=ALIASED)
def test_aliases_are_counted_as_often_as_they_appear(text: str) -> None:
    """Three after expansion."""
    assert _code(text, max_aliases=3) is None
    assert _code(text, max_aliases=2) is ErrorCode.MAX_ALIASES_LIMIT


def test_root_fields_and_directives_are_counted_through_fragments() -> None:
    """At the root only those of the root; directives of operations and fragments as well."""
    text = "query @x { a ...F ... { d } } fragment F on Query @y { b @z { e } c }"
    assert _code(text, max_root_fields=4) is None
    assert _code(text, max_root_fields=3) is ErrorCode.MAX_ROOT_FIELDS_LIMIT
    assert _code(text, max_directives=3) is None
    assert _code(text, max_directives=2) is ErrorCode.MAX_DIRECTIVES_LIMIT


@pytest.mark.parametrize("levels", [10, 25, 100, 400])
def test_fragment_doubling_is_refused_without_expanding(levels: int) -> None:
    """1 KB that expands to 2^levels selections: found by sums, not by walking (CVE-2025-32030)."""
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    text = f"{{ ...F0 }} {fragments} fragment F{levels} on Query {{ a }}"
    code = _code(text, max_depth=10_000, max_root_fields=10**200)
    assert code is (None if levels == 10 else ErrorCode.MAX_SELECTIONS_LIMIT)


def test_a_chain_of_fragments_meets_no_recursion_limit() -> None:
    """Two thousand fragments, each spreading the next."""
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(2_000))
    assert _code(f"{{ ...F0 }} {chain} fragment F2000 on Query {{ a }}") is None


@pytest.mark.parametrize("length", [1, 2, 500])
def test_rings_of_fragments_are_named(length: int) -> None:
    """A cycle is a validation error that says which fragment."""
    ring = " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % length} }}" for n in range(length))
    with pytest.raises(Refusal, match='Cannot spread fragment "F0" within itself') as caught:
        enforce_limits(parse(f"{{ ...F0 }} {ring}"), OperationLimits())
    assert caught.value.problems[0].code is ErrorCode.GRAPHQL_VALIDATION_FAILED


def test_tokens_are_bounded_while_parsing() -> None:
    """Ten thousand aliases are refused by the parser; comments are bounded as well."""
    aliases = "{" + " ".join(f"a{n}: id" for n in range(10_000)) + "}"
    with pytest.raises(Refusal) as caught:
        parse_document(aliases, max_tokens=4_000)
    assert caught.value.problems[0].code is ErrorCode.MAX_TOKENS_LIMIT
    with pytest.raises(Refusal):
        parse_document("#\n" * 5_000 + "{ a }", max_tokens=4_000)


NESTINGS = {
    "selections": "{a" * 2_000,
    "lists": "{a(x:" + "[" * 2_000,
    "objects": "{a(x:" + "{y:" * 2_000,
    "list types": "query($a:" + "[" * 2_000,
}


@pytest.mark.parametrize("text", NESTINGS.values(), ids=NESTINGS)
def test_nesting_of_any_kind_is_a_clients_error_from_any_stack(text: str) -> None:
    """Never a recursion error, also 400 frames deep."""

    def deeper(frames: int) -> None:
        if frames:
            deeper(frames - 1)
        else:
            parse_document(text, max_tokens=100_000)

    with pytest.raises(Refusal) as caught:
        deeper(400)
    assert caught.value.problems[0].code is ErrorCode.GRAPHQL_PARSE_FAILED
