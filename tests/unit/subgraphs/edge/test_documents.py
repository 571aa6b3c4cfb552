"""Documents: parsed and validated once, refused early."""

from __future__ import annotations

import pytest

from subgraphs.edge import documents
from subgraphs.edge.documents import DocumentCache
from subgraphs.edge.limits import Limits
from tests.unit.subgraphs.edge.shop import shop_schema

SCHEMA = shop_schema().core


def cache(**limits: int) -> DocumentCache:
    return DocumentCache(SCHEMA, Limits(**limits), introspection=False)


def code(text: str, **limits: int) -> str:
    (error,) = cache(**limits).prepare(text).errors
    return str(error["extensions"]["code"])


@pytest.mark.parametrize("text", ["{ box { size } }", "{ nope }", "{", "{ __schema { queryType { name } } }"])
def test_a_text_is_prepared_once(text: str) -> None:
    """Good or bad, the second time it is the very same object."""
    known = cache()
    assert known.prepare(text) is known.prepare(text)


def test_the_memory_is_bounded_by_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text that was not used for longest is forgotten first."""
    monkeypatch.setattr(documents, "_ENTRIES", 3)
    known = cache()
    first, second = known.prepare("{ a }"), known.prepare("{ b }")
    known.prepare("{ c }")
    assert known.prepare("{ a }") is first
    known.prepare("{ d }")
    assert known.prepare("{ a }") is first
    assert known.prepare("{ b }") is not second


def test_the_memory_is_bounded_by_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large texts push others out, and one that is too large is not kept at all."""
    monkeypatch.setattr(documents, "_CHARACTERS", 100)
    known = cache()
    small = known.prepare("{ a }")
    known.prepare("{ b }" + " " * 94)
    assert known.prepare("{ a }") is not small
    huge = "{ c }" + " " * 200
    assert known.prepare(huge) is not known.prepare(huge)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ box { size }", "GRAPHQL_PARSE_FAILED"),
        ('{ echo(text: "\\ud800") }', "GRAPHQL_PARSE_FAILED"),
        ("{ box { nope } }", "GRAPHQL_VALIDATION_FAILED"),
        ("type A { b: Int }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { box { size } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...F } fragment F on Query { ...F }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_bad_document_has_the_code_of_its_phase(text: str, wanted: str) -> None:
    """Syntax and validity are told apart."""
    assert wanted in {error["extensions"]["code"] for error in cache().prepare(text).errors}


def test_no_more_than_twenty_faults_are_reported() -> None:
    """A document full of unknown names does not make a large answer."""
    names = " ".join(f"unknown{number}" for number in range(20))
    assert len(cache(max_validation_errors=5).prepare(f"{{ {names} }}").errors) <= 6


ATTACKS = {
    "aliases": ("{" + " ".join(f"a{n}: box {{ size }}" for n in range(10_000)) + "}", "MAX_TOKENS_LIMIT"),
    "comments": ("#\n" * 5_000 + "{ box { size } }", "MAX_TOKENS_LIMIT"),
    "spaces": ("{ box { size } }" + " " * 200_000, "MAX_TOKENS_LIMIT"),
    "nested fields": ("{" + "box{" * 100 + "size" + "}" * 101, "MAX_DEPTH_LIMIT"),
    "deeply nested fields": ("{" + "box{" * 1_500, "MAX_DEPTH_LIMIT"),
    "nested lists": ("{ echo(text: " + "[" * 1_500, "MAX_DEPTH_LIMIT"),
    "nested objects": ("{ echo(text: " + "{a:" * 1_000, "MAX_DEPTH_LIMIT"),
    "nested list types": ("query ($a: " + "[" * 1_500, "MAX_DEPTH_LIMIT"),
    "inline fragments": ("{" + "...{" * 1_500, "MAX_DEPTH_LIMIT"),
    "directives": ("{ box " + "@include(if: true) " * 100 + "{ size } }", "MAX_DIRECTIVES_LIMIT"),
    "directives on the operation": ("query " + "@x " * 100 + "{ box { size } }", "MAX_DIRECTIVES_LIMIT"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_before_it_is_validated(attack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the code of the limit, and without a step of validation."""
    text, wanted = ATTACKS[attack]

    def never(*_arguments: object, **_options: object) -> None:
        raise AssertionError("validated")

    monkeypatch.setattr(documents, "validate", never)
    assert code(text) == wanted


def test_repeated_fields_do_not_make_validation_quadratic() -> None:
    """Four thousand times the same field are within the limits; comparing all pairs is given up."""
    assert code("{ box {" + "size " * 3_900 + "} }") == "GRAPHQL_VALIDATION_FAILED"


def test_no_nesting_exhausts_the_stack() -> None:
    """Also when the caller stands on a deep stack already."""

    def deep(frames: int, text: str) -> None:
        if frames:
            deep(frames - 1, text)
        else:
            assert cache().prepare(text).errors

    for text, _ in ATTACKS.values():
        deep(400, text)


def test_the_operations_of_a_document_are_known_by_name() -> None:
    """With their types, so that one can be chosen and a GET be refused."""
    prepared = cache().prepare("query A { box { size } } mutation B { __typename }")
    assert {name: kind.value for name, kind in prepared.operations.items()} == {"A": "query", "B": "mutation"}
