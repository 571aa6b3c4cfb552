"""The checker itself: it says yes to a run that went right, and sees each way in which one can go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kernel.events import CUSTOMER_ACTIVITY, CUSTOMER_ERASED, CUSTOMER_PROFILE
from tests.kit.chaos_checker import judge
from tests.kit.chaos_facts import ActivityFacts, CustomerFacts, Event, Facts, RatingFacts
from tests.kit.ledger import Entry, Ledger, Outcome, outcome_of

_RATING, _ACTIVITY = "customer-rating.fifo", "customer-activity.fifo"


def key_hash(key: str) -> bytes:
    return key.encode()


def ledger() -> Ledger:
    """Ana was registered, got a debt and bought a book; Bia was erased; one change of Ana's was refused."""
    found = Ledger()
    for mutation, key, customer, event in (
        ("registerCustomer", "k1", None, "e1"),
        ("addDebt", "k2", "ana", "e2"),
        ("recordCardPurchase", "k3", "ana", "e3"),
        ("registerCustomer", "k4", None, "e4"),
        ("eraseCustomer", "k5", "bia", "e5"),
    ):
        entry = found.open(mutation, key, {} if customer is None else {"customerId": customer})
        found.learn(entry, Outcome.ACCEPTED, {"eventId": event, "customerId": customer or "?"})
    found.learn(found.open("addDebt", "k6", {"customerId": "ana"}), Outcome.REFUSED)
    found.learn(found.open("addDebt", "k7", {"customerId": "ana"}), Outcome.UNKNOWN)
    return found


def event(id: str, customer: str, type: str, sequence: int, queue: str) -> Event:  # noqa: A002
    position = int(id[1])
    return Event(id, customer, type, sequence, queue, position, published=True, wiped=customer == "bia")


def facts() -> Facts:
    """What the stores hold after that."""
    events = [
        event("e1", "ana", CUSTOMER_PROFILE, 1, _RATING),
        event("e2", "ana", CUSTOMER_PROFILE, 2, _RATING),
        event("e3", "ana", CUSTOMER_ACTIVITY, 2, _ACTIVITY),
        event("e4", "bia", CUSTOMER_PROFILE, 1, _RATING),
        event("e5", "bia", CUSTOMER_ERASED, 2, _RATING),
        event("e6", "bia", CUSTOMER_ERASED, 2, _ACTIVITY),
    ]
    return Facts(
        customer=CustomerFacts(
            customers={"ana": (2, False), "bia": (2, True)},
            marked={"k1": ["ana"], "k2": ["ana"]},
            events={one.id: one for one in events},
            remembered={key_hash(f"k{number}"): f"e{number}" for number in range(1, 6)},
        ),
        rating={
            "ana": RatingFacts(2, "e2", erased=False, history=((2, "e2"), (1, "e1"))),
            "bia": RatingFacts(2, "e5", erased=True, history=()),
        },
        activity=ActivityFacts(events={"e3": "ana"}, marked={"k3": 1}, erased={"bia": "e6"}),
        queued=0,
        dead_lettered=0,
        applied={"ana": [1, 2], "bia": [1]},
        published={(_RATING, "ana"): ["e1", "e2"], (_RATING, "bia"): ["e4", "e5"]},
    )


def test_a_run_that_went_right_is_clean() -> None:
    """Nothing is missing and nothing is wrong."""
    verdict = judge(ledger(), facts(), key_hash)
    assert (verdict.missing, verdict.wrong) == ([], [])
    assert (verdict.unknown_applied, verdict.unknown_absent) == (0, 1)


def _commit_lost(found: Facts) -> Facts:
    del found.customer.remembered[key_hash("k3")]
    return found


def _refused_applied(found: Facts) -> Facts:
    found.customer.remembered[key_hash("k6")] = "e9"
    found.customer.events["e9"] = event("e9", "ana", CUSTOMER_PROFILE, 3, _RATING)
    return found


def _unknown_half_done(found: Facts) -> Facts:
    found.customer.marked["k7"] = ["ana"]
    return found


def _row_doubled(found: Facts) -> Facts:
    found.customer.marked["k2"].append("ana")
    return found


def _purchase_doubled(found: Facts) -> Facts:
    found.activity.marked["k3"] = 2
    return found


def _event_from_nowhere(found: Facts) -> Facts:
    found.customer.events["e9"] = event("e9", "ana", CUSTOMER_ACTIVITY, 2, _ACTIVITY)
    return found


def _activity_from_nowhere(found: Facts) -> Facts:
    found.activity.events["e9"] = "ana"
    return found


def _rated_twice(found: Facts) -> Facts:
    found.rating["ana"] = replace(found.rating["ana"], history=((2, "e2"), (2, "e2"), (1, "e1")))
    return found


def _gone_back(found: Facts) -> Facts:
    return replace(found, applied={"ana": [2, 1]})


def _overtaken(found: Facts) -> Facts:
    return replace(found, published={(_RATING, "ana"): ["e2", "e1"]})


def _version_skipped(found: Facts) -> Facts:
    found.customer.customers["ana"] = (3, False)
    return found


def _not_forgotten(found: Facts) -> Facts:
    found.activity.events["e4"] = "bia"
    return found


def _not_wiped(found: Facts) -> Facts:
    found.customer.events["e4"] = replace(found.customer.events["e4"], wiped=False)
    return found


@pytest.mark.parametrize(
    "spoil",
    [
        _commit_lost,
        _refused_applied,
        _unknown_half_done,
        _row_doubled,
        _purchase_doubled,
        _event_from_nowhere,
        _activity_from_nowhere,
        _rated_twice,
        _gone_back,
        _overtaken,
        _version_skipped,
        _not_forgotten,
        _not_wiped,
    ],
)
def test_what_can_never_be_right_is_seen(spoil: Callable[[Facts], Facts]) -> None:
    """Lost commits, half-done or doubled changes, effects from nowhere, disorder, remains of the erased."""
    assert judge(ledger(), spoil(facts()), key_hash).wrong


def _unpublished(found: Facts) -> Facts:
    found.customer.events["e2"] = replace(found.customer.events["e2"], published=False)
    return found


def _unrated(found: Facts) -> Facts:
    found.rating["ana"] = replace(found.rating["ana"], version=2, history=((2, "e2"),))
    return found


def _unrecorded(found: Facts) -> Facts:
    found.activity.events.clear()
    return found


def _unerased(found: Facts) -> Facts:
    del found.rating["bia"]
    return found


@pytest.mark.parametrize("spoil", [_unpublished, _unrated, _unrecorded, _unerased])
def test_what_has_not_arrived_is_seen(spoil: Callable[[Facts], Facts]) -> None:
    """An event that waits, a version without a rating, an event without its record, an erasure under way."""
    assert judge(ledger(), spoil(facts()), key_hash).missing


def test_a_second_receipt_is_seen() -> None:
    """One idempotency key has one receipt for ever."""
    found = ledger()
    found.learn(found.entries["k2"], Outcome.ACCEPTED, {"eventId": "e9", "customerId": "ana"})
    assert judge(found, facts(), key_hash).wrong


@pytest.mark.parametrize(
    ("outcomes", "known"),
    [
        ([Outcome.REFUSED], Outcome.REFUSED),
        ([Outcome.UNKNOWN, Outcome.REFUSED], Outcome.UNKNOWN),
        ([Outcome.REFUSED, Outcome.UNKNOWN], Outcome.UNKNOWN),
        ([Outcome.UNKNOWN, Outcome.ACCEPTED], Outcome.ACCEPTED),
        ([Outcome.ACCEPTED, Outcome.REFUSED], Outcome.ACCEPTED),
    ],
)
def test_what_a_client_knows_after_several_answers(outcomes: list[Outcome], known: Outcome) -> None:
    """Accepted stays accepted; a refused repetition does not make an unknown outcome known."""
    entry = Entry("addDebt", "k", {})
    for outcome in outcomes:
        entry.learn(outcome, {"eventId": "e"} if outcome is Outcome.ACCEPTED else None)
    assert entry.outcome is known


def test_an_error_that_does_not_say_unknown_means_not_done() -> None:
    """Only a lost answer, or one that says so, is of unknown outcome."""
    refused = {"errors": [{"extensions": {"code": "SERVICE_UNAVAILABLE"}}]}
    unknown = {"errors": [{"extensions": {"code": "SUBREQUEST_HTTP_ERROR", "outcome": "UNKNOWN"}}]}
    assert outcome_of(200, refused, "addDebt")[0] is Outcome.REFUSED
    assert outcome_of(200, unknown, "addDebt")[0] is Outcome.UNKNOWN
    assert outcome_of(504, {}, "addDebt")[0] is Outcome.UNKNOWN
