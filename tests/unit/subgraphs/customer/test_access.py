"""The access log: who asked for what, when, about whom, with what outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from tests.kit import brazil
from tests.kit.postgres import CustomerDatabase
from tests.unit.subgraphs.customer.test_mutations import UNKNOWN
from tests.unit.subgraphs.customer.world import NOW, World, open_world

_LOG = "SELECT * FROM customer_graph.access_log ORDER BY id"


async def entries(world: World) -> Sequence[Mapping[str, Any]]:
    """The log in order, ids as text."""
    rows = await world.database.rows(_LOG)
    return [{**row, "customer_ids": [str(one) for one in row["customer_ids"]]} for row in rows]


async def test_a_read_leaves_its_row(world: World) -> None:
    """Who, when, which operation, which customers, outcome and duration."""
    one, two = await world.register(), await world.register()
    await world.ask("query Reading { customers { nodes { id } } }", subject="leitora")
    row = dict((await entries(world))[-1])
    assert row.pop("duration_ms") > 0
    assert len(row.pop("request_id")) == 36
    assert row.pop("id") == 3
    assert row == {
        "at": NOW,
        "subject": "leitora",
        "operation_type": "query",
        "operation_name": "Reading",
        "customer_ids": [two, one],
        "outcome": "OK",
        "status": 200,
    }


async def test_every_way_to_a_customer_names_the_customer(world: World) -> None:
    """By id, CPF, page and reference; who was not found is not in the row."""
    customer_id = await world.register(cpf="52998224725")
    reference = f'{{__typename: "Customer", id: "{customer_id}"}}'
    for query in (
        f'{{ customer(id: "{customer_id}") {{ id }} }}',
        '{ customerByCpf(cpf: "52998224725") { id } }',
        "{ customers { nodes { id } } }",
        f"{{ _entities(representations: [{reference}]) {{ ... on Customer {{ id }} }} }}",
    ):
        await world.ask(query)
        assert (await entries(world))[-1]["customer_ids"] == [customer_id], query
    await world.ask(f'{{ customer(id: "{UNKNOWN}") {{ id }} }}')
    assert (await entries(world))[-1]["customer_ids"] == []


async def test_a_mutation_leaves_its_row_whatever_becomes_of_it(world: World) -> None:
    """Done, refused for its input, refused for a missing scope, malformed: one row each, with the outcome."""
    customer_id = await world.register()
    given = {"customerId": customer_id, "debt": brazil.debt()}
    await world.mutate("addDebt", given)
    await world.mutate("addDebt", {"customerId": customer_id, "debt": brazil.debt(amount="0")})
    await world.try_to("addDebt", given, scopes="customer:pii")
    await world.try_to("addDebt", {"customerId": customer_id, "debt": brazil.debt(amount="x")})
    await world.ask("mutation {")
    rows = (await entries(world))[1:]
    assert [row["outcome"] for row in rows] == ["OK", "USER_ERROR", "PARTIAL", "PARTIAL", "ERROR"]
    assert [row["operation_type"] for row in rows] == ["mutation"] * 4 + [None]
    assert [row["customer_ids"] for row in rows] == [[customer_id], [customer_id], [], [], []]


async def test_an_anonymous_request_leaves_its_row(world: World) -> None:
    """Without a subject."""
    await world.ask("query Nobody { customers { totalCount } }", scopes=None)
    row = (await entries(world))[0]
    assert (row["subject"], row["operation_name"], row["outcome"]) == (None, "Nobody", "PARTIAL")


async def test_a_nameless_operation_is_told_by_its_root_fields(world: World) -> None:
    """A gateway sends operations without names; the row still says what was done."""
    await world.ask("{ a: customers { totalCount } __typename }")
    assert (await entries(world))[-1]["operation_name"] == "customers __typename"


async def test_requests_at_once_have_a_row_each(world: World) -> None:
    """Rows are written together, none is lost."""
    await asyncio.gather(
        *(world.ask(f"query N{number} {{ customers {{ totalCount }} }}") for number in range(50))
    )
    rows = await entries(world)
    assert {row["operation_name"] for row in rows} == {f"N{number}" for number in range(50)}
    assert len(rows) == 50


async def close_the_log(database: CustomerDatabase) -> None:
    """From now on PostgreSQL takes no row of the access log."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("REVOKE INSERT ON customer_service.access_log FROM customer_app")
    await owner.close()


async def test_nobody_reads_a_customer_unseen(world: World) -> None:
    """When the row cannot be written there is no answer: 503, and a log line that names the request."""
    customer_id = await world.register()
    await close_the_log(world.database)
    with capture_logs() as lines:
        answer = await world.ask(f'{{ customer(id: "{customer_id}") {{ name }} }}')
    assert (answer.status, answer.codes) == (503, ["SERVICE_UNAVAILABLE"])
    assert "data" not in answer.body
    assert "access.row_lost" in [line["event"] for line in lines]


async def test_a_committed_mutation_is_answered_even_when_its_row_is_lost(world: World) -> None:
    """Otherwise the caller would do it again; its log line says who it was."""
    await close_the_log(world.database)
    with capture_logs() as lines:
        payload = await world.mutate("registerCustomer", brazil.registration(), subject="clerk")
    assert payload["userErrors"] == []
    line = next(line for line in lines if line["event"] == "http.request_answered")
    assert line["subject"] == "clerk"
    assert line["customer_ids"] == [payload["receipt"]["customerId"]]


async def test_a_graceful_stop_loses_no_row(customer_database: CustomerDatabase, tmp_path: Path) -> None:
    """What was answered before the stop is in the table after it."""
    async with open_world(customer_database, tmp_path) as world:
        await asyncio.gather(*(world.ask("{ customers { totalCount } }") for _ in range(20)))
    assert await customer_database.value("SELECT count(*) FROM customer_graph.access_log") == 20


async def test_the_log_line_says_what_the_row_says(world: World) -> None:
    """Operation, customers, user errors and duration, and nothing of the profile."""
    customer_id = await world.register()
    given = {"customerId": customer_id, "debt": brazil.debt(creditor="Banco Juriti", amount="0")}
    with capture_logs() as lines:
        await world.mutate("addDebt", given)
    line = next(line for line in lines if line["event"] == "http.request_answered")
    assert line["operation_name"] == "Act"
    assert line["root_fields"] == ["addDebt"]
    assert line["outcome"] == "USER_ERROR"
    assert line["operation_type"] == "mutation"
    assert line["customer_ids"] == [customer_id]
    assert line["user_errors"] == ["INVALID_VALUE"]
    assert line["duration_ms"] > 0
    assert "Juriti" not in repr(lines)


@pytest.mark.parametrize("fault", ["secret", "Zuleica", "52998224725"])
async def test_no_log_line_holds_personal_data_or_keys(world: World, fault: str) -> None:
    """Not even when the store refuses what was sent."""
    owner = await asyncpg.connect(world.database.owner_url)
    await owner.execute("ALTER TABLE customer_graph.customer ADD CHECK (length(name) < 3)")
    await owner.close()
    given = brazil.registration(name="Zuleica Andrade", cpf="52998224725", email="secret@example.com")
    with capture_logs() as lines:
        answer = await world.try_to("registerCustomer", given)
    assert answer.codes == ["INTERNAL_SERVER_ERROR"]
    told = [{**line, "exc_info": str(line.get("exc_info"))} for line in lines]
    assert any(line["event"] == "edge.resolver_failed" for line in told)
    assert fault not in repr(told)
