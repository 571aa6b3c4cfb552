"""After `eraseCustomer` nothing that was ever told of the person is left anywhere."""

from __future__ import annotations

import uuid
from typing import Any

from tests.kit.brazil import address, cpf, debt, income, registration
from tests.kit.graph import Graph
from tests.kit.stack import Stack
from tests.kit.stores import kept, queued
from tests.kit.waiting import eventually


def marked_registration(mark: str, number: str) -> dict[str, Any]:
    """A registration whose every free text holds the mark."""
    return registration(
        name=f"Ana {mark} Ferreira",
        cpf=number,
        email=f"{mark}@example.com",
        phone=f"+5581{number[:9]}",
        addresses=[
            address(
                street=f"Rua {mark}",
                number=f"{mark} 7",
                complement=f"casa {mark}",
                district=f"Vila {mark}",
                city=f"Cidade {mark}",
            )
        ],
        debts=[debt(creditor=f"Banco {mark}")],
        incomes=[income(source=f"Oficina {mark}")],
    )


def live(graph: Graph, customer_id: str, mark: str) -> None:
    """Use every mutation that takes a text."""
    when = "2026-02-01T09:00:00-03:00"
    graph.mutate(
        "updateCustomer", customerId=customer_id, name=f"Ana {mark} Lima", email=f"lima.{mark}@example.com"
    )
    graph.mutate("addDebt", customerId=customer_id, debt=debt(creditor=f"Financeira {mark}"))
    asset = {"kind": "VEHICLE", "description": f"Fusca {mark}", "value": "12000.00"}
    graph.mutate("addAsset", customerId=customer_id, asset=asset, idempotencyKey=f"key-{mark}")
    graph.purchase(customer_id, merchant=f"Livraria {mark}", category=f"livros {mark}")
    graph.mutate(
        "recordBureauQuery",
        customerId=customer_id,
        bureau=f"Bureau {mark}",
        reason=f"motivo {mark}",
        occurredAt=when,
    )
    graph.mutate(
        "recordMovement",
        customerId=customer_id,
        amount="10.00",
        direction="DEBIT",
        description=f"Pix para {mark}",
        occurredAt=when,
    )


def places_of(stack: Stack, words: list[str]) -> dict[str, list[str]]:
    """Where which of the words are; case is ignored, as a full-text index folds it."""
    found = {}
    for place in kept(stack):
        text = place.text.casefold()
        hits = [word for word in words if word.casefold() in text]
        if hits:
            found[place.name] = hits
    return found


def test_nothing_of_an_erased_person_is_left(stack: Stack) -> None:
    """No store, queue, outbox, dead-letter queue or log holds any text that was registered of the person."""
    graph = Graph(stack)
    mark = f"q{uuid.uuid4().hex[:15]}"
    number = cpf()
    dotted = f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"
    words = [mark, number, dotted, f"5581{number[:9]}"]
    customer_id = graph.register(**marked_registration(mark, number))
    live(graph, customer_id, mark)
    graph.followed(customer_id, events=3)
    before = places_of(stack, words)
    assert any(name.startswith("PostgreSQL") for name in before), "the search does not find what is there"
    assert any(name.startswith(("SQLite", "Elasticsearch")) for name in before)
    assert not [name for name in before if name.endswith(".log")], "personal data in a log"

    graph.mutate("eraseCustomer", customerId=customer_id, reason="pedido do titular")

    eventually("every store has forgotten the person", lambda: not places_of(stack, words))
    eventually("no queue holds a message", lambda: not any(queued(stack).values()))
    assert places_of(stack, words) == {}
