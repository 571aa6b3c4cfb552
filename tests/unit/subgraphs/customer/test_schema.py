"""The exported SDL."""

from __future__ import annotations

from pathlib import Path

from subgraphs.customer.schema import schema
from subgraphs.edge import sdl
from tests.kit.contract import assert_honours

_TESTS = Path(__file__).parents[3]


def test_the_schema_honours_the_contract() -> None:
    """Names, arguments, nullability, defaults and directives are those of the contract."""
    contract = (_TESTS / "contract" / "customer.graphql").read_text(encoding="utf-8")
    assert_honours(contract, sdl.export(schema))


def test_every_root_field_is_guarded() -> None:
    """No query and no mutation is open to an anonymous caller."""
    exported = sdl.export(schema)
    for root in ("type Query", "type Mutation"):
        block = exported[exported.index(root) :]
        fields = [
            line for line in block[: block.index("\n}")].splitlines()[1:] if "(" in line or ": " in line
        ]
        signatures = [line for line in fields if not line.strip().startswith('"')]
        assert signatures
        for line in signatures:
            if ")" in line or line.strip().startswith("pipeline"):
                assert "@authenticated" in line or "@requiresScopes" in line, line
