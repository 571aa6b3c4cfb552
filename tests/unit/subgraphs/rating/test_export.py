"""Extraction into files: every format says the same, and a run that was broken off goes on without a seam."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # has no types
import pytest

from kernel.settings import ConfigurationProblem
from subgraphs.rating.domain.profile import Debt
from subgraphs.rating.domain.scorecard import load_scorecard
from subgraphs.rating.export import Extraction, extract, start
from subgraphs.rating.export.checkpoint import Checkpoint, cursor_path, load_checkpoint, save_checkpoint
from subgraphs.rating.export.columns import COLUMNS
from subgraphs.rating.extraction import Page, Reader
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.store import RatingStore
from subgraphs.rating.swap import Swapper
from tests.kit.rating import FixedClock, day, profile_event

Format = Literal["csv", "ndjson", "parquet"]
FORMATS: Sequence[Format] = ("csv", "ndjson", "parquet")
PAGE = 3


class Broken(Exception):
    """The process is gone."""


class Rated:
    """A store with customers, and readers of it."""

    def __init__(self, store: RatingStore) -> None:
        self.store = store
        self.clock = FixedClock()
        self._inbox = Inbox(Swapper(store, self.clock, 3, 0.25), load_scorecard("2026-1"))

    async def register(self, count: int) -> list[str]:
        """So many customers with different debts, in the order of their changes."""
        ids = []
        for number in range(count):
            customer = uuid.uuid4()
            self.clock.advance(1)
            debt = Debt(Decimal("1000.10") + number, day(100), day(-630))
            await self._inbox.apply_profile(profile_event(customer, 1, debts=(debt,)))
            ids.append(str(customer))
        self.clock.advance(1)
        return ids

    async def run(self, out: Path, output_format: Format, **options: Any) -> Checkpoint:
        """A whole extraction."""
        reader = options.pop("reader", None) or self.reader()
        extraction = Extraction(
            out, output_format, options.get("since"), options.get("resume", False), page_size=PAGE
        )
        return await extract(extraction, start(extraction), reader, lambda rows: None)

    def reader(self) -> Reader:
        """A reader of everything."""
        return Reader(self.store, self.clock, 0.25)


@dataclass(frozen=True, slots=True)
class BreaksAfter(Reader):
    """A reader that dies after some pages."""

    left: int = 0

    @classmethod
    def pages_of(cls, rated: Rated, count: int) -> BreaksAfter:
        """A reader of so many pages."""
        return cls(rated.store, rated.clock, 0.25, count)

    async def pages(self, after: str, size: int) -> AsyncIterator[Page]:
        """Some pages, then the end of the world."""
        whole = Reader(self.changes, self.clock, self.settle_seconds)
        left = self.left
        async for page in whole.pages(after, size):
            if left == 0:
                raise Broken
            left -= 1
            yield page


@pytest.fixture
def rated(rating_store: RatingStore) -> Rated:
    """An empty store, to be filled."""
    return Rated(rating_store)


def rows_of(out: Path, output_format: Format) -> list[dict[str, Any]]:
    """The rows of an output, in its order."""
    match output_format:
        case "csv":
            with out.open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))
        case "ndjson":
            return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        case "parquet":
            rows: list[dict[str, Any]] = pq.read_table(out).to_pylist()
            return rows


def ids_of(out: Path, output_format: Format) -> list[str]:
    """The customers of an output, in its order."""
    return [row["customer_id"] for row in rows_of(out, output_format)]


@pytest.mark.parametrize("output_format", FORMATS)
async def test_all_rows_in_the_order_of_their_changes(
    rated: Rated, tmp_path: Path, output_format: Format
) -> None:
    """Each customer once, with all columns, amounts to the centavo."""
    ids = await rated.register(10)
    out = tmp_path / "features"
    reached = await rated.run(out, output_format)
    rows = rows_of(out, output_format)
    assert reached.rows == 10
    assert [row["customer_id"] for row in rows] == ids
    assert tuple(rows[0]) == COLUMNS
    assert [round(Decimal(str(row["open_debt"])), 2) for row in rows] == [
        Decimal("1000.10") + number for number in range(10)
    ]


async def test_formats_agree(rated: Rated, tmp_path: Path) -> None:
    """The same row in each format, each with its own types."""
    await rated.register(1)
    for output_format in FORMATS:
        await rated.run(tmp_path / output_format, output_format)
    (line,), (document,), (record,) = (rows_of(tmp_path / each, each) for each in FORMATS)
    assert line["updated_at"] == "2026-11-24T15:00:01.000Z"
    assert document["updated_at"] == "2026-11-24T15:00:01Z"
    assert record["updated_at"].isoformat() == "2026-11-24T15:00:01+00:00"
    assert (line["open_debt"], document["open_debt"], record["open_debt"]) == (
        "1000.10",
        1000.1,
        Decimal("1000.10"),
    )
    assert line["age"] == str(document["age"]) == str(record["age"])
    assert line["score"] == str(document["score"]) == str(record["score"])


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("pages", [0, 1, 2])
async def test_a_run_that_broke_off_goes_on(
    rated: Rated, tmp_path: Path, output_format: Format, pages: int
) -> None:
    """Broken off after any page, with half a page behind it, the resumed run ends as an unbroken one."""
    ids = await rated.register(8)
    out = tmp_path / "features"
    with pytest.raises(Broken):
        await rated.run(out, output_format, reader=BreaksAfter.pages_of(rated, pages))
    growing = out.with_name("features.spool") if output_format == "parquet" else out
    with growing.open("ab") as file:
        file.write(b'{"half a page')
    reached = await rated.run(out, output_format, resume=True)
    assert reached.rows == 8
    assert ids_of(out, output_format) == ids


@pytest.mark.parametrize("output_format", FORMATS)
async def test_a_later_run_adds_what_has_changed(rated: Rated, tmp_path: Path, output_format: Format) -> None:
    """With --resume a finished output grows by the new changes; nothing new adds nothing."""
    out = tmp_path / "features"
    ids = await rated.register(5)
    await rated.run(out, output_format)
    assert (await rated.run(out, output_format, resume=True)).rows == 5
    ids += await rated.register(4)
    assert (await rated.run(out, output_format, resume=True)).rows == 9
    assert ids_of(out, output_format) == ids


@pytest.mark.parametrize("output_format", FORMATS)
async def test_a_run_without_resume_begins_afresh(
    rated: Rated, tmp_path: Path, output_format: Format
) -> None:
    """An earlier output is overwritten, whatever state it was left in."""
    out = tmp_path / "features"
    ids = await rated.register(8)
    with pytest.raises(Broken):
        await rated.run(out, output_format, reader=BreaksAfter.pages_of(rated, 1))
    await rated.run(out, output_format)
    assert ids_of(out, output_format) == ids


@pytest.mark.parametrize("output_format", FORMATS)
async def test_an_empty_store_gives_an_empty_output(
    rated: Rated, tmp_path: Path, output_format: Format
) -> None:
    """A file without rows, which a later run can go on from."""
    out = tmp_path / "features"
    assert (await rated.run(out, output_format)).rows == 0
    assert rows_of(out, output_format) == []
    ids = await rated.register(2)
    await rated.run(out, output_format, resume=True)
    assert ids_of(out, output_format) == ids


async def test_parquet_survives_an_end_between_joining_and_its_checkpoint(
    rated: Rated, tmp_path: Path
) -> None:
    """The parts are in the output already: they are not joined to it a second time."""
    out = tmp_path / "features"
    ids = await rated.register(5)
    reached = await rated.run(out, "parquet")
    save_checkpoint(out, replace(reached, size=2))
    ids += await rated.register(1)
    await rated.run(out, "parquet", resume=True)
    assert ids_of(out, "parquet") == ids


async def test_since_leaves_older_changes_out(rated: Rated, tmp_path: Path) -> None:
    """Only rows that changed at the moment or later."""
    await rated.register(3)
    since = rated.clock.now()
    ids = await rated.register(2)
    await rated.run(tmp_path / "features", "csv", since=since)
    assert ids_of(tmp_path / "features", "csv") == ids


async def test_what_cannot_be_gone_on_with_is_said(rated: Rated, tmp_path: Path) -> None:
    """Another format, a foreign cursor file, an output without one, a cut output, a missing folder."""
    await rated.register(3)
    out = tmp_path / "features"
    await rated.run(out, "csv")
    with pytest.raises(ConfigurationProblem, match="--format csv"):
        await rated.run(out, "ndjson", resume=True)
    content = out.read_bytes()
    out.write_bytes(content[:-1])
    with pytest.raises(ConfigurationProblem, match="shorter"):
        await rated.run(out, "csv", resume=True)
    cursor_path(out).write_text("{}")
    with pytest.raises(ConfigurationProblem, match="not a cursor file"):
        await rated.run(out, "csv", resume=True)
    cursor_path(out).unlink()
    with pytest.raises(ConfigurationProblem, match="no cursor file"):
        await rated.run(out, "csv", resume=True)
    with pytest.raises(ConfigurationProblem, match="no folder"):
        await rated.run(tmp_path / "nowhere" / "features", "csv")
    assert out.read_bytes() == content[:-1]
    assert load_checkpoint(out, "csv") is None
