"""Kill any one process: it comes back, and no event is lost or doubled."""

from __future__ import annotations

import signal

import pytest

from tests.kit.brazil import debt
from tests.kit.graph import EVERYTHING, Graph
from tests.kit.stack import PROCESSES, SERVERS, Stack
from tests.kit.waiting import eventually

_PIPELINE = "query P { pipeline { targets { name pending inFlight deadLettered } } }"


def queues_are_empty(stack: Stack) -> bool:
    answer = stack.ask(_PIPELINE, scopes=EVERYTHING)
    targets = (answer.body.get("data") or {}).get("pipeline", {}).get("targets", [])
    assert all(target["deadLettered"] == 0 for target in targets), targets
    return bool(targets) and all(target["pending"] == 0 for target in targets)


@pytest.mark.parametrize("name", [*PROCESSES, *SERVERS])
def test_a_killed_process_comes_back_and_nothing_is_lost(stack: Stack, name: str) -> None:
    """Changes made right before and right after the kill arrive at both copies, each exactly once."""
    graph = Graph(stack)
    customer_id = graph.register()
    receipts = [graph.purchase(customer_id)["receipt"]["eventId"] for _ in range(5)]
    for amount in ("10.00", "20.00", "30.00"):
        graph.mutate("addDebt", customerId=customer_id, debt=debt(amount=amount))

    stack.restart_of(name)
    eventually("the gateway answers again", lambda: _answers(stack, customer_id))

    receipts += [graph.purchase(customer_id)["receipt"]["eventId"] for _ in range(5)]
    graph.mutate("addDebt", customerId=customer_id, debt=debt(amount="40.00"))
    customer = graph.followed(customer_id, events=len(receipts))
    assert customer["version"] == 5
    assert customer["totalDebt"] == "1600.00"
    assert sorted(event["id"] for event in customer["activity"]["nodes"]) == sorted(receipts)
    eventually("nothing is pending", lambda: queues_are_empty(stack))


def test_a_router_that_is_asked_to_end_finishes_its_work(stack: Stack) -> None:
    """After SIGTERM another router takes over, and what the first had received is applied once."""
    graph = Graph(stack)
    customer_id = graph.register()
    receipts = [graph.purchase(customer_id)["receipt"]["eventId"] for _ in range(5)]
    stack.restart_of("router", signal.SIGTERM)
    customer = graph.followed(customer_id, events=5)
    assert sorted(event["id"] for event in customer["activity"]["nodes"]) == sorted(receipts)


def _answers(stack: Stack, customer_id: str) -> bool:
    """Whether a query of all three databases is answered whole (breakers may still be open after a death)."""
    query = "query Q($id: ID!) { customer(id: $id) { version rating { score } activity { totalCount } } }"
    try:
        answer = stack.ask(query, {"id": customer_id}, EVERYTHING)
    except OSError:
        return False
    return "errors" not in answer.body
