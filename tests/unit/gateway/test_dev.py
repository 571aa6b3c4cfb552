"""`gateway dev`: composing again when subgraphs change, and telling what broke."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.dev import Outcome, Recomposer

CUSTOMER = 'type Query { c: Customer } type Customer @key(fields: "id") { id: ID! name: String }'
RATING = 'extend type Customer @key(fields: "id") { id: ID! @external score: Int }'


@dataclass
class Workshop:
    """A folder with two subgraphs and a configuration, and what the recomposer said."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.write("customer", CUSTOMER)
        self.write("rating", RATING)
        self.configure("customer", "rating")
        self.recomposer = Recomposer([self.folder / "supergraph.yaml"], self.supergraph, self.said.append)

    @property
    def supergraph(self) -> Path:
        return self.folder / "out" / "supergraph.graphql"

    def write(self, name: str, sdl: str) -> None:
        (self.folder / f"{name}.graphql").write_text(sdl)

    def configure(self, *names: str) -> None:
        entries = [f"  {n}: {{routing_url: 'http://{n}', schema: {{file: {n}.graphql}}}}" for n in names]
        (self.folder / "supergraph.yaml").write_text("\n".join(["subgraphs:", *entries]))


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_the_first_look_composes_and_the_next_does_nothing(workshop: Workshop) -> None:
    """The supergraph is written, and told about once."""
    assert workshop.recomposer.look() is Outcome.COMPOSED
    assert "score" in workshop.supergraph.read_text()
    assert workshop.recomposer.look() is Outcome.UNCHANGED
    assert len(workshop.said) == 1
    assert "(first time)" in workshop.said[0]


@pytest.mark.parametrize(
    ("change", "told"),
    [("changed", "rating changed"), ("new", "late is new"), ("gone", "rating is gone")],
)
def test_it_tells_which_subgraph_changed(workshop: Workshop, change: str, told: str) -> None:
    """Changed, new and gone subgraphs are named."""
    workshop.recomposer.look()
    if change == "changed":
        workshop.write("rating", RATING.replace("score", "points"))
    elif change == "new":
        workshop.write("late", "type Query { late: Int }")
        workshop.configure("customer", "rating", "late")
    else:
        workshop.configure("customer")
    assert workshop.recomposer.look() is Outcome.COMPOSED
    assert told in workshop.said[-1]


def test_a_broken_subgraph_keeps_the_last_supergraph(workshop: Workshop) -> None:
    """The errors are told once, with place; mending composes again."""
    workshop.recomposer.look()
    before = workshop.supergraph.read_text()
    workshop.write("rating", "type Query { a: Nobody }")
    assert workshop.recomposer.look() is Outcome.BROKEN
    assert workshop.recomposer.look() is Outcome.UNCHANGED
    assert 'Unknown type "Nobody". (rating:1:14)' in workshop.said[-1]
    assert "last good supergraph is still served" in workshop.said[-1]
    assert workshop.supergraph.read_text() == before
    workshop.write("rating", RATING)
    assert workshop.recomposer.look() is Outcome.COMPOSED
    assert "mended" in workshop.said[-1]


def test_a_new_fault_is_told_even_if_it_was_broken_before(workshop: Workshop) -> None:
    """Each different trouble is told."""
    workshop.write("rating", "type Query { a: Nobody }")
    assert workshop.recomposer.look() is Outcome.BROKEN
    workshop.write("rating", "type Query {")
    assert workshop.recomposer.look() is Outcome.BROKEN
    assert "Syntax Error" in workshop.said[-1]
    assert "still served" not in workshop.said[-1]


@pytest.mark.parametrize("trouble", ["no file", "no configuration"])
def test_missing_files_are_trouble_not_the_end(workshop: Workshop, trouble: str) -> None:
    """An editor may take a file away for a moment."""
    name = "rating.graphql" if trouble == "no file" else "supergraph.yaml"
    text = (workshop.folder / name).read_text()
    (workshop.folder / name).unlink()
    assert workshop.recomposer.look() is Outcome.BROKEN
    assert "there is no file" in workshop.said[-1]
    (workshop.folder / name).write_text(text)
    assert workshop.recomposer.look() is Outcome.COMPOSED
