"""What every `ActivityStore` must do when it is written to; reads are in test_activity_store_reads."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid

from subgraphs.activity.domain import ActivityKind, Outcome
from subgraphs.activity.store import ActivityStore
from subgraphs.activity.store.port import EraseResult, Filter, PageRequest
from tests.kit.activity import (
    ANA,
    BIA,
    EVERYTHING,
    at,
    bureau_query,
    card_purchase,
    erasure,
    found,
    moved,
    movement,
    put,
)

# --- recording --------------------------------------------------------------------------------------------


async def test_an_event_comes_back_as_it_was_recorded(store: ActivityStore) -> None:
    """Every field of every kind survives, to the microsecond and to the centavo."""
    events = [
        card_purchase(ANA, category="Alimentação", amount=9_999_999_999_999),
        bureau_query(ANA, reason="Crédito imobiliário"),
        bureau_query(ANA),
        movement(ANA, amount=0),
    ]
    exact = at("2026-03-10T14:30") + dt.timedelta(microseconds=123_457)
    events = [moved(event, exact) for event in events]
    await put(store, *events)
    page = await store.feed(PageRequest(EVERYTHING, 100))
    assert {event.id: event for event in page.events} == {event.id: event for event in events}


async def test_an_event_is_stored_once_by_its_id(store: ActivityStore) -> None:
    """The second delivery is a DUPLICATE and changes nothing."""
    event = card_purchase(ANA)
    assert await store.record([event]) == [Outcome.APPLIED]
    assert await store.record([event]) == [Outcome.DUPLICATE]
    assert await store.count(EVERYTHING) == 1


async def test_a_known_id_with_other_content_is_a_duplicate(store: ActivityStore) -> None:
    """An event never changes: what came first stays."""
    event = card_purchase(ANA, merchant="Padaria Real")
    await put(store, event)
    other = card_purchase(ANA, id=event.id, merchant="Outra Padaria")
    assert await store.record([other]) == [Outcome.DUPLICATE]
    assert (await store.latest(ActivityKind.CARD_PURCHASE, [ANA]))[ANA].merchant == "Padaria Real"


async def test_outcomes_come_in_the_order_of_the_events(store: ActivityStore) -> None:
    """A batch of new, known and repeated events tells for each what became of it."""
    known, new = card_purchase(ANA), card_purchase(ANA)
    await put(store, known)
    assert await store.record([new, known, new]) == [Outcome.APPLIED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert await store.record([]) == []


async def test_concurrent_copies_of_an_event_have_one_effect(store: ActivityStore) -> None:
    """Sixteen deliveries at once: one is APPLIED, the others are DUPLICATE."""
    event = card_purchase(ANA)
    answers = await asyncio.gather(*(store.record([event]) for _ in range(16)))
    outcomes = [outcome for answer in answers for outcome in answer]
    assert outcomes.count(Outcome.APPLIED) == 1
    assert outcomes.count(Outcome.DUPLICATE) == 15
    assert await store.count(EVERYTHING) == 1


# --- erasure ----------------------------------------------------------------------------------------------


async def test_erasure_deletes_the_events_of_the_customer_alone(store: ActivityStore) -> None:
    """Nothing of hers is found any more, by any way; the neighbour keeps everything."""
    hers = [card_purchase(ANA), bureau_query(ANA), movement(ANA)]
    his = card_purchase(BIA)
    await put(store, *hers, his)
    erase = erasure(ANA, version=9)
    assert await store.erase(erase) == EraseResult(Outcome.APPLIED, 9)
    assert await found(store, EVERYTHING) == [his.id]
    assert await found(store, Filter(search="padaria")) == [his.id]
    assert await store.latest(ActivityKind.BUREAU_QUERY, [ANA]) == {}
    assert (await store.counts([ANA, BIA], EVERYTHING)).get(ANA, 0) == 0


async def test_an_erased_customer_takes_no_more_events(store: ActivityStore) -> None:
    """Later deliveries are STALE, those of deleted events included."""
    before = card_purchase(ANA)
    await put(store, before)
    await store.erase(erasure(ANA))
    assert await store.record([before, card_purchase(ANA)]) == [Outcome.STALE, Outcome.STALE]
    assert await store.count(EVERYTHING) == 0


async def test_an_unknown_customer_can_be_erased(store: ActivityStore) -> None:
    """The erasure may overtake the events: they are refused when they arrive."""
    assert (await store.erase(erasure(ANA))).outcome is Outcome.APPLIED
    assert await store.record([card_purchase(ANA)]) == [Outcome.STALE]


async def test_a_repeated_erasure_is_told_apart(store: ActivityStore) -> None:
    """The same one is a DUPLICATE, another one STALE; the version stays that of the first."""
    first = erasure(ANA, version=4)
    await store.erase(first)
    assert await store.erase(first) == EraseResult(Outcome.DUPLICATE, 4)
    assert await store.erase(erasure(ANA, version=5)) == EraseResult(Outcome.STALE, 4)


async def test_no_event_survives_an_erasure_that_runs_at_the_same_time(store: ActivityStore) -> None:
    """However the two interleave: after both have answered, nothing is left."""
    events = [card_purchase(ANA) for _ in range(20)]
    recording = [store.record([event]) for event in events]
    outcomes = await asyncio.gather(*recording[:10], store.erase(erasure(ANA)), *recording[10:])
    assert outcomes[10] == EraseResult(Outcome.APPLIED, 7)
    assert await store.count(EVERYTHING) == 0


async def test_missing_names_the_ids_that_are_not_there(store: ActivityStore) -> None:
    """In the order asked; ids of events and of erasures count as there."""
    event, erase = card_purchase(BIA), erasure(ANA)
    await put(store, event)
    await store.erase(erase)
    unknown = [uuid.uuid4() for _ in range(3)]
    asked = [unknown[0], event.id, unknown[1], erase.event_id, unknown[2]]
    assert list(await store.missing(asked)) == unknown
    assert list(await store.missing([])) == []


# --- expiry -----------------------------------------------------------------------------------------------


async def test_old_events_expire_and_the_others_stay(store: ActivityStore) -> None:
    """By the moment at which they occurred, the edge not included; the second run finds nothing."""
    old, edge, new = (card_purchase(ANA, when) for when in ("2021-12-31T23:59", "2022-01-01", "2026-01-01"))
    await put(store, old, edge, new)
    assert await store.expire(at("2022-01-01")) == 1
    assert await found(store, EVERYTHING) == [new.id, edge.id]
    assert await found(store, Filter(search="padaria")) == [new.id, edge.id]
    assert await store.expire(at("2022-01-01")) == 0


# --- life cycle -------------------------------------------------------------------------------------------


async def test_migrate_can_be_repeated_and_keeps_the_data(store: ActivityStore) -> None:
    """On a store that is up to date it changes nothing."""
    event = card_purchase(ANA)
    await put(store, event)
    assert await store.migrate()
    assert await found(store, EVERYTHING) == [event.id]


async def test_an_open_store_is_ready(store: ActivityStore) -> None:
    """Readiness says that requests can be served."""
    assert await store.ready()
