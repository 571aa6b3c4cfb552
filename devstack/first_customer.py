"""`python -m devstack.first_customer URL`: one made-up customer, and the walk-through's answer about her.

For docker-compose.yml: needs only what the router's image has. Safe to repeat.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from devstack.client import GraphQLClient, RequestFailed
from devstack.clock import today
from devstack.walkthrough import ask_until_followed

__all__ = ["main"]

#: Valid by its check digits, and nobody's: the CPF of a person who does not exist.
CPF: Final = "529.982.247-25"
_REGISTER = """
mutation Register($input: RegisterCustomerInput!) {
  registerCustomer(input: $input) { customer { id } userErrors { code message path } }
}
"""
_ACTIVITY = """
mutation Activity(
  $query: RecordBureauQueryInput!, $salary: RecordMovementInput!, $purchase: RecordCardPurchaseInput!
) {
  query: recordBureauQuery(input: $query) { userErrors { code message path } }
  salary: recordMovement(input: $salary) { userErrors { code message path } }
  purchase: recordCardPurchase(input: $purchase) { userErrors { code message path } }
}
"""
_BY_CPF = "query ByCpf($cpf: String!) { customerByCpf(cpf: $cpf) { id } }"


async def register(client: GraphQLClient, token: str, day: date) -> str:
    """Her id; she and her activity are there once, however often this is called."""
    payload = (await client.data(_REGISTER, {"input": _registration(day)}, token))["registerCustomer"]
    codes = [error["code"] for error in payload["userErrors"]]
    if codes == ["DUPLICATE_CPF"]:  # on another day: her activity is there, too
        found = (await client.data(_BY_CPF, {"cpf": CPF}, token))["customerByCpf"]
        return str(found["id"])
    customer_id = str(_accepted(payload)["customer"]["id"])
    for answer in (await client.data(_ACTIVITY, _activity(customer_id, day), token)).values():
        _accepted(answer)
    return customer_id


def _registration(day: date) -> dict[str, Any]:
    def ago(days: int) -> str:
        return (day - timedelta(days=days)).isoformat()

    debt = {"amount": "5951.00", "contractedOn": ago(200), "dueOn": ago(-500)}
    return {
        "name": "Iracema Pequi da Serra",
        "cpf": CPF,
        "birthDate": "1990-05-17",
        "email": "iracema@example.org",
        "debts": [{"creditor": "Banco Araucária", **debt}],
        "assets": [{"kind": "VEHICLE", "description": "Bicicleta elétrica", "value": "4200.00"}],
        "incomes": [
            {
                "kind": "SALARY",
                "source": "Livraria Buriti",
                "monthlyAmount": "4800.00",
                "startedOn": ago(900),
            }
        ],
        "idempotencyKey": f"first-customer/{day.isoformat()}/register",
    }


def _activity(customer_id: str, day: date) -> dict[str, dict[str, Any]]:
    events = {
        "query": {"bureau": "SPC Brasil", "reason": "análise de crédito"},
        "salary": {"amount": "4800.00", "direction": "CREDIT", "description": "Salário"},
        "purchase": {"amount": "27.19", "merchant": "Pet Shop Tamanduá", "cardLast4": "4321"},
    }
    return {
        name: {
            **fields,
            "customerId": customer_id,
            "occurredAt": f"{day - timedelta(days=9 - position)}T12:00:00Z",
            "idempotencyKey": f"first-customer/{day.isoformat()}/{name}",
        }
        for position, (name, fields) in enumerate(events.items())
    }


def _accepted(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    if payload["userErrors"]:
        raise RequestFailed(f"refused: {payload['userErrors'][0]}")
    return payload


async def _demonstrate(url: str, token: str, query: Path) -> dict[str, Any]:
    async with GraphQLClient(url) as client:
        customer_id = await register(client, token, today())
    return await ask_until_followed(url, customer_id, token, query)


def main(arguments: Sequence[str]) -> int:
    """Register, wait for the copies, print the answer; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devstack.first_customer", description=__doc__)
    parser.add_argument("url", help="The gateway's GraphQL endpoint.")
    parser.add_argument("--token", type=Path, required=True, help="File with a clerk's token.")
    parser.add_argument("--query", type=Path, required=True, help="File with the walk-through query.")
    options = parser.parse_args(arguments)
    token = options.token.read_text(encoding="ascii").strip()
    try:
        answer = asyncio.run(_demonstrate(options.url, token, options.query))
    except RequestFailed as failure:
        sys.stderr.write(f"the walk-through failed: {failure}\n")
        return 1
    sys.stdout.write(json.dumps({"data": answer}, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
