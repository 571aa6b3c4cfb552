"""A mutation that two subgraphs could run, each with a part of the payload: it must run once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation

__all__ = ["WORLDS"]

_journal: list[str] = []


def _opened_by(name: str) -> Callable[[Any, dict[str, Any]], dict[str, Any]]:
    def resolve(_: Any, arguments: dict[str, Any]) -> dict[str, Any]:
        _journal.append(f"open {arguments['cpf']} in {name}")
        return {"__typename": "Account", "id": arguments["cpf"]}

    return resolve


_SHARED = Federation(
    [
        fed2(
            "branch",
            """
            type Query { ready: Boolean @shareable }
            type Mutation { open(cpf: ID!): Account @shareable }
            type Account @key(fields: "id") { id: ID! manager: String }
            """,
            {
                "Mutation": {"open": _opened_by("branch")},
                "Account": [{"id": "123", "manager": "Ana"}],
            },
        ),
        fed2(
            "ledger",
            """
            type Query { ready: Boolean @shareable }
            type Mutation { open(cpf: ID!): Account @shareable }
            type Account @key(fields: "id") { id: ID! balance: Int }
            """,
            {
                "Mutation": {"open": _opened_by("ledger")},
                "Account": [{"id": "123", "balance": 0}],
            },
        ),
    ]
)

WORLDS = (
    World(
        "mutations-shared",
        _SHARED,
        (
            Case(
                "the payload's parts come by its key, not by a second call",
                'mutation { open(cpf: "123") { manager balance } }',
                {"open": {"manager": "Ana", "balance": 0}},
                journal=("open 123 in branch",),
            ),
            Case(
                "the subgraph that has all of the payload runs it",
                'mutation { open(cpf: "123") { balance } }',
                {"open": {"balance": 0}},
                journal=("open 123 in ledger",),
            ),
        ),
        _journal,
    ),
)
