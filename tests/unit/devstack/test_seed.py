from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from graphql import parse

from devstack.applicants import Applicant, read
from devstack.layout import DataFolder
from devstack.seed import Loaded, Seeder, batch, write_map
from kernel.settings import ConfigurationProblem

ROOT = Path(__file__).resolve().parents[3]
HEADER = "applicant,customerId,fingerprint\n"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder.at(tmp_path / "data")
    folder.create()
    return folder


@pytest.fixture(scope="module")
def people() -> list[Applicant]:
    return read(ROOT / "examples" / "german_credit.csv")[:3]


def seeder(folder: DataFolder) -> Seeder:
    return Seeder(folder, "http://127.0.0.1:1/graphql", "token")


def remember(folder: DataFolder, applicant: Applicant, customer_id: str) -> None:
    seeder(folder).remember(applicant, customer_id)


def test_a_batch_is_one_document_with_one_variable_a_mutation() -> None:
    """Mutations keep their order, and no value is ever put into the document's text."""
    document, variables = batch(
        [("settleDebt", {"debtId": '") { evil }'}), ("recordMovement", {"amount": "1.00"})]
    )
    parse(document)
    assert document.index("settleDebt") < document.index("recordMovement")
    assert "evil" not in document
    assert variables == {"i0": {"debtId": '") { evil }'}, "i1": {"amount": "1.00"}}


def test_who_was_loaded_is_not_loaded_again(folder: DataFolder, people: list[Applicant]) -> None:
    """The folder remembers applicants over runs, whatever became of their loans."""
    remember(folder, people[1], "c-1")
    relabelled = [replace(person, repaid=None) for person in people]
    assert [person.number for person in seeder(folder).missing(relabelled)] == [
        people[0].number,
        people[2].number,
    ]


def test_the_same_number_with_other_columns_is_refused(folder: DataFolder, people: list[Applicant]) -> None:
    """A number that belongs to somebody else already is an error that says what to do, not a silent skip."""
    remember(folder, people[0], "c-0")
    with pytest.raises(ConfigurationProblem, match=f"applicant {people[0].number} was loaded before"):
        seeder(folder).missing([replace(people[0], age=people[0].age + 1)])


def test_a_row_torn_by_a_kill_is_loaded_again(folder: DataFolder, people: list[Applicant]) -> None:
    """A half-written last row counts for nothing, and the next row starts on a line of its own."""
    remember(folder, people[0], "c-0")
    with folder.seeded.open("a") as file:
        file.write("4,0199")
    assert [row.customer_id for row in seeder(folder).loaded] == ["c-0"]
    remember(folder, people[1], "c-1")
    assert [row.customer_id for row in seeder(folder).loaded] == ["c-0", "c-1"]


def test_a_file_torn_in_its_header_is_as_good_as_none(folder: DataFolder) -> None:
    """A kill in the very first write leaves nobody loaded."""
    folder.seeded.write_text(HEADER[:9])
    assert seeder(folder).loaded == ()


def test_dates_are_counted_from_the_first_run(folder: DataFolder) -> None:
    """A later day's run sends the first day's inputs, so that its idempotency keys fit them."""
    folder.seed.write_text('{"today": "2026-01-31"}')
    assert seeder(folder).first_day.isoformat() == "2026-01-31"


def test_the_map_has_the_two_columns(tmp_path: Path) -> None:
    """`--map` writes `applicant,customerId` and nothing else."""
    path = tmp_path / "map.csv"
    write_map(path, [Loaded(7, "c-7", "f"), Loaded(9, "c-9", "f")])
    assert path.read_text() == "applicant,customerId\n7,c-7\n9,c-9\n"
