"""The rating subgraph over HTTP: contract, scopes, batches, pages, bad input."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest

from subgraphs.edge import sdl
from subgraphs.rating.domain.scorecard import CURRENT
from subgraphs.rating.schema import build_schema
from subgraphs.rating.store import RatingStore
from tests.kit.contract import assert_honours
from tests.kit.rating import ANA, BIA, CAIO, event_input
from tests.unit.subgraphs.rating.world import World

CONTRACT = Path(__file__).resolve().parents[3] / "contract" / "rating.graphql"
RATING = """
id
rating {
  score band base defaultProbability modelVersion sourceVersion computedAt
  factors { name points }
}
"""
FEATURES = """
query Features($first: Int, $after: String, $since: DateTime) {
  featureSet(first: $first, after: $after, updatedSince: $since) {
    edges { cursor node { customerId openDebt sourceVersion updatedAt } }
    nodes { customerId }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def customers(world: World, after: str | None = None, first: int = 500) -> list[str]:
    answer = await world.ask(FEATURES, {"first": first, "after": after})
    return [node["customerId"] for node in answer.data["featureSet"]["nodes"]]


def test_the_sdl_honours_the_contract() -> None:
    """Every name, argument, default, nullability and directive of the contract is in the exported SDL."""
    assert_honours(CONTRACT.read_text(), sdl.export(build_schema()))


async def test_a_profile_becomes_a_rating_that_explains_itself(world: World) -> None:
    """The points of the factors add up to score minus base, largest effect first."""
    applied = await world.apply(event_input(version=3))
    assert applied.data["applyProfile"] == {"outcome": "APPLIED", "appliedVersion": 3}
    (customer,) = (await world.entities(RATING, str(ANA))).data["_entities"]
    rating = customer["rating"]
    points = [factor["points"] for factor in rating["factors"]]
    assert sum(points) == rating["score"] - rating["base"]
    assert [abs(each) for each in points] == sorted((abs(each) for each in points), reverse=True)
    assert (rating["sourceVersion"], rating["modelVersion"]) == (3, CURRENT)
    assert rating["computedAt"] == "2026-11-24T15:00:00Z"
    assert 0 < rating["defaultProbability"] < 1


async def test_features_of_a_profile(world: World) -> None:
    """Amounts come out to the centavo, spans as of the day of the event."""
    debts = [
        {"amount": "1000.10", "contractedOn": "2026-01-10", "dueOn": "2027-01-10"},
        {"amount": "200.05", "contractedOn": "2026-01-10", "dueOn": "2026-11-23"},
        {"amount": "900.00", "contractedOn": "2025-01-10", "dueOn": "2026-01-10", "settledOn": "2026-01-09"},
    ]
    await world.apply(event_input(debts=debts))
    selection = (
        "features { age state openDebt overdueDebt overdueCount settledCount totalAssets monthlyIncome "
        "incomeSources debtToIncome sourceVersion band score }"
    )
    (customer,) = (await world.entities(selection, str(ANA))).data["_entities"]
    features = customer["features"]
    assert features.pop("debtToIncome") == pytest.approx(1200.15 / 30000)
    assert isinstance(features.pop("score"), int)
    assert features.pop("band") in "ABCDE"
    assert features == {
        "age": 36,
        "state": "SP",
        "openDebt": "1200.15",
        "overdueDebt": "200.05",
        "overdueCount": 1,
        "settledCount": 1,
        "totalAssets": "80000.00",
        "monthlyIncome": "2500.00",
        "incomeSources": 1,
        "sourceVersion": 1,
    }


async def test_a_batch_of_customers_is_one_read(world: World) -> None:
    """A hundred references, with duplicates and strangers, are answered in order by one query a field."""
    await world.apply(event_input(str(ANA)))
    await world.apply(event_input(str(BIA), version=2))
    asked = [str(BIA), str(ANA), str(CAIO), str(ANA), *(str(uuid.uuid4()) for _ in range(96))]
    with (
        patch.object(RatingStore, "ratings", autospec=True, side_effect=RatingStore.ratings) as ratings,
        patch.object(RatingStore, "rows", autospec=True, side_effect=RatingStore.rows) as rows,
    ):
        answer = await world.entities("id rating { sourceVersion } features { age }", *asked)
    found = answer.data["_entities"]
    assert [customer["id"] for customer in found] == asked
    assert [customer["rating"] and customer["rating"]["sourceVersion"] for customer in found[:4]] == [
        2,
        1,
        None,
        1,
    ]
    assert (ratings.call_count, rows.call_count) == (1, 1)


async def test_history_is_newest_first_and_bounded(world: World) -> None:
    """ratingHistory begins with the present rating; `first` is refused beyond what is kept."""
    for version in (1, 2, 3):
        await world.apply(event_input(version=version))
    answer = await world.entities("ratingHistory(first: 2) { sourceVersion }", str(ANA))
    assert [each["sourceVersion"] for each in answer.data["_entities"][0]["ratingHistory"]] == [3, 2]
    for bad in (-1, 37):
        refused = await world.entities(f"ratingHistory(first: {bad}) {{ score }}", str(ANA))
        assert refused.codes == ["BAD_USER_INPUT"]


async def test_debt_to_income_uses_the_live_figures(world: World) -> None:
    """It is computed from the representation alone, and is null without income."""
    live = {"__typename": "Customer", "id": str(CAIO), "totalDebt": "600.00", "monthlyIncome": "100.00"}
    poor = {**live, "monthlyIncome": "0.00"}
    answer = await world.entities("debtToIncome", live, poor)
    assert [each["debtToIncome"] for each in answer.data["_entities"]] == [0.5, None]


async def test_debt_to_income_without_the_figures_is_the_callers_fault(world: World) -> None:
    """A direct caller who leaves out what @requires names is told so."""
    assert (await world.entities("debtToIncome", str(ANA))).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "key",
    [{"$ne": 1}, {"$gt": ""}, ["a"], None, True, 7, "", "' || 1", "018F2C6E", {"$where": "1"}],
    ids=repr,
)
async def test_an_operator_is_not_an_id(world: World, key: object) -> None:
    """A representation whose id is no UUID is refused alone, and reads nothing."""
    await world.apply(event_input(str(ANA)))
    with patch.object(RatingStore, "ratings", autospec=True, side_effect=RatingStore.ratings) as read:
        answer = await world.entities("rating { score }", key, str(ANA))
    assert answer.codes == ["BAD_USER_INPUT"]
    first, second = answer.body["data"]["_entities"]
    assert first is None
    assert second["rating"]["score"] > 0
    assert [list(call.args[1]) for call in read.call_args_list] == [[ANA]]


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (
            "mutation($event: ProfileEvent!) { applyProfile(event: $event) { outcome } }",
            {"event": event_input()},
        ),
        (
            "mutation($event: ErasureEvent!) { eraseRating(event: $event) { outcome } }",
            {
                "event": {
                    "eventId": str(ANA),
                    "customerId": str(ANA),
                    "version": 1,
                    "occurredAt": "2026-01-01T00:00:00Z",
                }
            },
        ),
        ("query($ids: [ID!]!) { appliedVersions(customerIds: $ids) { version } }", {"ids": [str(ANA)]}),
        ("query { featureSet { nodes { age } } }", {}),
        ("query { ratingDistribution { count } }", {}),
    ],
    ids=["applyProfile", "eraseRating", "appliedVersions", "featureSet", "ratingDistribution"],
)
async def test_direct_callers_need_the_scopes(world: World, document: str, variables: dict[str, Any]) -> None:
    """Without a token, or with other scopes, a guarded field is refused before its resolver runs."""
    refused = await world.ask(document, variables, scopes=None)
    assert refused.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"]
    if "ratingDistribution" not in document:
        refused = await world.ask(document, variables, scopes="graph:write customer:pii")
        assert refused.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"]
    assert await world.store.count() == 0


async def test_features_need_the_ml_scope(world: World) -> None:
    """Customer.features is null with an error for others; the rating beside it is answered."""
    await world.apply(event_input())
    answer = await world.entities("rating { score } features { age }", str(ANA), scopes="graph:write")
    (customer,) = answer.body["data"]["_entities"]
    assert answer.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"]
    assert customer["features"] is None
    assert customer["rating"] is not None


async def test_pages_go_through_all_rows_once_and_go_on(world: World) -> None:
    """Oldest change first; the last cursor leads to nothing until something changes, then to that."""
    order = []
    for number in range(5):
        world.clock.advance(1)
        customer = str(uuid.uuid4())
        order.append(customer)
        await world.apply(event_input(customer, version=number + 1))
    world.clock.advance(60)
    seen: list[str] = []
    after = None
    while True:
        page = (await world.ask(FEATURES, {"first": 2, "after": after})).data["featureSet"]
        seen += [node["customerId"] for node in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == order
    assert await customers(world, after) == []
    world.clock.advance(1)
    await world.apply(event_input(order[1], version=9))
    assert await customers(world, after) == [order[1]]
    assert await customers(world) == [order[0], *order[2:], order[1]]


async def test_rows_since_a_moment(world: World) -> None:
    """updatedSince is inclusive, to the millisecond, and combines with a cursor."""
    await world.apply(event_input(str(ANA)))
    world.clock.advance(10)
    await world.apply(event_input(str(BIA)))
    for since, expected in (("2026-11-24T15:00:10Z", [str(BIA)]), ("2026-11-24T12:00:10.001-03:00", [])):
        answer = await world.ask(FEATURES, {"since": since})
        assert [node["customerId"] for node in answer.data["featureSet"]["nodes"]] == expected


@pytest.mark.parametrize(
    "variables",
    [
        {"first": 501},
        {"first": -1},
        {"after": "garbage"},
        {"after": "WyJhY3Rpdml0eSIsMV0"},
        {"after": "WyJmZWF0dXJlcyIsMV0"},
        {"after": "WyJmZWF0dXJlcyIseyIkbmUiOjF9XQ"},
        {"after": "x" * 5000},
        {"since": "yesterday"},
        {"since": "2026-11-24"},
        {"after": {"$gt": ""}},
    ],
    ids=repr,
)
async def test_bad_pages_are_refused(world: World, variables: dict[str, Any]) -> None:
    """Sizes beyond 500, foreign or made-up cursors, and times without offset are BAD_USER_INPUT."""
    assert (await world.ask(FEATURES, variables)).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "change",
    [
        {"customerId": "nobody"},
        {"eventId": "1"},
        {"version": -1},
        {"version": 2**40},
        {"occurredAt": "2026-13-01T00:00:00Z"},
        {"profile": {"debts": [], "assets": [], "incomes": []}},
        {"unknown": 1},
    ],
    ids=repr,
)
async def test_a_bad_envelope_is_refused(world: World, change: dict[str, Any]) -> None:
    """The stable code, and nothing written."""
    answer = await world.apply({**event_input(), **change})
    assert set(answer.codes) == {"BAD_USER_INPUT"}
    assert await world.store.record(ANA) is None


@pytest.mark.parametrize(
    "change",
    [
        {"debts": [{"amount": "-1", "contractedOn": "2026-01-01", "dueOn": "2026-01-02"}]},
        {"debts": [{"amount": "1.005", "contractedOn": "2026-01-01", "dueOn": "2026-01-02"}]},
        {"debts": [{"amount": "1", "contractedOn": "2026-01-02", "dueOn": "2026-01-01"}]},
        {"debts": [{"amount": 1.5, "contractedOn": "2026-01-01", "dueOn": "2026-01-02"}]},
        {"debts": [{"amount": {"$ne": 1}, "contractedOn": "2026-01-01", "dueOn": "2026-01-02"}]},
        {"assets": [{"kind": "", "value": "1"}]},
        {"assets": [{"kind": "A\x00B", "value": "1"}]},
        {"assets": [{"kind": "OTHER", "value": "10000000000000"}]},
        {"assets": [{"kind": {"$ne": 1}, "value": "1"}]},
        {"incomes": [{"kind": "SALARY", "monthlyAmount": "NaN", "startedOn": "2026-01-01"}]},
        {"incomes": [{"kind": "x" * 201, "monthlyAmount": "1", "startedOn": "2026-01-01"}]},
        {"birthDate": "2026-02-30"},
        {"state": "x" * 1_000_000},
        {"city": {"$gt": ""}},
    ],
    ids=lambda change: repr(change)[:60],
)
async def test_a_bad_profile_is_refused(world: World, change: dict[str, Any]) -> None:
    """The stable code, so that the router puts the event aside at once, and nothing written."""
    answer = await world.apply(event_input(**change))
    assert set(answer.codes) in ({"BAD_USER_INPUT"}, {"MAX_VARIABLES_LIMIT"})
    assert await world.store.record(ANA) is None


async def test_distribution_counts_bands(world: World) -> None:
    """Bands with customers, best first, exact counts and averages; erased customers do not count."""
    good, bad = event_input(str(ANA)), event_input(str(BIA), incomes=[], assets=[])
    bad["profile"]["debts"] = [{"amount": "9000", "contractedOn": "2020-01-01", "dueOn": "2026-01-01"}] * 2
    await world.apply(good)
    await world.apply(bad)
    await world.apply({**bad, "customerId": str(CAIO), "eventId": str(uuid.uuid4())})
    buckets = (await world.ask("{ ratingDistribution { band count averageScore } }")).data[
        "ratingDistribution"
    ]
    assert [bucket["band"] for bucket in buckets] == sorted(bucket["band"] for bucket in buckets)
    assert [bucket["count"] for bucket in buckets] == [1, 2]
    (worst,) = (await world.entities("rating { score }", str(BIA))).data["_entities"]
    assert buckets[1]["averageScore"] == worst["rating"]["score"]
    erase = "mutation($event: ErasureEvent!) { eraseRating(event: $event) { outcome appliedVersion } }"
    event = {
        "eventId": str(uuid.uuid4()),
        "customerId": str(CAIO),
        "version": 2,
        "occurredAt": "2026-11-24T15:00:00Z",
    }
    assert (await world.ask(erase, {"event": event})).data["eraseRating"] == {
        "outcome": "APPLIED",
        "appliedVersion": 2,
    }
    buckets = (await world.ask("{ ratingDistribution { count } }")).data["ratingDistribution"]
    assert [bucket["count"] for bucket in buckets] == [1, 1]


async def test_an_erased_customer_is_gone(world: World) -> None:
    """No rating, no history, no features, no row; only appliedVersions knows that there was an erasure."""
    await world.apply(event_input(str(ANA)))
    erase = "mutation($event: ErasureEvent!) { eraseRating(event: $event) { outcome } }"
    event = {
        "eventId": str(uuid.uuid4()),
        "customerId": str(ANA),
        "version": 5,
        "occurredAt": "2026-11-24T15:00:00Z",
    }
    await world.ask(erase, {"event": event})
    assert (await world.apply(event_input(str(ANA), version=7))).data["applyProfile"]["outcome"] == "STALE"
    (customer,) = (
        await world.entities("rating { score } ratingHistory { score } features { age }", str(ANA))
    ).data["_entities"]
    assert customer == {"rating": None, "ratingHistory": [], "features": None}
    assert await customers(world) == []
    query = "query($ids: [ID!]!) { appliedVersions(customerIds: $ids) { customerId version erased } }"
    answer = await world.ask(query, {"ids": [str(BIA), str(ANA)]})
    assert answer.data["appliedVersions"] == [{"customerId": str(ANA), "version": 5, "erased": True}]


async def test_applied_versions_takes_a_thousand_ids(world: World) -> None:
    """1,000 ids are answered by one read; more, or ids that are none, are refused."""
    await world.apply(event_input(str(ANA), version=4))
    query = "query($ids: [ID!]!) { appliedVersions(customerIds: $ids) { version erased } }"
    many = [str(ANA), *(str(uuid.uuid4()) for _ in range(999))]
    answer = await world.ask(query, {"ids": many})
    assert answer.data["appliedVersions"] == [{"version": 4, "erased": False}]
    assert (await world.ask(query, {"ids": ["x"]})).codes == ["BAD_USER_INPUT"]
    assert (await world.ask(query, {"ids": [*many, str(BIA)]})).codes in (
        ["BAD_USER_INPUT"],
        ["MAX_VARIABLES_LIMIT"],
    )


async def test_readiness_names_what_is_missing(world: World) -> None:
    """Ready with database and indexes; not ready, and saying why, without the indexes."""
    assert (await world.get("/health/ready")).body["checks"] == {
        "accepting": True,
        "keys": True,
        "mongodb": True,
        "indexes": True,
    }
    with patch.object(RatingStore, "missing_indexes", AsyncMock(return_value=["change"])):
        answer = await world.get("/health/ready")
    assert answer.status == 503
    assert answer.body["checks"]["indexes"] is False
