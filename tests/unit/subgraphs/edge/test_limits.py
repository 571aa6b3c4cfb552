"""Counting operations before they are validated."""

from __future__ import annotations

import dataclasses
import sys
from types import FrameType

import pytest
from graphql import parse

from subgraphs.edge.errors import BadUserInput, ErrorCode, LimitExceeded
from subgraphs.edge.limits import Limits, check_operation, check_variables

SMALL = Limits(
    max_depth=4,
    max_introspection_depth=6,
    max_aliases=2,
    max_directives=2,
    max_root_fields=3,
    max_selections=8,
    max_variable_depth=3,
    max_variable_nodes=6,
    max_string_length=5,
)


def refused(text: str, limits: Limits = SMALL) -> ErrorCode:
    with pytest.raises(LimitExceeded) as raised:
        check_operation(parse(text), limits)
    return raised.value.code


#: Each limit just kept and just exceeded: plain, in a named fragment, in an inline fragment.
CASES = {
    ErrorCode.MAX_DEPTH_LIMIT: ("{a{b{c{d}}}}", "{a{b{c{d{e}}}}}"),
    ErrorCode.MAX_ALIASES_LIMIT: ("{a{x:b y:c}}", "{a{x:b y:c z:d}}"),
    ErrorCode.MAX_DIRECTIVES_LIMIT: ("{a{b@i c@i}}", "{a{b@i c@i d@i}}"),
    ErrorCode.MAX_ROOT_FIELDS_LIMIT: ("{a b c}", "{a b c d}"),
    ErrorCode.MAX_SELECTIONS_LIMIT: ("{a{b c d e f g h}}", "{a{b c d e f g h i}}"),
}


FORMS = {
    "plain": "SET",
    "named": "query Q SET",
    "fragment": "fragment F on Query SET query {...F}",
    "inline": "{... SET}",
    "typed inline": "{... on Query SET}",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", CASES)
def test_each_limit_holds_in_every_form(code: ErrorCode, form: str) -> None:
    """At the limit it passes, one above it is refused with the limit's own code."""
    kept, exceeded = (FORMS[form].replace("SET", text) for text in CASES[code])
    check_operation(parse(kept), SMALL)
    assert refused(exceeded) is code


def test_a_fragment_counts_once_for_each_spread() -> None:
    """Five fields spread twice are ten."""
    assert refused("{a{...F} b{...F}} fragment F on T{a b c d}") is ErrorCode.MAX_SELECTIONS_LIMIT


def test_an_operation_that_nobody_names_counts_too() -> None:
    """The document is checked as a whole, since it is remembered as a whole."""
    assert refused("query A{a} query B{a b c d}") is ErrorCode.MAX_ROOT_FIELDS_LIMIT


def test_introspection_has_a_depth_of_its_own() -> None:
    """The standard query nests deeper than any of ours."""
    check_operation(parse("{__schema{a{b{c{d{e}}}}}}"), SMALL)
    assert refused("{__schema{a{b{c{d{e{f}}}}}}}") is ErrorCode.MAX_DEPTH_LIMIT
    assert refused("{__schema{...F}} fragment F on T{a{b{c{d{e{f}}}}}}") is ErrorCode.MAX_DEPTH_LIMIT


@pytest.mark.parametrize("doublings", [10, 25, 100, 400])
def test_doubling_fragments_are_counted_without_being_expanded(doublings: int) -> None:
    """Ten to the thirtieth selections are counted in no time, and refused."""
    fragments = " ".join(f"fragment F{n} on T {{...F{n + 1} ...F{n + 1}}}" for n in range(doublings))
    text = f"{{a{{...F0}}}} {fragments} fragment F{doublings} on T {{a b c d e f g h i j}}"
    assert refused(text, Limits()) is ErrorCode.MAX_SELECTIONS_LIMIT


def test_a_long_chain_of_fragments_needs_no_stack() -> None:
    """Two thousand fragments, each in the one before, from a stack that is nearly used up."""
    chain = " ".join(f"fragment F{n} on T {{...F{n + 1}}}" for n in range(2_000))
    document = parse(f"{{a{{...F0}}}} {chain} fragment F2000 on T {{a}}")

    def deep(frames: int) -> None:
        if frames:
            deep(frames - 1)
        else:
            check_operation(document, Limits())

    used = len(_frames())
    deep(sys.getrecursionlimit() - used - 100)


def _frames() -> list[object]:
    frames: list[object] = []
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


@pytest.mark.parametrize(
    "text",
    [
        "{...F} fragment F on Query{a ...F}",
        "{...A} fragment A on Query{a ...B} fragment B on Query{b ...A}",
        "{...Gone}",
        "fragment Alone on T{...Alone}",
    ],
)
def test_cycles_and_unknown_fragments_are_left_to_validation(text: str) -> None:
    """They count as empty and end."""
    check_operation(parse(text), SMALL)


def test_a_ring_of_fragments_ends() -> None:
    """Five hundred fragments in a ring."""
    ring = " ".join(f"fragment F{n} on T {{a ...F{(n + 1) % 500}}}" for n in range(500))
    check_operation(parse(f"{{a{{...F0}}}} {ring}"), Limits())


def test_a_refusal_names_the_limit() -> None:
    """So that a client can tell how far it went."""
    with pytest.raises(LimitExceeded) as raised:
        check_operation(parse("{a b c d}"), SMALL)
    assert raised.value.extensions == {"code": "MAX_ROOT_FIELDS_LIMIT", "limit": 3}


@pytest.mark.parametrize(
    "variables", [{}, {"a": [1, 2, 3]}, {"a": {"b": {"c": 1}}}, {"a": "áéíóú"}, {"a": None}]
)
def test_small_variables_pass(variables: dict[str, object]) -> None:
    """At the limits."""
    check_variables(variables, SMALL)


@pytest.mark.parametrize(
    "variables",
    [{"a": [1, 2, 3, 4, 5, 6]}, {"a": {"b": {"c": {"d": 1}}}}, {"a": [[[[]]]]}, {"a": [[1] * 3] * 3}],
)
def test_large_variables_are_refused(variables: dict[str, object]) -> None:
    """By number and by depth."""
    with pytest.raises(LimitExceeded) as raised:
        check_variables(variables, SMALL)
    assert raised.value.code is ErrorCode.MAX_VARIABLES_LIMIT


def test_ten_thousand_levels_are_refused_without_a_stack() -> None:
    """Walked level by level, never by recursion."""
    value: list[object] = []
    for _ in range(10_000):
        value = [value]
    with pytest.raises(LimitExceeded):
        check_variables({"a": value}, Limits())


@pytest.mark.parametrize(
    "variables", [{"a": "123456"}, {"a": ["x", "\0"]}, {"a": {"\0": 1}}, {"a": {"k" * 6: 1}}]
)
def test_unacceptable_text_is_bad_input(variables: dict[str, object]) -> None:
    """Too long or with a null byte, as a value or as a key."""
    with pytest.raises(BadUserInput):
        check_variables(variables, SMALL)


def test_every_limit_is_on_by_default() -> None:
    """None of them is infinite or zero."""
    assert all(0 < getattr(Limits(), field.name) < 10**6 for field in dataclasses.fields(Limits))
