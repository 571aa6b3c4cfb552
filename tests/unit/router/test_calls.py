"""Routes against a target's schema: the documents that come out, and what is refused beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from kernel.settings import ConfigurationProblem
from router.calls import compile_calls, load_schemas
from router.config import parse_table
from tests.unit.router.world import CONTRACTS, QUEUE, table_text

SCHEMA = build_schema((CONTRACTS / "rating.graphql").read_text(), assume_valid_sdl=True)
GOOD = table_text("http://rating/graphql")


def complaint(text: str) -> str:
    """What is said against this table."""
    with pytest.raises(ConfigurationProblem) as refused:
        compile_calls(parse_table(Path("router.yaml"), text, {}), {"rating": SCHEMA})
    return str(refused.value)


def test_document_names_types_and_asks_for_the_leaves() -> None:
    """The operation is constant, typed by the schema, and asks for what tells the outcome."""
    calls = compile_calls(parse_table(Path("router.yaml"), GOOD, {}), {"rating": SCHEMA})
    assert calls[QUEUE]["customer.profile.v1"].document == (
        "mutation Deliver_applyProfile($event: ProfileEvent!) "
        "{ applyProfile(event: $event) { outcome appliedVersion } }"
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("applyProfile", "applyProfil"), "has no mutation 'applyProfil'"),
        (("{event:", "{evento:"), "there is no argument 'evento'"),
        (("{event:", "{evento:"), "the argument 'event' (ProfileEvent!) is missing"),
        (("eventId: id", "eventID: id"), "ProfileEvent has no field 'eventID'"),
        (("eventId: id, ", ""), "the field 'eventId' (ID!) of ProfileEvent is missing"),
        (("to_number(sequence)", "sequence"), "applyProfile.event.version: is a text, Int! is wanted"),
        (("profile: data", "profile: id"), "applyProfile.event.profile: is a text, ProfileInput! is wanted"),
        (("eventId: id", "eventId: data"), "applyProfile.event.eventId: is a object, ID! is wanted"),
        (("eventId: id", "eventId: {a: id}"), "applyProfile.event.eventId: is an object, ID! is wanted"),
    ],
)  # fmt: skip
def test_mismatch_is_told_with_its_place(change: tuple[str, str], expected: str) -> None:
    """Names and types are compared as far as they can be known without an event."""
    assert change[0] in GOOD
    assert expected in complaint(GOOD.replace(*change))


def test_all_mismatches_are_told_at_once() -> None:
    """Nobody has to run it again for each."""
    text = GOOD.replace("eventId: id", "x: id").replace("to_number(sequence)", "sequence")
    assert len(complaint(text).splitlines()) == 3


def test_missing_schema_says_how_to_get_it(tmp_path: Path) -> None:
    """The complaint names the target, the file and the command."""
    text = GOOD.replace(str(CONTRACTS / "rating.graphql"), str(tmp_path / "rating.graphql"))
    with pytest.raises(ConfigurationProblem, match="schema export"):
        load_schemas(parse_table(Path("router.yaml"), text, {}))


def test_file_that_is_no_schema_is_refused(tmp_path: Path) -> None:
    """So is one that does not parse."""
    (tmp_path / "rating.graphql").write_text("type {")
    text = GOOD.replace(str(CONTRACTS / "rating.graphql"), str(tmp_path / "rating.graphql"))
    with pytest.raises(ConfigurationProblem, match="not a GraphQL schema"):
        load_schemas(parse_table(Path("router.yaml"), text, {}))
