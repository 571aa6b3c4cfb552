"""What every `ActivityStore` must answer; writes are in test_activity_store."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Sequence

import pytest

from subgraphs.activity.domain import ActivityKind, Bucket, Event, HistogramInterval, MonthTotal
from subgraphs.activity.store import ActivityStore
from subgraphs.activity.store.port import Filter, HistogramRequest, Page, PageRequest, Position
from tests.kit.activity import (
    ANA,
    BIA,
    CAIO,
    EVERYTHING,
    at,
    bureau_query,
    card_purchase,
    found,
    moved,
    movement,
    position,
    put,
)

# --- newest event of a kind -------------------------------------------------------------------------------


async def test_latest_is_the_newest_of_the_kind_for_each_customer(store: ActivityStore) -> None:
    """Other kinds and customers do not interfere; who has none is absent."""
    await put(store, card_purchase(ANA, "2026-01-01"), bureau_query(ANA, "2026-05-01"), card_purchase(CAIO))
    newest, newest_of_bia = card_purchase(ANA, "2026-02-01"), card_purchase(BIA, "2025-12-31")
    await put(store, newest, newest_of_bia)
    answer = await store.latest(ActivityKind.CARD_PURCHASE, [ANA, BIA, uuid.uuid4(), ANA])
    assert answer == {ANA: newest, BIA: newest_of_bia}


async def test_latest_of_a_thousand_customers_is_one_answer(store: ActivityStore) -> None:
    """A whole `_entities` batch is served at once and completely."""
    customers = [uuid.uuid4() for _ in range(1_000)]
    old = [card_purchase(customer, "2026-01-01") for customer in customers]
    new = [card_purchase(customer, "2026-01-02") for customer in customers]
    await put(store, *old, *new)
    assert await store.latest(ActivityKind.CARD_PURCHASE, customers) == {
        event.customer_id: event for event in new
    }


async def test_equal_moments_are_ordered_by_id(store: ActivityStore) -> None:
    """The newest of two simultaneous events is the one with the greater id, everywhere."""
    low, high = (card_purchase(ANA, id=uuid.UUID(int=number)) for number in (10, 11))
    await put(store, high, low)
    assert (await store.latest(ActivityKind.CARD_PURCHASE, [ANA]))[ANA] == high
    assert await found(store, EVERYTHING) == [high.id, low.id]


# --- pages ------------------------------------------------------------------------------------------------


async def walked(store: ActivityStore, customer: uuid.UUID | None, events: Filter, limit: int) -> list[Event]:
    """All pages one after the other."""
    seen: list[Event] = []
    after: Position | None = None
    while True:
        request = PageRequest(events, limit, after)
        page: Page = (
            await store.feed(request)
            if customer is None
            else (await store.pages([customer], request)).get(customer, Page((), has_next=False))
        )
        seen.extend(page.events)
        if not page.has_next:
            return seen
        assert len(page.events) == limit
        after = position(page.events[-1])


async def test_pages_hold_every_event_once_in_order(store: ActivityStore) -> None:
    """Whatever the size of a page, also with many events at one moment."""
    randomness = random.Random(4)
    days = [f"2026-03-{randomness.randint(1, 9):02}" for _ in range(40)]
    events = [card_purchase(randomness.choice([ANA, BIA]), day) for day in days]
    await put(store, *events)
    newest_first = sorted(events, key=lambda event: (event.occurred_at, event.id), reverse=True)
    for limit in (1, 7, 40, 100):
        assert await walked(store, None, EVERYTHING, limit) == newest_first
        hers = [event for event in newest_first if event.customer_id == ANA]
        assert await walked(store, ANA, EVERYTHING, limit) == hers


async def test_pages_stay_stable_while_events_are_added(store: ActivityStore) -> None:
    """A newer event that arrives between two pages shifts nothing."""
    first, second, third = (card_purchase(ANA, f"2026-03-0{day}") for day in (3, 2, 1))
    await put(store, first, second, third)
    page = (await store.pages([ANA], PageRequest(EVERYTHING, 2)))[ANA]
    await put(store, card_purchase(ANA, "2026-03-09"))
    rest = (await store.pages([ANA], PageRequest(EVERYTHING, 2, position(page.events[-1]))))[ANA]
    assert [*page.events, *rest.events] == [first, second, third]
    assert not rest.has_next


async def test_pages_of_many_customers_are_kept_apart(store: ActivityStore) -> None:
    """Each customer gets the own newest events and knows whether more follow."""
    of = {
        customer: [card_purchase(customer, f"2026-03-{day:02}") for day in range(5, 5 - count, -1)]
        for customer, count in ((ANA, 1), (BIA, 2), (CAIO, 3))
    }
    await put(store, *(event for events in of.values() for event in events))
    pages = await store.pages([CAIO, ANA, BIA, uuid.uuid4()], PageRequest(EVERYTHING, 2))
    assert {customer: list(page.events) for customer, page in pages.items() if page.events} == {
        ANA: of[ANA],
        BIA: of[BIA],
        CAIO: of[CAIO][:2],
    }
    assert [pages[customer].has_next for customer in (ANA, BIA, CAIO)] == [False, False, True]


async def test_a_page_of_no_events_tells_whether_there_are_any(store: ActivityStore) -> None:
    """`limit` 0 is a valid page."""
    await put(store, card_purchase(ANA))
    assert await store.feed(PageRequest(EVERYTHING, 0)) == Page([], has_next=True)
    assert (await store.pages([ANA], PageRequest(EVERYTHING, 0)))[ANA].has_next


async def test_counts_are_exact_and_per_customer(store: ActivityStore) -> None:
    """They follow the filter."""
    await put(store, *(card_purchase(ANA) for _ in range(3)), bureau_query(ANA), movement(BIA))
    assert await store.counts([ANA, BIA], EVERYTHING) == {ANA: 4, BIA: 1}
    purchases = await store.counts([ANA, BIA], Filter(kinds=(ActivityKind.CARD_PURCHASE,)))
    assert {customer: count for customer, count in purchases.items() if count} == {ANA: 3}


# --- filters ----------------------------------------------------------------------------------------------


async def test_kinds_restrict_and_none_of_them_matches_nothing(store: ActivityStore) -> None:
    """An empty list of kinds is not the same as no list."""
    purchase, query, transfer = (
        card_purchase(ANA, "2026-03-03"),
        bureau_query(ANA, "2026-03-02"),
        movement(ANA),
    )
    await put(store, purchase, query, transfer)
    wanted = Filter(kinds=(ActivityKind.BUREAU_QUERY, ActivityKind.CARD_PURCHASE))
    assert await found(store, wanted) == [purchase.id, query.id]
    assert await found(store, Filter(kinds=())) == []


async def test_since_is_inclusive_and_until_exclusive(store: ActivityStore) -> None:
    """To the microsecond."""
    tick = dt.timedelta(microseconds=1)
    start, end = at("2026-03-01"), at("2026-04-01")
    moments = [start - tick, start, end - tick, end]
    events = [moved(card_purchase(ANA), moment) for moment in moments]
    await put(store, *events)
    assert await found(store, Filter(since=start, until=end)) == [events[2].id, events[1].id]


async def test_amounts_are_inclusive_and_leave_out_events_without_one(store: ActivityStore) -> None:
    """A bureau query has no amount and so is not between two."""
    amounts = [card_purchase(ANA, f"2026-03-0{10 - cents}", amount=cents) for cents in (1, 2, 3, 4)]
    await put(store, *amounts, bureau_query(ANA))
    ids = [event.id for event in amounts]
    assert await found(store, Filter(min_amount=2, max_amount=3)) == ids[1:3]
    assert await found(store, Filter(min_amount=2)) == ids[1:]
    assert await found(store, Filter(max_amount=2)) == ids[:2]
    assert await found(store, Filter(min_amount=-1)) == ids


async def test_filters_hold_together(store: ActivityStore) -> None:
    """Each one restricts further."""
    wanted = card_purchase(ANA, "2026-03-05", amount=500, merchant="Farmácia Popular")
    await put(
        store,
        wanted,
        card_purchase(ANA, "2026-03-05", amount=501, merchant="Farmácia Popular"),
        card_purchase(ANA, "2026-03-06", amount=500, merchant="Farmácia Popular"),
        card_purchase(ANA, "2026-03-05", amount=500, merchant="Padaria Popular"),
        movement(ANA, "2026-03-05", amount=500, description="Farmácia Popular"),
    )
    events = Filter(
        kinds=(ActivityKind.CARD_PURCHASE,), until=at("2026-03-06"), search="farmacia", max_amount=500
    )
    assert await found(store, events) == [wanted.id]


# --- full text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "search",
    [
        "acucar",
        "AÇÚCAR",
        "pao acucar",
        "açúcar pão",
        "Pão de Açúcar",
        "pao do acucar",
        "supermercado",
        "supermercados",
        "promocao",
        "promocoes",
        "promoção",
    ],
)
async def test_search_ignores_case_accents_order_plurals_and_stop_words(
    store: ActivityStore, search: str
) -> None:
    """What somebody types finds what a merchant wrote."""
    wanted = card_purchase(ANA, merchant="PÃO DE AÇÚCAR Supermercado", category="Promoções")
    await put(store, wanted, card_purchase(ANA))
    assert await found(store, Filter(search=search)) == [wanted.id]


async def test_search_looks_through_all_five_texts(store: ActivityStore) -> None:
    """Merchant, category, bureau, reason and description."""
    events = [
        card_purchase(ANA, "2026-03-09", merchant="Farmácia"),
        card_purchase(ANA, "2026-03-08", category="Farmácia"),
        bureau_query(ANA, "2026-03-07", bureau="Farmácia"),
        bureau_query(ANA, "2026-03-06", reason="Farmácia"),
        movement(ANA, "2026-03-05", description="Farmácia"),
    ]
    await put(store, *events)
    assert await found(store, Filter(search="farmácia")) == [event.id for event in events]


async def test_search_takes_words_of_different_texts_of_one_event(store: ActivityStore) -> None:
    """One word stands in the merchant, the other in the category."""
    event = card_purchase(ANA, merchant="Drogaria São Paulo", category="Saúde")
    await put(store, event, card_purchase(ANA, merchant="Drogaria Rio", category="Beleza"))
    assert await found(store, Filter(search="saude paulo")) == [event.id]
    assert await found(store, Filter(search="saude rio")) == []


@pytest.mark.parametrize(
    "search",
    [
        "padaria OR farmacia",
        "padaria -farmacia",
        "pad*",
        "padari?",
        "merchant:padaria",
        "padaria NOT farmacia",
        "real~2",
        "/pad.*/",
        "NEAR(padaria real)",
        "') OR 1=1 --",
        '{"$ne": 1}',
        "a" * 200,
    ],
)
async def test_search_has_no_operators(store: ActivityStore, search: str) -> None:
    """Operators of any engine are words like others, or nothing at all."""
    await put(store, card_purchase(ANA, merchant="Padaria Real"))
    assert await found(store, Filter(search=search)) == []


@pytest.mark.parametrize("search", ["de", "!!!", "***", '"', "\\", "e o"])
async def test_a_search_without_a_word_finds_nothing(store: ActivityStore, search: str) -> None:
    """Punctuation and stop words alone match nothing, and break nothing."""
    await put(store, card_purchase(ANA, merchant="Padaria de Minas"))
    assert await found(store, Filter(search=search)) == []


# --- sums -------------------------------------------------------------------------------------------------


async def test_spending_sums_card_purchases_by_month_newest_first(store: ActivityStore) -> None:
    """Other kinds do not count; months without a purchase are left out; only the newest are answered."""
    await put(
        store,
        card_purchase(ANA, "2026-03-01", amount=10),
        card_purchase(ANA, "2026-03-31T23:59", amount=15),
        card_purchase(ANA, "2026-01-15", amount=7),
        card_purchase(ANA, "2025-12-31T23:59", amount=1),
        movement(ANA, "2026-03-02"),
        bureau_query(ANA, "2026-03-02"),
        card_purchase(BIA, "2026-02-28", amount=99),
    )
    answer = await store.monthly_spending([BIA, ANA, CAIO], 2)
    assert {customer: list(totals) for customer, totals in answer.items() if totals} == {
        ANA: [MonthTotal("2026-03-01", 25, 2), MonthTotal("2026-01-01", 7, 1)],
        BIA: [MonthTotal("2026-02-01", 99, 1)],
    }


async def test_sums_of_money_are_exact(store: ActivityStore) -> None:
    """Nothing is lost to floating point: neither tenths nor large sums."""
    amounts = [10, 20, 9_999_999_999_999, 9_999_999_999_999, 1]
    await put(store, *(card_purchase(ANA, amount=amount) for amount in amounts))
    (total,) = (await store.monthly_spending([ANA], 12))[ANA]
    assert total.total == sum(amounts)
    (bucket,) = await store.histogram(histogram(HistogramInterval.DAY))
    assert bucket.amount == sum(amounts)


def histogram(
    interval: HistogramInterval,
    since: str = "2025-01-01",
    until: str = "2027-01-01",
    kinds: Sequence[ActivityKind] | None = None,
) -> HistogramRequest:
    return HistogramRequest(interval, at(since), at(until), None if kinds is None else tuple(kinds))


@pytest.mark.parametrize(
    ("interval", "start"),
    [
        (HistogramInterval.HOUR, "2026-03-11T14:00"),
        (HistogramInterval.DAY, "2026-03-11"),
        (HistogramInterval.WEEK, "2026-03-09"),
        (HistogramInterval.MONTH, "2026-03-01"),
    ],
)
async def test_a_bucket_begins_where_its_calendar_unit_begins(
    store: ActivityStore, interval: HistogramInterval, start: str
) -> None:
    """In UTC; weeks begin on Monday. 11 March 2026 is a Wednesday."""
    await put(store, card_purchase(ANA, "2026-03-11T14:59", amount=5))
    assert await store.histogram(histogram(interval)) == [Bucket(at(start), ActivityKind.CARD_PURCHASE, 1, 5)]


async def test_a_week_holds_its_monday_and_its_sunday(store: ActivityStore) -> None:
    """Both ends belong to the same bucket, the next Monday does not."""
    await put(
        store,
        *(card_purchase(ANA, day, amount=1) for day in ("2026-03-09", "2026-03-15T23:59", "2026-03-16")),
    )
    buckets = await store.histogram(histogram(HistogramInterval.WEEK))
    counts = [(bucket.start, bucket.count) for bucket in buckets]
    assert counts == [(at("2026-03-09"), 2), (at("2026-03-16"), 1)]


async def test_the_histogram_is_ordered_and_has_no_empty_buckets(store: ActivityStore) -> None:
    """By start, then by kind as declared; kinds without money sum to 0; the window's edges hold."""
    await put(
        store,
        movement(ANA, "2026-03-01", amount=3),
        bureau_query(BIA, "2026-03-01"),
        card_purchase(ANA, "2026-03-01", amount=4),
        card_purchase(BIA, "2026-03-01T12:00", amount=5),
        card_purchase(ANA, "2026-03-03", amount=6),
        card_purchase(ANA, "2026-02-28T23:59", amount=7),
        card_purchase(ANA, "2026-03-04", amount=8),
    )
    request = histogram(HistogramInterval.DAY, "2026-03-01", "2026-03-04")
    assert await store.histogram(request) == [
        Bucket(at("2026-03-01"), ActivityKind.CARD_PURCHASE, 2, 9),
        Bucket(at("2026-03-01"), ActivityKind.BUREAU_QUERY, 1, 0),
        Bucket(at("2026-03-01"), ActivityKind.MOVEMENT, 1, 3),
        Bucket(at("2026-03-03"), ActivityKind.CARD_PURCHASE, 1, 6),
    ]
    queries = histogram(HistogramInterval.DAY, "2026-03-01", "2026-03-04", [ActivityKind.BUREAU_QUERY])
    assert [bucket.kind for bucket in await store.histogram(queries)] == [ActivityKind.BUREAU_QUERY]


async def test_a_moment_before_1970_has_its_place(store: ActivityStore) -> None:
    """Old events sort, filter and group like others."""
    old, older = card_purchase(ANA, "1969-12-31T23:59", amount=2), card_purchase(ANA, "1960-05-05", amount=1)
    await put(store, older, old)
    assert await found(store, Filter(until=at("1970-01-01"))) == [old.id, older.id]
    assert list((await store.monthly_spending([ANA], 5))[ANA]) == [
        MonthTotal("1969-12-01", 2, 1),
        MonthTotal("1960-05-01", 1, 1),
    ]
    buckets = await store.histogram(histogram(HistogramInterval.DAY, "1960-01-01", "1970-01-01"))
    assert [bucket.start for bucket in buckets] == [at("1960-05-05"), at("1969-12-31")]
