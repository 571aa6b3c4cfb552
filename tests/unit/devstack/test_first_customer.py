"""The first customer of docker-compose.yml; that she is answered about is test_compose_run's."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

from devstack import first_customer
from devstack.first_customer import CPF

ROOT = Path(__file__).resolve().parents[3]
DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def api() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "api.graphql").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (first_customer._REGISTER, {"input": first_customer._registration(DAY)}),
        (first_customer._ACTIVITY, first_customer._activity("c-1", DAY)),
        (first_customer._BY_CPF, {"cpf": CPF}),
    ],
)
def test_the_graph_takes_what_is_sent(api: GraphQLSchema, document: str, variables: dict[str, Any]) -> None:
    """Every document is valid in the API schema, and so are its variables."""
    parsed = parse(document)
    assert validate(api, parsed) == []
    [operation] = parsed.definitions
    assert isinstance(operation, OperationDefinitionNode)
    values = get_variable_values(api, operation.variable_definitions or (), variables)
    problems = [str(problem) for problem in values] if isinstance(values, list) else []
    assert problems == []


def test_a_repeated_day_repeats_the_keys() -> None:
    """What is sent twice has one effect; two activities never share a key."""
    keys = [fields["idempotencyKey"] for fields in first_customer._activity("c-1", DAY).values()]
    assert len(set(keys)) == 3
    assert first_customer._activity("c-1", DAY) == first_customer._activity("c-1", DAY)
    assert first_customer._registration(DAY) == first_customer._registration(DAY)
