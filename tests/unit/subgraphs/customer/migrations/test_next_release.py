"""The code of today goes on while the next release's migration runs, and after it, on open connections."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg

from kernel.events import Envelope
from subgraphs.customer.outbox import QUEUES
from subgraphs.customer.store.outbox_reader import OutboxReader
from subgraphs.customer.store.replay import replay
from subgraphs.customer.store.retention import expire_access_log, expire_outbox
from tests.kit import brazil
from tests.kit.fake_queues import FakePublisher
from tests.kit.fake_sqs import FakeSqs
from tests.kit.postgres import CustomerDatabase
from tests.unit.subgraphs.customer.relay_world import pump_for, settings_for, sqs
from tests.unit.subgraphs.customer.world import World

__all__ = ["sqs"]

#: What an additive migration may do, by our rules: columns without a demand, longer views, tables, indexes.
_NEXT = """
    ALTER TABLE customer_graph.customer ADD COLUMN nickname text CHECK (length(nickname) <= 60);
    ALTER TABLE customer_graph.debt ADD COLUMN currency text NOT NULL DEFAULT 'BRL';
    ALTER TABLE customer_graph.outbox ADD COLUMN partition_key text;
    ALTER TABLE customer_graph.access_log ADD COLUMN region text;
    CREATE OR REPLACE VIEW customer_service.customer WITH (security_barrier) AS
        SELECT id, version, name, birth_date, cpf_ciphertext, cpf_index, email_ciphertext,
               phone_ciphertext, total_debt, total_assets, created_at, updated_at, erased_at, nickname
          FROM customer_graph.customer;
    CREATE OR REPLACE VIEW customer_service.debt WITH (security_barrier) AS
        SELECT id, customer_id, creditor, amount, contracted_on, due_on, settled_on, currency
          FROM customer_graph.debt;
    GRANT SELECT (nickname), INSERT (nickname), UPDATE (nickname)
        ON customer_service.customer TO customer_app;
    CREATE TABLE customer_graph.guarantor (
        id uuid PRIMARY KEY, customer_id uuid NOT NULL REFERENCES customer_graph.customer (id), name text);
    CREATE VIEW customer_service.guarantor WITH (security_barrier) AS
        SELECT id, customer_id, name FROM customer_graph.guarantor;
    GRANT SELECT, INSERT ON customer_service.guarantor TO customer_app;
    CREATE INDEX customer_by_nickname ON customer_graph.customer (nickname) WHERE erased_at IS NULL;
"""
_WHEN = "2026-03-02T14:30:00-03:00"
_READ = (
    "{ customers(first: 50) { nodes { id version name birthDate maskedCpf email phone totalDebt totalAssets"
    " monthlyIncome addresses { street city } debts { id amount status } assets { id value }"
    " incomes { id kind } } totalCount } }"
)


async def everything(world: World) -> None:
    """Each mutation once, then all that can be read; any error fails."""
    customer = await world.register()
    asset = {"kind": "VEHICLE", "description": "Fusca 1972", "value": "9000.00"}
    await accepted(world, "updateCustomer", customerId=customer, phone=None, addresses=[brazil.address()])
    await accepted(world, "addDebt", customerId=customer, debt=brazil.debt())
    await accepted(world, "addAsset", customerId=customer, asset=asset, idempotencyKey=f"asset of {customer}")
    await accepted(world, "addIncome", customerId=customer, income=brazil.income(kind="RENT"))
    owned = await world.customer(customer, "debts { id } assets { id } incomes { id }")
    ids = {name: owned[name][0]["id"] for name in ("debts", "assets", "incomes")}
    await accepted(world, "settleDebt", customerId=customer, debtId=ids["debts"], settledOn="2026-11-20")
    await accepted(world, "removeAsset", customerId=customer, assetId=ids["assets"])
    await accepted(world, "endIncome", customerId=customer, incomeId=ids["incomes"], endedOn="2026-11-20")
    await accepted(
        world, "recordCardPurchase",
        customerId=customer, amount="10.00", merchant="Padaria Ipê", cardLast4="1234", occurredAt=_WHEN,
    )  # fmt: skip
    await accepted(world, "recordBureauQuery", customerId=customer, bureau="Serasa", occurredAt=_WHEN)
    await accepted(
        world, "recordMovement",
        customerId=customer, amount="5.00", direction="DEBIT", description="Pix", occurredAt=_WHEN,
    )  # fmt: skip
    assert (await world.ask(_READ)).data["customers"]["totalCount"] >= 1
    pipeline = (await world.ask("{ pipeline { targets { name pending } } }")).data["pipeline"]
    assert len(pipeline["targets"]) == len(QUEUES)
    await accepted(world, "eraseCustomer", customerId=customer, reason="pedido do titular")


async def accepted(world: World, mutation: str, **given: Any) -> None:
    """One mutation without user errors."""
    payload = await world.mutate(mutation, given)
    assert payload["userErrors"] == [], mutation


async def carried(database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs) -> list[Envelope]:
    """What the relay brings to both queues."""
    before = {queue: len(sqs.messages(queue)) for queue in QUEUES.values()}
    for queue in QUEUES.values():
        pump = pump_for(reader, FakePublisher(sqs), settings_for(database), queue)
        while (await pump.publish(100)).claimed:
            pass
    return [
        Envelope.from_json(message.body)
        for queue in QUEUES.values()
        for message in sqs.messages(queue)[before[queue] :]
    ]


async def test_todays_code_goes_on_across_the_next_migration(world: World, sqs: FakeSqs) -> None:
    """Service, relay, replay and expiry, with the statements that their connections have prepared before."""
    database = world.database
    reader = OutboxReader(database.relay_url, connections=2)
    await everything(world)
    first = await carried(database, reader, sqs)
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(_NEXT)
    await owner.close()
    await everything(world)
    second = await carried(database, reader, sqs)
    assert [event.type for event in second] == [event.type for event in first]
    await reader.close()
    ever = datetime(2020, 1, 1, tzinfo=UTC)
    assert await replay(database.relay_url, QUEUES["rating"], ever) == 2
    for expire in (expire_access_log, expire_outbox):
        assert await expire(database.owner_url, ever) == 0
