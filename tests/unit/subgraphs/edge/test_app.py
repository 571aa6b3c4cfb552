"""The application as a whole: executing, hiding, logging."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from subgraphs.edge.app import Outcome, graphql_app
from tests.kit.edge import call, principal
from tests.unit.subgraphs.edge.shop import ShopContext, calls, shop, shop_schema


async def test_scalars_arrive_as_python_values() -> None:
    """By literal and by variable alike."""
    literal = '{ echo(on: "2026-01-02", at: "2026-01-02T03:04:05-03:00", amount: "1.50", id: 7) }'
    variable = """
    query ($on: Date, $at: DateTime, $amount: Decimal, $id: ID) {
      echo(on: $on, at: $at, amount: $amount, id: $id)
    }
    """
    values = {"on": "2026-01-02", "at": "2026-01-02T03:04:05-03:00", "amount": "1.50", "id": 7}
    by_literal, by_variable = await call(shop(), literal), await call(shop(), variable, values)
    assert by_literal.data == by_variable.data
    assert "Decimal('1.50')" in by_literal.data["echo"]
    assert "datetime.date(2026, 1, 2)" in by_literal.data["echo"]


@pytest.mark.parametrize(
    ("argument", "kind", "value", "literal"),
    [
        ("on", "Date", "22/11/2026", '"22/11/2026"'),
        ("at", "DateTime", "2026-11-22T10:00:00", '"2026-11-22T10:00:00"'),
        ("amount", "Decimal", 1.5, "1.5"),
        ("amount", "Decimal", "1e9", '"1e9"'),
        ("text", "String", "a\0b", '"a\\u0000b"'),
        ("text", "String", "a" * 10_001, f'"{"a" * 10_001}"'),
        ("text", "String", "a" * 1_000_000, None),
        ("id", "ID", "\0", '"\\u0000"'),
    ],
)
async def test_a_bad_value_is_bad_user_input(
    argument: str, kind: str, value: Any, literal: str | None
) -> None:
    """The same code whether it comes by variable or stands in the document; the value is not repeated."""
    query = f"query ($value: {kind}) {{ echo({argument}: $value) }}"
    assert (await call(shop(), query, {"value": value})).code == "BAD_USER_INPUT"
    if literal is not None:
        answer = await call(shop(), f"{{ echo({argument}: {literal}) }}")
        assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($t: Int = 2) { repeat(times: $t) }", {"t": None}),
        ("query ($i: [String!] = []) { order(order: {items: $i}) }", {"i": None}),
        ("query ($o: Order!) { order(order: $o) }", {"o": {"items": "x", "colour": 1}}),
        ("query ($t: Int) { repeat(times: 1) echo(text: $t) }", {"t": 1}),
    ],
)
async def test_wrong_variables_are_the_callers_fault(query: str, variables: dict[str, Any]) -> None:
    """Whether graphql-core sees it before or while executing."""
    assert (await call(shop(), query, variables)).code in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")


@pytest.mark.parametrize("query", ["{ broken }", "{ impossible }"])
async def test_a_bug_is_masked_and_logged(query: str) -> None:
    """The caller gets one generic text, the log the cause."""
    with capture_logs() as logs:
        answer = await call(shop(), query)
    assert answer.code == "INTERNAL_SERVER_ERROR"
    assert answer.json["errors"][0]["message"] == "Internal server error"
    assert b"hunter2" not in answer.body
    assert b"1099511627776" not in answer.body
    (line,) = [entry for entry in logs if entry["event"] == "edge.resolver_failed"]
    assert line["error_type"] in ("KeyError", "GraphQLError")


async def test_the_request_log_tells_what_ran() -> None:
    """Name, type, root fields and errors; never a value or the text."""
    answer = await call(shop(), "query Greeting($t: String) { hello: echo(text: $t) }", {"t": "oi"})
    assert answer.log == {
        "operation_name": "Greeting",
        "operation_type": "query",
        "root_fields": ["echo"],
        "error_count": 0,
    }
    refused = await call(shop(), "mutation Write { apply(amount: 1) }")
    assert refused.log == {
        "operation_name": "Write",
        "operation_type": "mutation",
        "root_fields": ["apply"],
        "error_count": 1,
        "error_code": "UNAUTHORIZED_FIELD_OR_TYPE",
    }
    invalid = await call(shop(), "{ nope }")
    assert invalid.log == {"error_count": 1, "error_code": "GRAPHQL_VALIDATION_FAILED"}


async def test_the_operation_is_chosen_by_its_name() -> None:
    """And only by it; an unknown name runs nothing."""
    document = 'query A { echo(text: "a") } mutation B { touch(at: "2026-01-01T00:00:00Z") }'
    assert (await call(shop(), document, operation="A")).data == {"echo": "'a'"}
    assert (await call(shop(), document, operation="C")).code == "GRAPHQL_UNKNOWN_OPERATION_NAME"
    assert (await call(shop(), document)).code == "GRAPHQL_UNKNOWN_OPERATION_NAME"
    assert calls == []


async def test_the_same_text_with_another_name_runs_the_other_operation() -> None:
    """The document memory is about texts, not about what was run."""
    app = shop()
    document = 'query A { echo(text: "a") } query B { echo(text: "b") }'
    answers = [await call(app, document, operation=name) for name in ("A", "B", "A")]
    assert [answer.data["echo"] for answer in answers] == ["'a'", "'b'", "'a'"]


async def test_two_callers_of_one_document_keep_their_own_rights() -> None:
    """Nothing of a caller is remembered with the document."""
    app = shop()
    for caller in (principal(), None, principal(), None):
        answer = await call(app, "{ secret }", caller=caller)
        assert (answer.json["data"]["secret"] is not None) is (caller is not None)


async def test_production_hides_the_schema() -> None:
    """No introspection, no suggestions, no SDL for strangers."""
    app = shop()
    assert (await call(app, '{ __type(name: "Safe") { name } }')).code == "INTROSPECTION_DISABLED"
    assert (await call(app, "{ _service { sdl } }")).code == "UNAUTHENTICATED"
    for query in ("{ ecco }", "{ box { siz } }", "{ echo(txt: 1) }", "{ product { ... on Prodct { id } } }"):
        answer = await call(app, query)
        assert answer.codes
        assert b"Did you mean" not in answer.body
    wrong = await call(app, "query ($o: Order!) { order(order: $o) }", {"o": {"item": []}})
    assert b"Did you mean" not in wrong.body


async def test_typename_is_no_introspection() -> None:
    """Clients and gateways ask for it everywhere."""
    assert (await call(shop(), "{ __typename box { __typename } }")).data["__typename"] == "Query"


async def test_development_shows_the_schema() -> None:
    """Introspection, suggestions and the SDL."""
    app = shop(development=True)
    assert (await call(app, "{ __schema { queryType { name } } }")).data["__schema"]["queryType"][
        "name"
    ] == "Query"
    assert b"Did you mean" in (await call(app, "{ ecco }")).body
    assert "type Product" in (await call(app, "{ _service { sdl } }")).data["_service"]["sdl"]


async def test_a_verified_caller_gets_the_sdl_in_production() -> None:
    """For tools that compose from running services."""
    answer = await call(shop(), "{ _service { sdl } }", caller=principal())
    assert '@key(fields: "id")' in answer.data["_service"]["sdl"]


async def test_an_outcome_follows_every_operation() -> None:
    """A subgraph that keeps a record of requests is told before the answer goes out."""
    outcomes: list[tuple[ShopContext, Outcome]] = []

    async def completed(context: ShopContext, outcome: Outcome) -> None:
        outcomes.append((context, outcome))

    app = graphql_app(shop_schema(), lambda base: ShopContext(**base.common()), completed=completed)
    await call(app, "query Q { secret }", caller=principal(subject="bia"))
    await call(app, "query Q { secret }")
    await call(app, "{ nope }")
    seen = [(outcome.operation_name, outcome.error_count, outcome.error_code) for _, outcome in outcomes]
    assert seen == [("Q", 0, None), ("Q", 1, "UNAUTHORIZED_FIELD_OR_TYPE")]
    assert outcomes[0][0].principal is not None
    assert outcomes[0][0].principal.subject == "bia"
    assert outcomes[0][1].duration_ms > 0


async def test_no_answer_is_cached_by_anybody() -> None:
    """Answers depend on the caller."""
    assert (await call(shop(), "{ box { size } }")).headers["cache-control"] == "no-store"
