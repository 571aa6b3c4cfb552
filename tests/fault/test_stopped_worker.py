"""A router stands still for longer than its messages are hidden, and goes on as if nothing had been."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.kit.brazil import debt
from tests.kit.graph import EVERYTHING, Graph
from tests.kit.tcp_proxy import Fault
from tests.kit.waiting import eventually
from tests.kit.wired_stack import VISIBILITY_SECONDS, WiredStack, wired_stack

_PIPELINE = "query P { pipeline { targets { pending inFlight deadLettered } } }"


@pytest.fixture(scope="module")
def wired(request: pytest.FixtureRequest) -> Iterator[WiredStack]:
    """A stack with a second router."""
    with wired_stack(request) as stack:
        stack.add_twin("router")
        yield stack


def _in_flight(wired: WiredStack) -> int:
    targets = wired.ask(_PIPELINE, scopes=EVERYTHING).data["pipeline"]["targets"]
    assert all(target["deadLettered"] == 0 for target in targets)
    return sum(int(target["inFlight"]) for target in targets)


def _is_ready(wired: WiredStack, name: str) -> bool:
    return wired.health(name, "ready") == 200


def test_another_router_takes_over_and_the_first_does_no_harm(wired: WiredStack) -> None:
    """Both stop with messages in hand; the twin goes on first, the other much later: one effect, in order."""
    graph = Graph(wired)
    customer_id = graph.register()
    graph.purchase(customer_id)
    graph.followed(customer_id, 1)
    pids = [wired.pid(name) for name in ("router", "router-twin")]
    with wired.link("router", "rating").suffering(Fault(delay=1.0)):
        events = [graph.purchase(customer_id)["receipt"]["eventId"] for _ in range(5)]
        for amount in ("10.00", "20.00", "30.00"):
            graph.mutate("addDebt", customerId=customer_id, debt=debt(amount=amount))
        eventually("messages are in hand", lambda: _in_flight(wired) > 0)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
    try:
        # Not a wait for anything: what is to be shown is what happens after this time.
        time.sleep(2 * VISIBILITY_SECONDS)
        os.kill(pids[1], signal.SIGCONT)
        customer = graph.followed(customer_id, 6)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    assert customer["rating"]["sourceVersion"] == customer["version"]
    later = graph.purchase(customer_id)["receipt"]["eventId"]
    customer = graph.followed(customer_id, 7)
    assert {later, *events} <= {event["id"] for event in customer["activity"]["nodes"]}
    assert customer["activity"]["totalCount"] == 7
    eventually("nothing is on its way", lambda: _in_flight(wired) == 0)
    for name in ("router", "router-twin"):
        eventually(f"{name} is ready", partial(_is_ready, wired, name))
