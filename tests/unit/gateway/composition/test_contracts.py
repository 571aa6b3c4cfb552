"""Contracts: what tags leave of the API."""

from __future__ import annotations

import pytest

from gateway.composition import CompositionResult, compose
from tests.kit.composition import fed2

SDL = """
type Query {
  customer: Customer @tag(name: "public")
  audit: [Entry!]! @tag(name: "internal")
  health: Int
}
type Customer @tag(name: "public") {
  name: String
  cpf: String @tag(name: "internal")
  plan(secret: Int @tag(name: "internal")): Plan
}
type Entry { at: String }
enum Plan { FREE GOLD @tag(name: "internal") }
input Unused { a: Int b: Int @tag(name: "internal") }
"""


def contract(
    *, include: tuple[str, ...] = (), exclude: tuple[str, ...] = (), sdl: str = SDL
) -> CompositionResult:
    return compose([fed2("a", sdl)], include_tags=include, exclude_tags=exclude)


def api(result: CompositionResult) -> str:
    assert result.api_sdl is not None, [str(e) for e in result.errors]
    return result.api_sdl


def test_excluded_tags_are_left_out() -> None:
    """Fields, arguments, enum values and input fields that have the tag."""
    text = api(contract(exclude=("internal",)))
    assert "audit" not in text
    assert "cpf" not in text
    assert "secret" not in text
    assert "GOLD" not in text
    assert "b: Int" not in text
    assert "health" in text


def test_included_tags_are_all_that_stays_of_fields() -> None:
    """A type's tag counts for its fields; enums and inputs stay as they are."""
    text = api(contract(include=("public",)))
    assert "customer" in text
    assert "cpf" in text
    assert "health" not in text
    assert "audit" not in text
    assert "Entry" not in text
    assert "GOLD" in text


def test_exclusion_wins() -> None:
    """Both tags on one element mean out."""
    text = api(contract(include=("public",), exclude=("internal",)))
    assert "name" in text
    assert "cpf" not in text


def test_the_supergraph_still_routes_to_what_is_hidden() -> None:
    """Filtered elements are @inaccessible, not gone."""
    sdl = contract(exclude=("internal",)).supergraph_sdl
    assert sdl is not None
    assert 'cpf: String @inaccessible @tag(name: "internal")' in sdl


def test_a_filter_that_leaves_nothing_or_breaks_something_is_refused() -> None:
    """The errors are those of @inaccessible."""
    assert {e.code for e in contract(include=("nobody",)).errors} >= {"ONLY_INACCESSIBLE_CHILDREN"}
    broken = SDL.replace("type Entry", 'type Entry @tag(name: "gone")')
    assert {e.code for e in contract(exclude=("gone",), sdl=broken).errors} == {"REFERENCED_INACCESSIBLE"}


def test_a_union_must_be_included_itself() -> None:
    """Unions are output, and kept only by their own tag."""
    sdl = 'type Query { a: Int @tag(name: "p") u: U } union U = T type T @tag(name: "p") { x: Int }'
    assert "union" not in api(contract(include=("p",), sdl=sdl))


@pytest.mark.parametrize("name", ["", "a b", "é", "x" * 129])
def test_impossible_tag_names_are_refused(name: str) -> None:
    """A filter with a slip of the pen would hide nothing."""
    assert contract(exclude=(name,)).errors
