"""Each connection of the stack fails in each way: what depends on it says so, the rest goes on, all heals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.brazil import debt
from tests.kit.graph import EVERYTHING, Graph
from tests.kit.stack import Answer
from tests.kit.tcp_proxy import Cut, Direction, End, Fault
from tests.kit.waiting import eventually
from tests.kit.wired_stack import LINKS, Link, WiredStack, wired_stack

FAULTS = {
    "refused": Fault(refuse=True),
    "black hole": Fault(black_hole=True),
    "a byte a second": Fault(bytes_per_second=1),
}
#: Whose readiness tells of a bad link; the others answer for themselves.
NOT_READY = {
    ("customer", "postgres"): "customer",
    ("relay", "postgres"): "relay",
    ("relay", "sqs"): "relay",
    ("router", "sqs"): "router",
    ("rating", "mongodb"): "rating",
}
_FIELDS = "name rating { score } activity: lastCardPurchase { merchant }"
_READ = f"query Q($id: ID!) {{ customer(id: $id) {{ {_FIELDS} }} }}"
_PIPELINE = "query P { pipeline { targets { name pending inFlight deadLettered } } }"
#: Error codes of a subgraph that cannot be asked.
_FETCH_CODES = {
    "SUBREQUEST_HTTP_ERROR",
    "SUBGRAPH_REQUEST_TIMEOUT",
    "SUBGRAPH_CIRCUIT_BREAKER_REJECTED",
}

every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())


@pytest.fixture(scope="module")
def wired(request: pytest.FixtureRequest) -> Iterator[WiredStack]:
    """One stack for all tests of this file; each leaves the network well."""
    with wired_stack(request) as stack:
        yield stack


@pytest.fixture
def graph(wired: WiredStack) -> Graph:
    """Its gateway."""
    return Graph(wired)


def read(wired: WiredStack, customer_id: str) -> Answer:
    return wired.ask(_READ, {"id": customer_id}, EVERYTHING)


def is_whole(wired: WiredStack, customer_id: str) -> bool:
    """Whether all three subgraphs answer; `followed_customer` sees to it that each has something to say."""
    answer = read(wired, customer_id)
    return "errors" not in answer.body and None not in answer.body["data"]["customer"].values()


def followed_customer(wired: WiredStack, graph: Graph) -> str:
    """A customer with a rating and a purchase."""
    customer_id = graph.register()
    graph.purchase(customer_id)
    eventually("all is followed", lambda: is_whole(wired, customer_id))
    return customer_id


def has_settled(wired: WiredStack) -> bool:
    """Whether nothing is on its way; nothing may be in a DLQ."""
    data = wired.ask(_PIPELINE, scopes=EVERYTHING).body.get("data") or {}
    targets = (data.get("pipeline") or {}).get("targets", [])
    assert all(target["deadLettered"] == 0 for target in targets), targets
    return bool(targets) and all(target["pending"] == 0 for target in targets)


def change(graph: Graph, customer_id: str) -> list[str]:
    """Two debts and two purchases; the purchases' event ids."""
    for _ in range(2):
        graph.mutate("addDebt", customerId=customer_id, debt=debt(amount="10.00"))
    return [graph.purchase(customer_id)["receipt"]["eventId"] for _ in range(2)]


def assert_all_arrived_once(wired: WiredStack, graph: Graph, customer_id: str, events: list[str]) -> None:
    """The copies hold each change exactly once, and no event was given up."""
    customer = graph.followed(customer_id, len(events))
    assert sorted(event["id"] for event in customer["activity"]["nodes"]) == sorted(events)
    eventually("nothing is on its way", lambda: has_settled(wired))


@every_fault
@pytest.mark.parametrize("subgraph", ["rating", "activity"])
def test_a_subgraph_that_is_cut_off_costs_its_own_fields_only(
    wired: WiredStack, graph: Graph, subgraph: str, fault: Fault
) -> None:
    """Its field is null with one error that tells no detail; the other fields are there; then all is back."""
    customer_id = followed_customer(wired, graph)
    with wired.link("gateway", subgraph).suffering(fault):
        answer = read(wired, customer_id)
        customer = answer.body["data"]["customer"]
        assert customer is not None, answer.body
        other = {"rating": "activity", "activity": "rating"}[subgraph]
        assert customer["name"] == "Ana Lúcia Ferreira"
        assert customer[other] is not None
        assert customer[subgraph] is None
        (error,) = answer.body["errors"]
        assert error["extensions"]["code"] in _FETCH_CODES
        assert error["path"] == ["customer"] or error["path"][:2] == ["customer", subgraph]
        assert "127.0.0.1" not in str(error)
        assert wired.health("gateway", "live") == 200
    eventually("the answer is whole again", lambda: is_whole(wired, customer_id))


@every_fault
def test_a_customer_subgraph_that_is_cut_off_is_one_error(
    wired: WiredStack, graph: Graph, fault: Fault
) -> None:
    """The query has one masked error and ends; then it is whole again."""
    customer_id = followed_customer(wired, graph)
    with wired.link("gateway", "customer").suffering(fault):
        answer = read(wired, customer_id)
        assert answer.body["data"]["customer"] is None
        assert set(answer.codes) <= _FETCH_CODES
        assert len(answer.codes) == 1
    eventually("the answer is whole again", lambda: is_whole(wired, customer_id))


@pytest.mark.parametrize(
    "cut",
    [
        Cut(Direction.TO_SERVER, 60),
        Cut(Direction.TO_CLIENT, 0),
        Cut(Direction.TO_CLIENT, 40),
        Cut(Direction.TO_CLIENT, 40, end=End.CLOSE),
        Cut(Direction.TO_CLIENT, 40, end=End.SILENCE),
    ],
    ids=["in the request", "before the answer", "in the answer", "closed in the answer", "silent"],
)
def test_a_mutation_whose_connection_is_cut_is_not_sent_again(
    wired: WiredStack, graph: Graph, cut: Cut
) -> None:
    """The client is told that the outcome is unknown, and the change is there once at most."""
    customer_id = followed_customer(wired, graph)
    before = len((graph.customer(customer_id) or {})["debts"])
    proxy = wired.link("gateway", "customer")
    cuts = proxy.cuts
    proxy.arm(cut)
    answer = graph.send("addDebt", {"customerId": customer_id, "debt": debt(amount="10.00")})
    assert proxy.cuts == cuts + 1
    (error,) = answer.body["errors"]
    assert error["extensions"]["code"] in _FETCH_CODES
    assert "unknown" in error["message"]
    eventually("the answer is whole again", lambda: is_whole(wired, customer_id))
    debts = len((graph.customer(customer_id) or {})["debts"]) - before
    assert debts == (0 if cut.direction is Direction.TO_SERVER else 1)


@every_fault
@pytest.mark.parametrize(
    "link", [link for link in LINKS if link[0] in ("relay", "router", "rating")], ids="-".join
)
def test_changes_made_while_a_link_is_bad_arrive_once(
    wired: WiredStack, graph: Graph, link: Link, fault: Fault
) -> None:
    """Clients are not concerned, readiness tells where it depends on the link, and all arrives once."""
    customer_id = graph.register()
    events = [graph.purchase(customer_id)["receipt"]["eventId"]]
    graph.followed(customer_id, 1)
    client = link[0]
    with wired.link(*link).suffering(fault):
        retried = wired.metric("router", "router_retried_messages_total")
        events += change(graph, customer_id)
        if link in NOT_READY:
            eventually(f"{client} is not ready", lambda: wired.health(client, "ready") == 503)
        else:
            eventually(
                "the router has failed to deliver",
                lambda: wired.metric("router", "router_retried_messages_total") > retried,
            )
        assert wired.health(client, "live") == 200
    eventually(f"{client} is ready", lambda: wired.health(client, "ready") == 200)
    assert_all_arrived_once(wired, graph, customer_id, events)


@pytest.mark.parametrize("after", [0, 40])
@pytest.mark.parametrize(
    "link", [link for link in LINKS if link[0] in ("relay", "router", "rating")], ids="-".join
)
def test_answers_that_are_cut_double_nothing(wired: WiredStack, graph: Graph, link: Link, after: int) -> None:
    """What was done and not heard of is done again, and has no second effect."""
    customer_id = graph.register()
    events = [graph.purchase(customer_id)["receipt"]["eventId"]]
    graph.followed(customer_id, 1)
    proxy = wired.link(*link)
    for _ in range(3):
        proxy.arm(Cut(Direction.TO_CLIENT, after))
        events += change(graph, customer_id)
        eventually("the cut is made", lambda: not proxy.armed)
    assert_all_arrived_once(wired, graph, customer_id, events)


@every_fault
def test_a_store_that_is_cut_off_fails_fast_and_the_pool_heals(
    wired: WiredStack, graph: Graph, fault: Fault
) -> None:
    """Reads are errors, the subgraph is alive and not ready; then reads succeed, and nothing was written."""
    customer_id = followed_customer(wired, graph)
    debts = len((graph.customer(customer_id) or {})["debts"])
    with wired.link("customer", "postgres").suffering(fault):
        answer = read(wired, customer_id)
        assert answer.codes, answer.body
        refused = graph.send("addDebt", {"customerId": customer_id, "debt": debt(amount="10.00")})
        assert refused.codes, refused.body
        eventually("not ready", lambda: wired.health("customer", "ready") == 503)
        assert wired.health("customer", "live") == 200
    eventually("ready", lambda: wired.health("customer", "ready") == 200)
    eventually("the answer is whole again", lambda: is_whole(wired, customer_id))
    assert len((graph.customer(customer_id) or {})["debts"]) == debts
