"""What messages become and what answers mean, as a table."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from graphql import build_schema

from router.calls import compile_calls
from router.config import parse_table
from router.decide import (
    Answer,
    Applied,
    DeadLetter,
    Delete,
    Failed,
    Poison,
    Refused,
    Request,
    Retry,
    Unavailable,
    Verdict,
    decide,
    judge,
    plan,
)
from tests.unit.router.world import CONTRACTS, QUEUE, envelope, table_text

TABLE = parse_table(Path("router.yaml"), table_text("http://rating/graphql"), {})
CALLS = compile_calls(
    TABLE, {"rating": build_schema((CONTRACTS / "rating.graphql").read_text(), assume_valid_sdl=True)}
)[QUEUE]
CALL = CALLS["customer.profile.v1"]


def test_event_becomes_its_mutation() -> None:
    """Every argument is what its expression says of the envelope."""
    event = envelope("customer", 7)
    request = plan(CALLS, event.to_json().decode())
    assert isinstance(request, Request)
    given = request.variables["event"]
    assert isinstance(given, dict)
    assert (given["eventId"], given["customerId"], given["version"]) == (event.id, "customer", 7)
    assert given["profile"] == event.data


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "UNDECODABLE_BODY"),
        ("null", "UNDECODABLE_BODY"),
        ('{"specversion":"1.0","id":1}', "UNDECODABLE_BODY"),
        (envelope("c", 1, "customer.other.v1").to_json().decode(), "UNROUTABLE"),
    ],
)
def test_poison_is_told_apart(body: str, reason: str) -> None:
    """A body that is no envelope, and an event without a route."""
    poison = plan(CALLS, body)
    assert isinstance(poison, Poison)
    assert poison.reason == reason


def test_detail_of_poison_holds_no_values() -> None:
    """What is told of a bad body names attributes, never what they held."""
    poison = plan(CALLS, '{"specversion":"1.0","id":"x","source":"Maria da Silva"}')
    assert isinstance(poison, Poison)
    assert "Maria" not in poison.detail


def graphql(*codes: str | None) -> Answer:
    """An answer with errors of these codes."""
    errors = [{"message": "m", "extensions": {"code": code} if code else {}} for code in codes]
    return Answer(200, {"data": None, "errors": errors})


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(200, {"data": {"applyProfile": {"outcome": "APPLIED"}}}), Applied("APPLIED")),
        (Answer(200, {"data": {"applyProfile": {"outcome": "STALE"}}}), Applied("STALE")),
        (Answer(200, {"data": {"applyProfile": {"outcome": "DUPLICATE"}}}), Applied("DUPLICATE")),
        (Answer(200, {"data": {"applyProfile": True}}), Applied("APPLIED")),
        (Answer(200, {"data": {"applyProfile": None}}), Unavailable("MALFORMED_ANSWER")),
        (Answer(200, {"data": None}), Unavailable("MALFORMED_ANSWER")),
        (Answer(200, None), Unavailable("MALFORMED_ANSWER")),
        (Answer(200, [1]), Unavailable("MALFORMED_ANSWER")),
        (graphql("BAD_USER_INPUT"), Refused("BAD_USER_INPUT", "")),
        (graphql("INTERNAL_SERVER_ERROR"), Failed("INTERNAL_SERVER_ERROR")),
        (graphql(None), Failed("UNKNOWN_ERROR")),
        (graphql("UNAUTHENTICATED"), Unavailable("UNAUTHENTICATED")),
        (graphql("BAD_USER_INPUT", "SHUTTING_DOWN"), Unavailable("SHUTTING_DOWN")),
        (graphql("INTERNAL_SERVER_ERROR", "BAD_USER_INPUT"), Refused("BAD_USER_INPUT", "")),
        (Answer(400, graphql("GRAPHQL_VALIDATION_FAILED").body), Refused("GRAPHQL_VALIDATION_FAILED", "")),
        (Answer(400, graphql("GRAPHQL_PARSE_FAILED").body), Refused("GRAPHQL_PARSE_FAILED", "")),
        (Answer(413, None), Refused("PAYLOAD_TOO_LARGE", "HTTP_413")),
        (Answer(401, graphql("UNAUTHENTICATED").body), Unavailable("UNAUTHENTICATED")),
        (Answer(404, None), Unavailable("HTTP_404")),
        (Answer(429, None, retry_after=7.0), Unavailable("HTTP_429", 7.0)),
        (Answer(500, graphql("BAD_USER_INPUT").body), Unavailable("HTTP_500")),
        (Answer(503, None), Unavailable("HTTP_503")),
        (Answer(None, problem="TIMEOUT"), Unavailable("TIMEOUT")),
    ],
)
def test_answer_means(answer: Answer, verdict: Verdict) -> None:
    """The GraphQL answer decides; what is not the event's fault is never held against it."""
    assert judge(answer, CALL) == verdict


def test_error_without_sense_is_a_failure() -> None:
    """Errors of any shape are understood as errors."""
    for problem in ("x", {}, {"extensions": "x"}, {"extensions": {"code": 5}}, None):
        assert isinstance(judge(Answer(200, {"errors": [problem]}), CALL), Failed)


QUEUE_CONFIG = TABLE.queues[QUEUE]


@pytest.mark.parametrize("attempt", [1, 2, 4])
def test_failure_is_retried_below_the_limit(attempt: int) -> None:
    """Before its last attempt an event is given another one."""
    assert isinstance(decide(Failed("X"), attempt, attempt, QUEUE_CONFIG, Random(1)), Retry)


def test_failure_is_given_up_at_the_limit() -> None:
    """At the fifth attempt an event that fails goes to the DLQ."""
    decision = decide(Failed("X"), 5, 5, QUEUE_CONFIG, Random(1))
    assert decision == DeadLetter("ATTEMPTS_EXHAUSTED", "X at attempt 5")


def test_outage_is_never_given_up() -> None:
    """However often an event was received: it waits for its target."""
    assert isinstance(decide(Unavailable("TIMEOUT"), 1_000, 1_000, QUEUE_CONFIG, Random(1)), Retry)


def test_back_off_is_full_jitter_within_its_bounds() -> None:
    """Whole seconds from 1 to min(cap, base * 2^(n-1)), spread over all of it."""
    random = Random(3)
    for receives, bound in ((1, 1), (2, 2), (4, 8), (7, 60), (1_000, 60)):
        delays = [decide(Failed("X"), 1, receives, QUEUE_CONFIG, random) for _ in range(300)]
        seconds = {decision.delay for decision in delays if isinstance(decision, Retry)}
        assert min(seconds) == 1
        assert max(seconds) <= bound
        assert len(seconds) >= bound * 0.9


def test_retry_after_is_listened_to_within_the_cap() -> None:
    """A target that says how long to wait is not asked before, within the table's cap."""
    for asked, least in ((20.0, 20), (9_999.0, 60)):
        decision = decide(Unavailable("HTTP_429", asked), 1, 1, QUEUE_CONFIG, Random(1))
        assert isinstance(decision, Retry)
        assert decision.delay == least


def test_success_deletes() -> None:
    """Stale and duplicate events are as done as applied ones."""
    assert decide(Applied("STALE"), 1, 1, QUEUE_CONFIG, Random(1)) == Delete("STALE")


def test_refusal_goes_to_the_dead_letters_at_once() -> None:
    """What will always be wrong is not tried again."""
    decision = decide(Refused("BAD_USER_INPUT", "applyProfile"), 1, 1, QUEUE_CONFIG, Random(1))
    assert decision == DeadLetter("BAD_USER_INPUT", "applyProfile")
