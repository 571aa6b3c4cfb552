"""The graph's operations, as tests use them: one call each, through the gateway."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from tests.kit.brazil import registration
from tests.kit.stack import Answer, Stack
from tests.kit.waiting import eventually

__all__ = ["EVERYTHING", "INPUTS", "Graph"]

#: Scopes of a test that looks at everything.
EVERYTHING = "graph:write customer:pii customer:erase ml:read ops:read"

INPUTS = {
    "registerCustomer": "RegisterCustomerInput",
    "updateCustomer": "UpdateCustomerInput",
    "addDebt": "AddDebtInput",
    "settleDebt": "SettleDebtInput",
    "addAsset": "AddAssetInput",
    "removeAsset": "RemoveAssetInput",
    "addIncome": "AddIncomeInput",
    "endIncome": "EndIncomeInput",
    "recordCardPurchase": "RecordCardPurchaseInput",
    "recordBureauQuery": "RecordBureauQueryInput",
    "recordMovement": "RecordMovementInput",
    "eraseCustomer": "EraseCustomerInput",
}
_SELECTIONS = {
    "registerCustomer": "customer { id version debts { id } }",
    "recordCardPurchase": "",
    "recordBureauQuery": "",
    "recordMovement": "",
    "eraseCustomer": "customerId",
}
_CUSTOMER = """
query Whole($id: ID!) {
  customer(id: $id) {
    id version name maskedCpf totalDebt monthlyIncome debtToIncome
    debts { id creditor amount status }
    rating { score band sourceVersion factors { points } }
    lastBureauQuery { bureau }
    lastCardPurchase { merchant amount }
    activity(first: 100) { totalCount nodes { id kind occurredAt } }
  }
}
"""


@dataclass(frozen=True)
class Graph:
    """Speaks to the gateway of one stack."""

    stack: Stack

    def send(self, mutation: str, fields: dict[str, Any], scopes: str = EVERYTHING, **headers: str) -> Answer:
        """One mutation with this input; the answer as it is."""
        selection = _SELECTIONS.get(mutation, "customer { id version }")
        document = (
            f"mutation M($input: {INPUTS[mutation]}!) {{ {mutation}(input: $input) {{ {selection} "
            "receipt { eventId customerId version targets acceptedAt } userErrors { code message path } } }"
        )
        return self.stack.ask(document, {"input": fields}, scopes, headers)

    def mutate(self, mutation: str, **fields: Any) -> dict[str, Any]:
        """One mutation that must be accepted; its payload."""
        payload: dict[str, Any] = self.send(mutation, fields).data[mutation]
        assert payload["userErrors"] == []
        return payload

    def user_errors(self, mutation: str, **fields: Any) -> list[str]:
        """One mutation that is answered without system errors; the codes of its user errors."""
        return [error["code"] for error in self.send(mutation, fields).data[mutation]["userErrors"]]

    def register(self, **changes: Any) -> str:
        """A new customer's id."""
        customer_id: str = self.mutate("registerCustomer", **registration(**changes))["customer"]["id"]
        return customer_id

    def purchase(self, customer_id: str, **changes: Any) -> dict[str, Any]:
        """Record a card purchase."""
        fields = {
            "amount": "45.90",
            "merchant": "Livraria Buriti",
            "category": "livros",
            "cardLast4": "1234",
            "occurredAt": "2026-03-02T14:30:00-03:00",
            "idempotencyKey": str(uuid.uuid4()),
        }
        return self.mutate("recordCardPurchase", customerId=customer_id, **{**fields, **changes})

    def customer(self, customer_id: str) -> dict[str, Any] | None:
        """The whole customer, out of all three databases; null when it is not there."""
        found: dict[str, Any] | None = self.stack.ask(_CUSTOMER, {"id": customer_id}, EVERYTHING).data[
            "customer"
        ]
        return found

    def followed(self, customer_id: str, events: int = 0) -> dict[str, Any]:
        """The customer once the rating is at its version and that many events have arrived."""

        def read() -> dict[str, Any] | None:
            customer = self.customer(customer_id)
            if customer is None or customer["rating"] is None:
                return None
            level = customer["rating"]["sourceVersion"] == customer["version"]
            return customer if level and customer["activity"]["totalCount"] >= events else None

        return eventually("rating and activity have followed", read, 90)
