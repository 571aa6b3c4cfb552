"""What must be true when everything has arrived; raises `Violation` for what is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from uuid import UUID

from kernel.events import CUSTOMER_ERASED
from router.queue import dead_letter_name
from subgraphs.edge.errors import BadUserInput
from subgraphs.rating.domain.record import ProfileChanged, Record, apply_profile
from tests.kit.fake_sqs import FakeSqs
from tests.simulation.checker import Checker, Committed, Violation
from tests.simulation.outbox import Outbox
from tests.simulation.people import ACTIVITY_QUEUE, RATING_QUEUE
from tests.simulation.targets import ActivityTarget, RatingTarget, profile_of, scorecard

__all__ = ["judge_end"]

_SHOWN = 5


def judge_end(
    checker: Checker, outbox: Outbox, sqs: FakeSqs, rating: RatingTarget, activity: ActivityTarget
) -> None:
    """Compare what the stores and queues hold with what was committed; raises `Violation`."""
    end = _End(checker, sqs, rating, activity)
    wrong = list(
        chain(
            checker.broken,
            end.lost(),
            end.dead_letters(),
            end.ratings(),
            end.activities(),
            (f"{row.id} waits in the outbox" for row in outbox.rows if row.published_at is None),
        )
    )
    if wrong:
        more = f" (and {len(wrong) - _SHOWN} more)" if len(wrong) > _SHOWN else ""
        raise Violation("; ".join(wrong[:_SHOWN]) + more)


class _End:
    def __init__(
        self, checker: Checker, sqs: FakeSqs, rating: RatingTarget, activity: ActivityTarget
    ) -> None:
        self._checker = checker
        self._sqs = sqs
        self._rating = rating
        self._database = activity.store.connections.database

    def lost(self) -> Iterator[str]:
        """Events that no target ever said it has, though it could."""
        for event in self._checker.committed.values():
            if event.poison is None and not self._gone(event) and str(event.id) not in self._checker.answered:
                yield f"{event.id} ({event.type} {event.sequence} of {event.customer_id}) is lost"

    def dead_letters(self) -> Iterator[str]:
        """Poison that is not in its DLQ with its reason, and anything else that is."""
        left: set[str] = set()
        for queue in (RATING_QUEUE, ACTIVITY_QUEUE):
            for message in self._sqs.messages(dead_letter_name(queue)):
                event = self._checker.committed.get(message.attributes.get("event_id", ""))
                if event is None:
                    continue
                left.add(str(event.id))
                if message.attributes.get("reason") != event.poison:
                    yield f"{event.id} is in the DLQ as {message.attributes.get('reason')}"
        for event in self._checker.committed.values():
            if event.poison is not None and not self._gone(event) and str(event.id) not in left:
                yield f"{event.id}, which is poison, is not in the DLQ"

    def ratings(self) -> Iterator[str]:
        """Customers whose rating is not what their events in order lead to."""
        customers = {event.customer_id for event in self._checker.committed.values()}
        for customer in sorted(customers):
            found = self._rating.records.get(customer)
            if customer in self._checker.erased:
                if found is None or not found.erased:
                    yield f"{customer} is erased, but has a rating"
                continue
            wanted = self._in_order(customer)
            if _what_counts(found) != _what_counts(wanted):
                yield f"the rating of {customer} is {_what_counts(found)}, not {_what_counts(wanted)}"

    def activities(self) -> Iterator[str]:
        """Events that are missing in the activity store, or there though their customer is erased."""
        found = {row[0] for row in self._database.execute("SELECT id FROM event")}
        wanted = {
            str(event.id)
            for event in self._checker.committed.values()
            if event.queue == ACTIVITY_QUEUE
            and event.type != CUSTOMER_ERASED
            and event.poison is None
            and event.customer_id not in self._checker.erased
        }
        for event_id in sorted(wanted ^ found):
            yield f"the activity store {'lacks' if event_id in wanted else 'should not have'} {event_id}"

    def _gone(self, event: Committed) -> bool:
        """What an erased customer's earlier events said may be gone with them."""
        return event.customer_id in self._checker.erased and event.type != CUSTOMER_ERASED

    def _in_order(self, customer: UUID) -> Record | None:
        record: Record | None = None
        for event in self._checker.of_customer(customer, RATING_QUEUE):
            if event.poison is not None:
                continue
            try:
                profile = profile_of(event.data)
            except (BadUserInput, KeyError) as error:
                raise AssertionError(f"{event.id} should be poison") from error
            moment = datetime(2026, 11, 24, 12, tzinfo=UTC)
            change = ProfileChanged(event.id, customer, event.sequence, moment, profile)
            record = apply_profile(record, change, scorecard(), moment).record or record
        return record


def _what_counts(record: Record | None) -> object:
    """All but the moments at which it was written."""
    if record is None or record.known is None:
        return None
    history = [(rating.source_version, str(rating.source_event)) for rating in record.history]
    return record.version, str(record.event_id), record.known.profile, history
