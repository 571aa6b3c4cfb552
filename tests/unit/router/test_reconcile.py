"""What counts as behind, and that exactly this is published again."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from router.reconcile import Event, Pair, Report, by_event, by_version, reconcile

PROFILE, ERASED, ACTIVITY = "customer.profile.v1", "customer.erased.v1", "customer.activity.v1"


@dataclass
class Source:
    """The customer subgraph: pages of two events."""

    events: Sequence[Event]
    republished: list[str] = field(default_factory=list)

    async def ask(self, document: str, variables: Mapping[str, object]) -> dict[str, object]:
        """See `router.reconcile.Asking`."""
        if "republishEvents" in document:
            ids = variables["ids"]
            assert isinstance(ids, list)
            self.republished += ids
            return {"republishEvents": len(ids)}
        start = int(str(variables["after"] or 0))
        nodes = [
            {"eventId": one.id, "customerId": one.customer_id, "type": one.type, "sequence": one.sequence}
            for one in self.events[start : start + 2]
        ]
        more = start + 2 < len(self.events)
        return {"outboxEvents": {"nodes": nodes, "endCursor": str(start + 2) if more else None}}


@dataclass
class Copy:
    """A copy that knows some events."""

    versions: Mapping[str, tuple[int, bool]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()

    async def ask(self, document: str, variables: Mapping[str, object]) -> dict[str, object]:
        """See `router.reconcile.Asking`."""
        ids = variables["ids"]
        assert isinstance(ids, list)
        if "missingEvents" in document:
            return {"missingEvents": [one for one in ids if one not in self.known]}
        return {
            "appliedVersions": [
                {"customerId": one, "version": self.versions[one][0], "erased": self.versions[one][1]}
                for one in ids
                if one in self.versions
            ]
        }


async def run(source: Source, copy: Copy, compare: object, *, repair: bool = True) -> Report:
    """Reconcile everything."""
    pair = Pair("customer-rating.fifo", copy, by_version if compare is by_version else by_event)
    return await reconcile(source, pair, datetime.now(UTC), repair=repair, progress=lambda _count: None)


async def test_older_or_missing_state_is_behind() -> None:
    """A newer version at the copy is not: its event is on its way past this one."""
    source = Source(
        [
            Event("e1", "absent", PROFILE, 1),
            Event("e2", "older", PROFILE, 5),
            Event("e3", "equal", PROFILE, 5),
            Event("e4", "newer", PROFILE, 5),
        ]
    )
    copy = Copy({"older": (4, False), "equal": (5, False), "newer": (6, False)})
    report = await run(source, copy, by_version)
    assert source.republished == ["e1", "e2"]
    assert (report.compared, report.behind, report.republished) == (4, 2, 2)


async def test_erasure_that_did_not_arrive_is_behind() -> None:
    """A copy that still has the customer, or never heard of it, must be told; one that erased it must not."""
    source = Source(
        [Event("e1", "kept", ERASED, 3), Event("e2", "gone", ERASED, 3), Event("e3", "unknown", ERASED, 3)]
    )
    await run(source, Copy({"kept": (2, False), "gone": (3, True)}), by_version)
    assert source.republished == ["e1", "e3"]


async def test_nothing_is_behind_an_erasure() -> None:
    """An older profile of an erased customer is not wanted."""
    source = Source([Event("e1", "gone", PROFILE, 9)])
    assert (await run(source, Copy({"gone": (3, True)}), by_version)).behind == 0


async def test_events_that_the_copy_does_not_know_are_published_again() -> None:
    """Copies of events are compared by ids."""
    source = Source([Event(f"e{number}", "ana", ACTIVITY, 1) for number in range(7)])
    report = await run(source, Copy(known=frozenset({"e1", "e4", "e6"})), by_event)
    assert source.republished == ["e0", "e2", "e3", "e5"]
    assert report.compared == 7


async def test_dry_run_changes_nothing() -> None:
    """It reports the same."""
    source = Source([Event("e1", "absent", PROFILE, 1)])
    report = await run(source, Copy(), by_version, repair=False)
    assert (report.behind, report.republished, source.republished) == (1, 0, [])


async def test_nothing_published_is_nothing_to_compare() -> None:
    """An empty outbox is in order."""
    assert await run(Source([]), Copy(), by_version) == Report(0, 0, 0)


@dataclass
class Endless:
    """A customer subgraph with so many events of as many customers, of whom every ten-thousandth is lost."""

    count: int
    republished: int = 0
    largest_page: int = 0

    async def ask(self, document: str, variables: Mapping[str, object]) -> dict[str, object]:
        """Pages as large as they are asked for, made up on the way."""
        if "republishEvents" in document:
            ids = variables["ids"]
            assert isinstance(ids, list)
            self.republished += len(ids)
            return {"republishEvents": len(ids)}
        start, first = int(str(variables["after"] or 0)), int(str(variables["first"]))
        self.largest_page = max(self.largest_page, first)
        end = min(start + first, self.count)
        nodes = [
            {"eventId": f"e{place}", "customerId": f"c{place}", "type": PROFILE, "sequence": 1}
            for place in range(start, end)
        ]
        return {"outboxEvents": {"nodes": nodes, "endCursor": str(end) if end < self.count else None}}


class NearlyAll:
    """A copy that lacks every ten-thousandth customer."""

    async def ask(self, document: str, variables: Mapping[str, object]) -> dict[str, object]:
        """See `router.reconcile.Asking`."""
        assert "appliedVersions" in document
        ids = variables["ids"]
        assert isinstance(ids, list)
        known = [one for one in ids if int(one[1:]) % 10_000]
        return {"appliedVersions": [{"customerId": one, "version": 1, "erased": False} for one in known]}


async def test_a_million_versions_are_compared_in_the_memory_of_a_page() -> None:
    """All are looked at, what lacks is published again, and nothing of a page is kept after it."""
    source = Endless(1_000_000)
    pair = Pair("customer-rating.fifo", NearlyAll(), by_version)
    allocated: list[int] = []

    def progress(events: int) -> None:
        assert events == source.largest_page == 500
        allocated.append(sys.getallocatedblocks())

    report = await reconcile(source, pair, datetime.now(UTC), repair=True, progress=progress)
    assert report == Report(compared=1_000_000, behind=100, republished=100)
    assert source.republished == 100
    assert len(allocated) == 2_000
    # A page is some thousands of blocks; a million events kept would be millions.
    assert max(allocated) - allocated[0] < 100_000
