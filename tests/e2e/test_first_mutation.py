"""One mutation all the way: gateway, PostgreSQL, outbox, relay, SQS, router, both copies, one answer."""

from __future__ import annotations

from devstack.probe import fetch
from tests.kit.brazil import debt, income
from tests.kit.graph import EVERYTHING, Graph
from tests.kit.stack import PROCESSES, Stack
from tests.kit.waiting import eventually


def test_a_registered_customer_is_answered_out_of_three_databases(stack: Stack) -> None:
    """Profile, rating and activity of one customer come in one answer, and agree with each other."""
    graph = Graph(stack)
    customer_id = graph.register(debts=[debt(amount="12600.00")], incomes=[income(monthlyAmount="4200.00")])
    graph.purchase(customer_id, merchant="Padaria Mandacaru")
    graph.mutate(
        "recordBureauQuery",
        customerId=customer_id,
        bureau="Serasa Experian",
        reason="financiamento",
        occurredAt="2026-02-01T09:00:00-03:00",
    )
    customer = graph.followed(customer_id, events=2)
    assert (customer["totalDebt"], customer["monthlyIncome"]) == ("12600.00", "4200.00")
    assert customer["debtToIncome"] == 0.25  # 12,600 over twelve months of 4,200
    assert 0 <= customer["rating"]["score"] <= 1000
    assert customer["rating"]["factors"] != []
    assert customer["lastCardPurchase"]["merchant"] == "Padaria Mandacaru"
    assert customer["lastBureauQuery"]["bureau"] == "Serasa Experian"


def test_the_copies_follow_every_change(stack: Stack) -> None:
    """After each mutation of the profile the rating arrives at that very version."""
    graph = Graph(stack)
    customer_id = graph.register()
    first = graph.followed(customer_id)
    graph.mutate("addDebt", customerId=customer_id, debt=debt(amount="90000.00"))
    second = graph.followed(customer_id)
    assert second["version"] == first["version"] + 1
    assert second["rating"]["score"] < first["rating"]["score"]


def test_a_receipt_names_what_was_put_on_the_queues(stack: Stack) -> None:
    """A mutation's receipt has the event's id, the customer's version and the targets that hear of it."""
    graph = Graph(stack)
    customer_id = graph.register()
    receipt = graph.mutate("addDebt", customerId=customer_id, debt=debt())["receipt"]
    assert (receipt["customerId"], receipt["version"], receipt["targets"]) == (customer_id, 2, ["rating"])
    receipt = graph.purchase(customer_id)["receipt"]
    assert (receipt["customerId"], receipt["targets"]) == (customer_id, ["activity"])
    customer = graph.followed(customer_id, events=1)
    assert [event["id"] for event in customer["activity"]["nodes"]] == [receipt["eventId"]]


def test_erasure_reaches_every_database(stack: Stack) -> None:
    """After `eraseCustomer` neither profile nor rating nor activity of that person is left."""
    graph = Graph(stack)
    customer_id = graph.register()
    graph.purchase(customer_id)
    graph.followed(customer_id, events=1)
    erased = graph.mutate("eraseCustomer", customerId=customer_id, reason="pedido do titular")
    assert sorted(erased["receipt"]["targets"]) == ["activity", "rating"]
    assert graph.customer(customer_id) is None
    feed = "query Feed { activityFeed(first: 100) { nodes { customer { id } } } }"
    features = "query Features { featureSet(first: 500) { nodes { customerId } } }"

    def is_forgotten() -> bool:
        events = stack.ask(feed, scopes=EVERYTHING).data["activityFeed"]["nodes"]
        rows = stack.ask(features, scopes=EVERYTHING).data["featureSet"]["nodes"]
        seen = {event["customer"]["id"] for event in events} | {row["customerId"] for row in rows}
        return customer_id not in seen

    eventually("every copy has forgotten the customer", is_forgotten)
    assert graph.user_errors("addDebt", customerId=customer_id, debt=debt()) == ["ERASED"]


def test_one_id_finds_a_mutation_in_every_log(stack: Stack) -> None:
    """Trace and request id of a mutation are in the log of gateway, customer, relay, router and rating."""
    graph = Graph(stack)
    customer_id = graph.register()
    trace_id = "5b8aa5a2d2c872e8321cf37308d69df2"
    answer = graph.send(
        "addDebt",
        {"customerId": customer_id, "debt": debt()},
        traceparent=f"00-{trace_id}-51b9a8b1f7c2d3e4-01",
        **{"x-request-id": "checkout-4711"},
    )
    assert answer.headers["x-request-id"] == "checkout-4711"
    graph.followed(customer_id)
    for name in ("gateway", "customer", "relay", "router", "rating"):
        lines = [line for line in stack.log_lines(name) if line.get("trace_id") == trace_id]
        assert any(line["request_id"] == "checkout-4711" for line in lines), name


def test_every_process_tells_its_health_and_metrics(stack: Stack) -> None:
    """Liveness, readiness and Prometheus metrics are on every process of ours."""
    for process in stack.status():
        if process["name"] in PROCESSES:
            assert process["state"] == "ready"
            for path in ("/health", "/health/live", "/health/ready", "/readiness", "/metrics"):
                assert fetch(process["port"], path)[0] == 200, (process["name"], path)
